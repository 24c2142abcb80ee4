//! See `plimsoll_hostile::osv`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| plimsoll_hostile::osv(data));
