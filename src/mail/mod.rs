//! Mail: what it says, and the way to the server that takes it. It knows no account and no request.

mod letter;
mod smtp;
pub mod words;

pub use self::{
    letter::Letter,
    smtp::{Content, Failure, Server},
};
