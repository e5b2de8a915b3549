//! A date that is known to the year, the month or the day, kept as the matching prefix of ISO 8601.

use std::{fmt, str::FromStr};

use sea_orm::{DeriveValueType, prelude::Date};
use serde::{Deserialize, Serialize};

/// `2008`, `2008-05` or `2008-05-17`. Its order is that of the text, so a year comes before its months.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, DeriveValueType, Serialize, Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct PartialDate(String);

/// The text is no such date.
#[derive(Debug, thiserror::Error)]
#[error("must be a date such as 2008, 2008-05 or 2008-05-17")]
pub struct NoPartialDate;

impl PartialDate {
    /// The date as text, at its precision.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A text that sorts after every date within this one, and before every later date.
    pub fn end(&self) -> String {
        // '~' sorts after the '-' and the digits that a finer date goes on with.
        format!("{}~", self.0)
    }
}

impl Default for PartialDate {
    fn default() -> Self {
        Self("0001".to_owned())
    }
}

impl FromStr for PartialDate {
    type Err = NoPartialDate;

    fn from_str(text: &str) -> Result<Self, NoPartialDate> {
        let whole_day = match text.len() {
            4 => format!("{text}-01-01"),
            7 => format!("{text}-01"),
            10 => text.to_owned(),
            _ => return Err(NoPartialDate),
        };
        let plain = text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'-');
        let parsed: Date = whole_day.parse().map_err(|_| NoPartialDate)?;
        // The parser is generous about digits and signs; what it read must be what was written.
        if plain && parsed.to_string() == whole_day && !text.starts_with("0000") {
            Ok(Self(text.to_owned()))
        } else {
            Err(NoPartialDate)
        }
    }
}

impl fmt::Display for PartialDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for PartialDate {
    type Error = NoPartialDate;

    fn try_from(text: String) -> Result<Self, NoPartialDate> {
        text.parse()
    }
}

impl From<PartialDate> for String {
    fn from(date: PartialDate) -> Self {
        date.0
    }
}
