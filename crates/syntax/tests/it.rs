//! Tests of the front ends: small sources in, the dumped tree out.

mod javascript;
