//! Passwords and tokens as numbers: hashing, signing, and what nobody can guess. It knows no account and no request.

pub mod jwt;
pub mod keys;
pub mod password;
pub mod token;

pub use entity::secret::Secret;
