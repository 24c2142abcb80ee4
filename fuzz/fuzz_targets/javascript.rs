//! See `plimsoll_hostile::javascript`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| plimsoll_hostile::javascript(data));
