//! See `plimsoll_hostile::sql`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| plimsoll_hostile::sql(data));
