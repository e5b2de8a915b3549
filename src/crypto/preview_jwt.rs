//! Preview tokens: JSON Web Tokens that name a preview link, signed as access tokens are, and never taken for one.

use chrono::DateTime;
use entity::Instant;
use sea_orm::prelude::Uuid;
use serde::{Deserialize, Serialize};

use super::{
    Secret,
    jwt::{ISSUER, Key},
};
use crate::error::Result;

const AUDIENCE: &str = "kindling-preview";
/// Which kind of JSON Web Token it is.
pub const KIND: &str = "preview+jwt";

/// What a token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PreviewClaims {
    /// The preview link, which knows everything else.
    pub link: Uuid,
    /// When the token was made.
    pub issued_at: Instant,
    /// From when on it does not hold, to the second.
    pub expires_at: Instant,
}

/// The claims on the wire. Each is required, and times are whole seconds.
#[derive(Clone, Serialize, Deserialize)]
struct Wire {
    iss: String,
    aud: String,
    sub: Uuid,
    iat: i64,
    exp: i64,
}

impl PreviewClaims {
    /// A token that says this, signed with the key.
    pub fn sign(&self, key: &Key) -> Result<Secret> {
        let wire = Wire {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: self.link,
            iat: self.issued_at.timestamp(),
            exp: self.expires_at.timestamp(),
        };
        key.encoded(KIND, &wire)
    }

    /// What a token of the key says; nothing if it is not whole, not ours, or not valid any more.
    pub fn verify(key: &Key, token: &Secret, now: Instant) -> Option<Self> {
        let wire: Wire = key.decoded(token, AUDIENCE)?;
        let claims = Self {
            link: wire.sub,
            issued_at: DateTime::from_timestamp(wire.iat, 0)?,
            expires_at: DateTime::from_timestamp(wire.exp, 0)?,
        };
        (claims.expires_at > now).then_some(claims)
    }
}
