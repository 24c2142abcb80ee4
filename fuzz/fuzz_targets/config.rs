//! See `plimsoll_hostile::config`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| plimsoll_hostile::config(data));
