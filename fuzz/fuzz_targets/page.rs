//! See `plimsoll_hostile::page`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| plimsoll_hostile::page(data));
