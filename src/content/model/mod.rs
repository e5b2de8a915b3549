//! What a field is, and what a content type is.

pub mod column;
pub mod field;
pub mod format;
pub mod group;
pub mod target;
pub mod types;
