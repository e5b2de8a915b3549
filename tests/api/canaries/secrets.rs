//! Secrets that must be found nowhere, and how they are looked for.

use std::collections::BTreeMap;

use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};

/// Shorter ones would be found by chance.
const SHORTEST: usize = 10;

/// Secrets, and what each of them is.
#[derive(Default)]
pub(super) struct Canaries {
    known: BTreeMap<String, &'static str>,
    /// Where some were found.
    found: Vec<String>,
}

impl Canaries {
    /// From now on this must be found nowhere; returns it again.
    pub(super) fn add(&mut self, what: &'static str, secret: &str) -> String {
        assert!(secret.len() >= SHORTEST, "{what} is too short: {secret}");
        self.known.insert(secret.to_owned(), what);
        secret.to_owned()
    }

    /// That none of them was found anywhere.
    pub(super) fn assert_none_found(&self) {
        assert!(self.found.is_empty(), "{}", self.found.join("\n\n"));
    }

    /// Looks for all of them in a text: as they are, in other letters, in hexadecimal and in base64.
    pub(super) fn look_in(&mut self, place: &str, text: &str) {
        let lower = text.to_lowercase();
        for (secret, what) in &self.known {
            let whole = secret.len() / 3 * 3;
            let forms = [
                secret.to_lowercase(),
                secret.replace('-', "").to_lowercase(),
                secret
                    .bytes()
                    .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}")),
            ];
            let encoded = BASE64_STANDARD_NO_PAD.encode(&secret.as_bytes()[..whole]);
            let found = forms
                .iter()
                .find_map(|form| Some((lower.as_str(), lower.find(form)?)));
            let found = found.or_else(|| Some((text, text.find(&encoded)?)));
            if let Some((text, at)) = found {
                let around = at.saturating_sub(300)..(at + 200).min(text.len());
                let around = String::from_utf8_lossy(&text.as_bytes()[around]);
                self.found
                    .push(format!("{place} tells {what}, {secret}: … {around} …"));
            }
        }
    }
}
