//! See `plimsoll_hostile::python`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| plimsoll_hostile::python(data));
