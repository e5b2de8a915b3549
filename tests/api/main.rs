//! The behaviour of Kindling, seen through its API, on both engines.

mod support;

mod milestone;
