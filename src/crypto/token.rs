//! Random tokens, of which only the hash is kept.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use super::Secret;
use crate::{error::Result, id};

/// A token of 256 random bits. Its prefix says what it is for, so that a leaked one can be told by its looks.
pub fn new(prefix: &str) -> Result<Secret> {
    let bits = URL_SAFE_NO_PAD.encode(id::bytes::<32>()?);
    Ok(Secret::new(format!("{prefix}{bits}")))
}

/// A password of 144 random bits, for an account whose owner has not chosen one.
pub fn password() -> Result<Secret> {
    Ok(Secret::new(URL_SAFE_NO_PAD.encode(id::bytes::<18>()?)))
}

/// What is kept of a token, and looked up by. A fast hash does, as nobody can try 256 bits.
pub fn digest(token: &Secret) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(token.expose()))
}
