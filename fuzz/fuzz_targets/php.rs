//! See `plimsoll_hostile::php`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| plimsoll_hostile::php(data));
