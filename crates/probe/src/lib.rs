//! The live witness: safe requests to a running app on loopback.
