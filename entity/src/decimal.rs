//! An exact decimal number, kept as a whole number of millionths so that both engines compare it exactly.

use std::{fmt, str::FromStr};

use sea_orm::DeriveValueType;
use serde::{Deserialize, Serialize};

const SCALE: usize = 6;
const MILLION: i64 = 1_000_000;

/// Up to twelve digits before the point and six after it.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    DeriveValueType,
    Serialize,
    Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct Decimal(i64);

/// The text is no decimal number within the range.
#[derive(Debug, thiserror::Error)]
#[error(
    "must be a decimal number such as 48479 or 3.5, with at most 12 digits before and 6 after the point"
)]
pub struct NoDecimal;

impl Decimal {
    /// The number in millionths.
    pub fn millionths(self) -> i64 {
        self.0
    }
}

impl FromStr for Decimal {
    type Err = NoDecimal;

    fn from_str(text: &str) -> Result<Self, NoDecimal> {
        let (sign, digits) = match text.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let all_digits =
            |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !all_digits(whole) || !all_digits(fraction) || whole.len() > 12 || fraction.len() > SCALE
        {
            return Err(NoDecimal);
        }
        let whole: i64 = whole.parse().map_err(|_| NoDecimal)?;
        let fraction: i64 = format!("{fraction:0<SCALE$}")
            .parse()
            .map_err(|_| NoDecimal)?;
        Ok(Self(sign * (whole * MILLION + fraction)))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, fraction) = (
            self.0.unsigned_abs() / 1_000_000,
            self.0.unsigned_abs() % 1_000_000,
        );
        let sign = if self.0 < 0 { "-" } else { "" };
        let text = format!("{sign}{whole}.{fraction:0SCALE$}");
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

impl TryFrom<String> for Decimal {
    type Error = NoDecimal;

    fn try_from(text: String) -> Result<Self, NoDecimal> {
        text.parse()
    }
}

impl From<Decimal> for String {
    fn from(decimal: Decimal) -> Self {
        decimal.to_string()
    }
}
