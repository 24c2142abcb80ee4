//! Every output of a review, held to its contract.

mod cyclonedx;
mod html;
mod json;
mod markdown;
mod picture;
mod plan;
mod safety;
mod sample;
mod sarif;
mod schema;
mod terminal;
