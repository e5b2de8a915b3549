//! Access tokens: JSON Web Tokens that say which session of which account they belong to, signed with Ed25519.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::DateTime;
use ed25519_dalek::{SigningKey, pkcs8::EncodePrivateKey};
use entity::Instant;
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode,
};
use sea_orm::prelude::Uuid;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::Secret;
use crate::error::{Error, Result};

/// Who makes the tokens, and for whom: Kindling for itself.
pub(super) const ISSUER: &str = "kindling";
const AUDIENCE: &str = "kindling";
/// Which kind of JSON Web Token it is, as RFC 9068 names it, so that no other kind passes for it.
pub const KIND: &str = "at+jwt";

/// What a token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claims {
    /// The account that is signed in.
    pub account: Uuid,
    /// Its session.
    pub session: Uuid,
    /// The token itself.
    pub token: Uuid,
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
    sid: Uuid,
    jti: Uuid,
    iat: i64,
    exp: i64,
}

/// A key pair that signs and verifies.
#[derive(Clone)]
pub struct Key {
    id: String,
    signing: EncodingKey,
    verifying: DecodingKey,
    /// The 32 bytes of the public key, in base64url.
    public: String,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.id)
    }
}

impl Key {
    /// The key with this id, of a private key as it is stored.
    pub fn new(id: String, private_key: &Secret) -> Result<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(private_key.expose());
        let bytes = bytes.ok().and_then(|bytes| bytes.try_into().ok());
        let bytes = bytes.ok_or_else(|| Error::internal("a signing key is damaged"))?;
        let key = SigningKey::from_bytes(&bytes);
        let document = key.to_pkcs8_der().map_err(Error::internal)?;
        Ok(Self {
            id,
            signing: EncodingKey::from_ed_der(document.as_bytes()),
            verifying: DecodingKey::from_ed_der(key.verifying_key().as_bytes()),
            public: URL_SAFE_NO_PAD.encode(key.verifying_key().as_bytes()),
        })
    }

    /// The public key as a JSON Web Key (RFC 8037).
    pub fn public(&self) -> serde_json::Value {
        serde_json::json!({
            "kty": "OKP", "crv": "Ed25519", "x": self.public, "kid": self.id, "alg": "EdDSA", "use": "sig",
        })
    }

    /// The id that tokens name it by.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// A token that says this.
    pub fn sign(&self, claims: &Claims) -> Result<Secret> {
        let wire = Wire {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: claims.account,
            sid: claims.session,
            jti: claims.token,
            iat: claims.issued_at.timestamp(),
            exp: claims.expires_at.timestamp(),
        };
        self.encoded(KIND, &wire)
    }

    /// What a token of this key says; nothing if it is not whole, not ours, or not valid any more.
    pub fn verify(&self, token: &Secret, now: Instant) -> Option<Claims> {
        let wire: Wire = self.decoded(token, AUDIENCE)?;
        let claims = Claims {
            account: wire.sub,
            session: wire.sid,
            token: wire.jti,
            issued_at: DateTime::from_timestamp(wire.iat, 0)?,
            expires_at: DateTime::from_timestamp(wire.exp, 0)?,
        };
        (claims.expires_at > now).then_some(claims)
    }

    /// A token of a kind, with these claims.
    pub(super) fn encoded(&self, kind: &str, wire: &impl Serialize) -> Result<Secret> {
        let header = Header {
            typ: Some(kind.to_owned()),
            kid: Some(self.id.clone()),
            ..Header::new(Algorithm::EdDSA)
        };
        let token = encode(&header, wire, &self.signing).map_err(Error::internal)?;
        Ok(Secret::new(token))
    }

    /// The claims of a token of this key, for this audience. When it ends is not looked at.
    pub(super) fn decoded<W: DeserializeOwned + Clone>(
        &self,
        token: &Secret,
        audience: &str,
    ) -> Option<W> {
        let token = decode::<W>(token.expose(), &self.verifying, &validation(audience));
        Some(token.ok()?.claims)
    }
}

/// What the library checks. It would take the machine's time for `exp`, so we compare that ourselves.
fn validation(audience: &str) -> Validation {
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[audience]);
    validation.leeway = 0;
    validation.validate_exp = false;
    validation
}

/// The id of the key that a token says it was signed with; nothing if it is no token of this kind. Nothing is verified.
pub fn key_id(token: &Secret, kind: &str) -> Option<String> {
    let header = decode_header(token.expose()).ok()?;
    let ours = header.alg == Algorithm::EdDSA
        && header.typ.as_deref() == Some(kind)
        && header.crit.is_none();
    header.kid.filter(|_| ours)
}
