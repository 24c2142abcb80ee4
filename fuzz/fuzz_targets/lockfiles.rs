//! See `plimsoll_hostile::lockfiles`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| plimsoll_hostile::lockfiles(data));
