//! Numbers as they are written in a locale, after the Unicode locale data.

use entity::decimal::Decimal;
use fixed_decimal::Decimal as FixedDecimal;
use icu_decimal::{
    DecimalFormatter, DecimalFormatterPreferences, options::DecimalFormatterOptions,
};
use icu_locale_core::Locale;

/// The number with the locale's separators and digits; plain where there is no data for the locale.
pub fn format(number: Decimal, locale: &str) -> String {
    let formatted = || {
        let locale: Locale = locale.parse().ok()?;
        let preferences = DecimalFormatterPreferences::from(&locale);
        let formatter =
            DecimalFormatter::try_new(preferences, DecimalFormatterOptions::default()).ok()?;
        let number: FixedDecimal = number.to_string().parse().ok()?;
        Some(formatter.format(&number).to_string())
    };
    formatted().unwrap_or_else(|| number.to_string())
}
