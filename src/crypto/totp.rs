//! Codes of authenticator apps: six digits, which a secret and the half minute make (RFC 6238).

use entity::Instant;
use totp_rs::Builder;

use super::Secret;
use crate::{
    error::{Error, Result},
    id,
};

/// Bytes of a secret, as many as SHA-1 gives.
const SECRET_BYTES: usize = 20;
const DIGITS: usize = 6;
const STEP_SECONDS: i64 = 30;

/// A new secret, in base32.
pub fn new_secret() -> Result<Secret> {
    let bytes = totp_rs::Secret::new_stack(id::bytes::<SECRET_BYTES>()?);
    Ok(Secret::new(bytes.to_base32()))
}

/// What an authenticator app takes as a link, or reads from a QR code.
pub fn uri(secret: &Secret, issuer: &str, account: &str) -> Result<Secret> {
    let totp = builder(secret)?
        .with_issuer(Some(issuer))
        .with_account_name(account)
        .build();
    let uri = totp.and_then(|totp| totp.to_url());
    uri.map(Secret::new).map_err(Error::internal)
}

/// The step of time that the code belongs to: the present one, the one before or the one after; none if to none of them.
pub fn step(secret: &Secret, code: &Secret, now: Instant) -> Result<Option<i64>> {
    let code: String = code.expose().split_whitespace().collect();
    if code.len() != DIGITS || !code.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(None);
    }
    let totp = builder(secret)?.build().map_err(Error::internal)?;
    let seconds = u64::try_from(now.timestamp()).map_err(Error::internal)?;
    let step = totp.check(&code, seconds).map(i64::try_from);
    step.transpose().map_err(Error::internal)
}

/// The last step of time whose code is taken at this moment.
pub fn last_step(now: Instant) -> i64 {
    now.timestamp() / STEP_SECONDS + 1
}

/// SHA-1, six digits, 30 seconds, one step more to both sides: what all apps take.
fn builder(secret: &Secret) -> Result<Builder> {
    let secret = totp_rs::Secret::try_from_base32(secret.expose());
    let secret = secret.map_err(|_| Error::internal("a secret of an authenticator is damaged"))?;
    Ok(Builder::new().with_secret(secret))
}

#[cfg(test)]
mod tests {
    use super::{Secret, new_secret, step, uri};

    /// The secret of the RFC's tables.
    const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

    #[test]
    fn a_code_holds_in_its_step_and_beside_it() {
        let at = |seconds: i64| chrono::DateTime::from_timestamp(seconds, 0).expect("a moment");
        let found = |code: &str, seconds| {
            step(&Secret::new(SECRET), &Secret::new(code), at(seconds)).expect("an answer")
        };
        // RFC 6238, appendix B, the last six digits.
        for (seconds, code) in [(1_111_111_109, "081804"), (20_000_000_000, "353130")] {
            let own = seconds / 30;
            assert_eq!(found(code, seconds), Some(own));
            assert_eq!(found(code, (own - 1) * 30), Some(own));
            assert_eq!(found(code, (own + 2) * 30 - 1), Some(own));
            assert_eq!(found(code, (own + 2) * 30), None);
            assert_eq!(found(code, (own - 1) * 30 - 1), None);
        }
        assert_eq!(found(" 287 082\n", 59), Some(1));
        for code in [
            "",
            "28708",
            "2870820",
            "28708x",
            "２８７０８２",
            "+87082",
            "94287082",
        ] {
            assert_eq!(found(code, 59), None, "{code}");
        }
    }

    #[test]
    fn apps_read_the_uri() {
        let uri = uri(&Secret::new(SECRET), "cms.example.org", "ann@example.org");
        assert_eq!(
            uri.expect("a uri").expose(),
            format!(
                "otpauth://totp/cms.example.org:ann%40example.org?secret={SECRET}&issuer=cms.example.org"
            )
        );
        let secrets = [
            new_secret().expect("a secret"),
            new_secret().expect("another"),
        ];
        assert_ne!(secrets[0], secrets[1]);
        assert_eq!(secrets[0].expose().len(), 32);
    }
}
