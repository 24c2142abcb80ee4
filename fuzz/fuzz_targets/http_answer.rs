//! See `plimsoll_hostile::http_answer`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| plimsoll_hostile::http_answer(data));
