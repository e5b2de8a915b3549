//! Mail: what it says, how it waits, and the way to the server that takes it. It knows no account and no request.

mod letter;
mod outbox;
mod smtp;
pub mod words;

pub use self::{letter::Letter, outbox::Outbox};
