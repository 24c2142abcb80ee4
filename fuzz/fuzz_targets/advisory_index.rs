//! See `plimsoll_hostile::advisory_index`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| plimsoll_hostile::advisory_index(data));
