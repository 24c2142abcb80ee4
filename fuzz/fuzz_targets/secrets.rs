//! See `plimsoll_hostile::secrets`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| plimsoll_hostile::secrets(data));
