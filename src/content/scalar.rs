//! The scalars of the API.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::{Datelike, SecondsFormat, SubsecRound};
use entity::Instant;
use serde_json::Number;

/// Whether the year has four digits. Engines differ on what lies beyond.
pub(super) fn is_common_year(year: i32) -> bool {
    (1..=9999).contains(&year)
}

/// Writes a scalar that is a text on the wire and is checked by a function.
macro_rules! text_scalar {
    ($(#[$doc:meta])* $name:ident($inner:ty) by $specification:literal, $parse:expr, $print:expr $(, or $of_number:ident)?) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name(pub $inner);

        $(#[$doc])*
        #[Scalar(specified_by_url = $specification)]
        impl ScalarType for $name {
            fn parse(value: Value) -> InputValueResult<Self> {
                let parse: fn(&str) -> Result<$inner, String> = $parse;
                match &value {
                    Value::String(text) => parse(text).map($name).map_err(InputValueError::custom),
                    $(Value::Number(number) => $of_number(number).and_then(|text| parse(&text)).map($name).map_err(InputValueError::custom),)?
                    _ => Err(InputValueError::expected_type(value)),
                }
            }

            fn to_value(&self) -> Value {
                let print: fn(&$inner) -> String = $print;
                Value::String(print(&self.0))
            }
        }
    };
}

/// Below this a binary fraction tells all decimal numbers with six digits after the point apart.
const EXACT_BELOW: f64 = 4_294_967_296.0;

/// The number as text; an error if it may not be what was written, because it was read as a binary fraction.
fn exact(number: &Number) -> Result<String, String> {
    let is_exact = number.as_i64().is_some()
        || number
            .as_f64()
            .is_some_and(|float| float.abs() < EXACT_BELOW);
    if is_exact {
        Ok(number.to_string())
    } else {
        Err("must be a text, because a number of this size is not exact".to_owned())
    }
}

text_scalar! {
    /// A language, perhaps with script or region, as in BCP 47: `en`, `es`, `pt-BR`. As input in whatever case.
    Locale(String) by "https://www.rfc-editor.org/rfc/rfc5646",
    |text| match icu_locale_core::Locale::try_from_str(text).map(|locale| locale.to_string()) {
        Ok(canonical) if canonical.eq_ignore_ascii_case(text) => Ok(canonical),
        _ => Err("must be a BCP 47 locale such as en, es or pt-BR".to_owned()),
    },
    Clone::clone
}

text_scalar! {
    /// A day, as `full-date` in RFC 3339: `2026-05-01`. The year is from 0001 to 9999.
    Date(entity::Date) by "https://www.rfc-editor.org/rfc/rfc3339#section-5.6",
    |text| match text.parse::<entity::Date>() {
        Ok(day) if is_common_year(day.year()) && day.to_string() == text => Ok(day),
        _ => Err("must be a day such as 2026-05-01".to_owned()),
    },
    ToString::to_string
}

text_scalar! {
    /// An instant, as `date-time` in RFC 3339: `2026-05-01T12:00:00Z`. The year is from 0001 to 9999. It is kept to the microsecond, and
    /// returned in UTC.
    DateTime(Instant) by "https://www.rfc-editor.org/rfc/rfc3339#section-5.6",
    |text| match chrono::DateTime::parse_from_rfc3339(text) {
        Ok(instant) if is_common_year(instant.to_utc().year()) => Ok(instant.to_utc().trunc_subsecs(6)),
        _ => Err("must be an instant such as 2026-05-01T12:00:00Z".to_owned()),
    },
    |instant| instant.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

text_scalar! {
    /// A date that is known to the year, the month or the day: `2008`, `2008-05` or `2008-05-17`. Of the formats in the W3C note on dates, the
    /// three without a time.
    PartialDate(entity::partial_date::PartialDate) by "https://www.w3.org/TR/NOTE-datetime",
    |text| text.parse().map_err(|error: entity::partial_date::NoPartialDate| error.to_string()),
    ToString::to_string
}

text_scalar! {
    /// An exact decimal number as text, written as `decimal` in XML Schema without a plus sign, with at most 12 digits before and 6 after the point: `48479`, `3.5`. As input also a number, if it is exact.
    Decimal(entity::decimal::Decimal) by "https://www.w3.org/TR/xmlschema11-2/#decimal",
    |text| text.parse().map_err(|error: entity::decimal::NoDecimal| error.to_string()),
    ToString::to_string,
    or exact
}

text_scalar! {
    /// An address, as `URI-reference` in RFC 3986: absolute with http, https, mailto or tel, or relative to this site. Letters beyond ASCII may
    /// stand in it as they are.
    Url(String) by "https://www.rfc-editor.org/rfc/rfc3986#section-4.1",
    |text| Ok(text.to_owned()),
    Clone::clone
}

#[cfg(test)]
mod tests {
    use async_graphql::{ScalarType, Value};

    use super::Decimal;

    #[test]
    fn numbers_are_decimals_where_they_are_exact() {
        for (json, text) in [
            ("48479", "48479"),
            ("-3.5", "-3.5"),
            ("4294967295.000001", "4294967295.000001"),
            ("999999999999", "999999999999"),
        ] {
            let number = serde_json::from_str(json).expect("a number");
            let parsed = <Decimal as ScalarType>::parse(Value::Number(number));
            let parsed = parsed.map(|decimal| decimal.0.to_string()).ok();
            assert_eq!(parsed.as_deref(), Some(text), "{json}");
        }
        for json in [
            "123456789012.000001",
            "4294967296.5",
            "1e300",
            "1000000000000",
            "0.0000001",
        ] {
            let number = serde_json::from_str(json).expect("a number");
            assert!(
                <Decimal as ScalarType>::parse(Value::Number(number)).is_err(),
                "{json}"
            );
        }
    }
}
