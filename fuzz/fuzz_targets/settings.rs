//! See `plimsoll_hostile::settings`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| plimsoll_hostile::settings(data));
