//! Every output of a review, held to its contract.

mod json;
mod safety;
mod sample;
mod sarif;
mod schema;
mod terminal;
