//! Recovery codes: random, written down by people, and kept as hashes.

use base32::Alphabet;

use super::{Secret, token};
use crate::{error::Result, id};

/// 80 random bits: too many to be tried, hashed fast or not.
const BYTES: usize = 10;
const GROUP: usize = 4;

/// A new code, such as `k3qa-77xy-…`.
pub fn new() -> Result<Secret> {
    let text = base32::encode(Alphabet::Rfc4648 { padding: false }, &id::bytes::<BYTES>()?);
    let groups: Vec<&str> = text
        .as_bytes()
        .chunks(GROUP)
        .filter_map(|group| std::str::from_utf8(group).ok())
        .collect();
    Ok(Secret::new(groups.join("-").to_lowercase()))
}

/// What is kept of a code; case, spaces and hyphens do not count.
pub fn digest(code: &Secret) -> String {
    let letters = code.expose().chars().filter(char::is_ascii_alphanumeric);
    let plain: String = letters.map(|letter| letter.to_ascii_lowercase()).collect();
    token::digest(&Secret::new(plain))
}

#[cfg(test)]
mod tests {
    use super::{Secret, digest, new};

    #[test]
    fn a_code_is_known_however_it_is_typed() {
        let code = new().expect("a code");
        assert_eq!(code.expose().len(), 19, "four groups of four");
        let typed = Secret::new(code.expose().to_uppercase().replace('-', " "));
        assert_eq!(digest(&typed), digest(&code));
        assert_ne!(digest(&new().expect("another")), digest(&code));
    }
}
