//! A text in every locale it was written in: one column, a map from locale to text.

use std::collections::BTreeMap;

use sea_orm::FromJsonQueryResult;
use serde::{Deserialize, Serialize};

/// Locale (BCP 47) to text. An empty text is never stored: a locale without text is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(transparent)]
pub struct Localized(pub BTreeMap<String, String>);

impl Localized {
    /// The text in exactly this locale.
    pub fn get(&self, locale: &str) -> Option<&str> {
        self.0.get(locale).map(String::as_str)
    }
}

impl<L: Into<String>, T: Into<String>, const N: usize> From<[(L, T); N]> for Localized {
    fn from(texts: [(L, T); N]) -> Self {
        Self(
            texts
                .into_iter()
                .map(|(locale, text)| (locale.into(), text.into()))
                .collect(),
        )
    }
}
