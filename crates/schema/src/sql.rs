//! SQL: tokens, expressions, statements, and their replay into a final schema.

pub(crate) mod body;
pub(crate) mod effect;
pub(crate) mod expr;
pub(crate) mod files;
pub(crate) mod lex;
pub(crate) mod openness;
pub(crate) mod replay;
pub(crate) mod stmt;
