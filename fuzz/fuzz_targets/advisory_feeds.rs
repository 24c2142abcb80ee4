//! See `plimsoll_hostile::advisory_feeds`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| plimsoll_hostile::advisory_feeds(data));
