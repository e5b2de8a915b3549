//! Tokens for machines: `kdl_`, 30 random characters, and 6 that follow from them. Whoever looks for leaked secrets can tell
//! one by its looks, and what is none is refused without asking the database.

use super::Secret;
use crate::{error::Result, id};

/// What a token begins with.
pub const PREFIX: &str = "kdl_";
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// 178 bits.
const RANDOM: usize = 30;
/// Enough for 32 bits.
const CHECKSUM: usize = 6;

/// A new token.
pub fn new() -> Result<Secret> {
    let mut random = String::with_capacity(RANDOM);
    while random.len() < RANDOM {
        // Numbers that are no digit are thrown away, so that all digits are equally probable.
        let bytes = id::bytes::<32>()?;
        let digits = bytes
            .iter()
            .filter_map(|byte| DIGITS.get(usize::from(byte & 63)));
        let missing = RANDOM - random.len();
        random.extend(digits.take(missing).map(|digit| char::from(*digit)));
    }
    let checksum = checksum(&random);
    Ok(Secret::new(format!("{PREFIX}{random}{checksum}")))
}

/// Whether a text can be a token that was made here. Nothing secret decides that.
pub fn is_whole(token: &Secret) -> bool {
    let body = token.expose().strip_prefix(PREFIX).unwrap_or_default();
    body.len() == RANDOM + CHECKSUM
        && body.bytes().all(|byte| DIGITS.contains(&byte))
        && body
            .split_at_checked(RANDOM)
            .is_some_and(|(random, given)| checksum(random) == given)
}

/// The CRC-32 of a text, in digits.
fn checksum(text: &str) -> String {
    let mut rest = crc32(text.as_bytes());
    let mut digits = [b'0'; CHECKSUM];
    for digit in digits.iter_mut().rev() {
        let at = usize::try_from(rest % 62).unwrap_or_default();
        *digit = DIGITS.get(at).copied().unwrap_or(b'0');
        rest /= 62;
    }
    digits.iter().copied().map(char::from).collect()
}

/// The checksum of zlib and PNG.
fn crc32(bytes: &[u8]) -> u32 {
    const POLYNOMIAL: u32 = 0xEDB8_8320;
    let step = |sum: u32| (sum >> 1) ^ (POLYNOMIAL & (sum & 1).wrapping_neg());
    let sum = bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| step(sum))
    });
    !sum
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{DIGITS, PREFIX, Secret, checksum, crc32, is_whole, new};

    #[test]
    fn the_checksum_is_that_of_everybody() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(crc32(b""), 0);
        assert_eq!(checksum(""), "000000");
    }

    #[test]
    fn every_digit_occurs_and_no_two_tokens_are_alike() {
        let tokens: BTreeSet<String> = (0..200)
            .filter_map(|_| new().ok().map(|token| token.expose().to_owned()))
            .collect();
        assert_eq!(tokens.len(), 200);
        let bodies = tokens.iter().map(|token| &token[PREFIX.len()..]);
        let seen: BTreeSet<u8> = bodies.flat_map(str::bytes).collect();
        assert_eq!(seen, DIGITS.iter().copied().collect());
        assert!(
            tokens
                .iter()
                .all(|token| token.len() == 40 && is_whole(&Secret::new(token.as_str())))
        );
    }

    #[test]
    fn a_token_with_one_character_changed_is_none() {
        let token = new().map(|token| token.expose().to_owned());
        let token = token.unwrap_or_default();
        for at in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'x' { b'y' } else { b'x' };
            let changed = String::from_utf8(bytes).unwrap_or_default();
            assert!(!is_whole(&Secret::new(changed)), "{at}");
        }
        let longer = format!("{token}0");
        for other in ["", "kdl_", "kdl_é", &token[..39], &longer, &token[4..]] {
            assert!(!is_whole(&Secret::new(other)), "{other}");
        }
    }
}
