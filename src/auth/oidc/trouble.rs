//! What goes wrong with providers, in our own words: theirs can repeat whatever they were told, and the log keeps them.

use openidconnect::{
    ClaimsVerificationError, SignatureVerificationError, core::CoreErrorResponseType,
};

/// What went wrong with a provider, in words that hold nothing secret.
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum Trouble {
    /// It did not do its part.
    #[error("{0}")]
    Failed(String),
    /// It has signed with a key that it had not told of.
    #[error("the ID token is signed with an unknown key")]
    UnknownKey,
}

impl Trouble {
    pub(super) fn new(what: &str, cause: impl std::fmt::Display) -> Self {
        Self::Failed(format!("{what}: {cause}"))
    }
}

/// Why a provider gives no tokens, in words that are not its own.
pub(super) fn refusal(error: &CoreErrorResponseType) -> &str {
    match error {
        CoreErrorResponseType::Extension(_) => "it is refused for a reason that is unknown here",
        known => known.as_ref(),
    }
}

/// What is wrong with an ID token. The texts of these errors quote it.
pub(super) fn wrong_in_claims(error: &ClaimsVerificationError) -> &'static str {
    match error {
        ClaimsVerificationError::Expired(_) => "it has expired",
        ClaimsVerificationError::InvalidAudience(_) => "it is for another client",
        ClaimsVerificationError::InvalidIssuer(_) => "it is from another issuer",
        ClaimsVerificationError::InvalidNonce(_) => "it answers another request",
        ClaimsVerificationError::InvalidSubject(_) => "its subject is invalid",
        ClaimsVerificationError::SignatureVerification(error) => match error {
            SignatureVerificationError::DisallowedAlg(_)
            | SignatureVerificationError::UnsupportedAlg(_) => "its algorithm is not allowed",
            SignatureVerificationError::NoSignature => "it is not signed",
            SignatureVerificationError::AmbiguousKeyId(_) => "it fits several keys",
            _ => "its signature is wrong",
        },
        _ => "its claims are malformed",
    }
}
