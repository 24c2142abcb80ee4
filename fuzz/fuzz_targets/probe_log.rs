//! See `plimsoll_hostile::probe_log`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| plimsoll_hostile::probe_log(data));
