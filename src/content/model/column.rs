//! Columns as `#[content_type]` reads them: the same for columns that may be empty and for those that may not.

use async_graphql::resolver_utils::EnumType;
use entity::{decimal::Decimal, partial_date::PartialDate};

use crate::content::sort_key;

/// A column of text.
pub trait Text {
    /// Its text, if it has one.
    fn as_text(&self) -> Option<&str>;
}

impl Text for String {
    fn as_text(&self) -> Option<&str> {
        Some(self)
    }
}

impl Text for Option<String> {
    fn as_text(&self) -> Option<&str> {
        self.as_deref()
    }
}

/// A column of numbers.
pub trait Number {
    /// Its number, if it has one.
    fn as_number(&self) -> Option<f64>;

    /// Its number as GraphQL's `Int`, if it has one; the greatest, if it is greater.
    fn whole(&self) -> Option<i32>;
}

impl Number for i32 {
    fn as_number(&self) -> Option<f64> {
        Some(f64::from(*self))
    }

    fn whole(&self) -> Option<i32> {
        Some(*self)
    }
}

impl Number for i64 {
    /// Beyond GraphQL's `Int` it is infinite, and so beyond all limits.
    fn as_number(&self) -> Option<f64> {
        Some(i32::try_from(*self).map_or(f64::INFINITY, f64::from))
    }

    fn whole(&self) -> Option<i32> {
        Some(i32::try_from(*self).unwrap_or(i32::MAX))
    }
}

impl Number for f64 {
    fn as_number(&self) -> Option<f64> {
        Some(*self)
    }

    fn whole(&self) -> Option<i32> {
        None
    }
}

impl<T: Number> Number for Option<T> {
    fn as_number(&self) -> Option<f64> {
        self.as_ref().and_then(T::as_number)
    }

    fn whole(&self) -> Option<i32> {
        self.as_ref().and_then(T::whole)
    }
}

/// A column whose type checks what is in it.
pub trait Value {
    /// Whether there is a value.
    fn is_given(&self) -> bool;
}

impl<T> Value for Option<T> {
    fn is_given(&self) -> bool {
        self.is_some()
    }
}

macro_rules! always_given {
    ($($of:ty),+) => {$(
        impl Value for $of {
            fn is_given(&self) -> bool {
                true
            }
        }
    )+};
}

always_given!(PartialDate, entity::Date, Decimal);

/// A column of names, beside which stands what they are sorted by.
pub trait Named {
    /// What stands beside it.
    type Key;

    /// What the name is sorted by.
    fn sort_key(&self) -> Self::Key;
}

impl Named for String {
    type Key = String;

    fn sort_key(&self) -> String {
        sort_key::of(self)
    }
}

impl Named for Option<String> {
    type Key = Self;

    fn sort_key(&self) -> Self {
        self.as_deref().map(sort_key::of)
    }
}

/// A column of dates.
pub trait Dated {
    /// The first and the last day that are meant, as they are written; both compare as the days do.
    fn days(&self) -> Option<(String, String)>;
}

impl Dated for entity::Date {
    fn days(&self) -> Option<(String, String)> {
        Some((self.to_string(), self.to_string()))
    }
}

impl Dated for PartialDate {
    fn days(&self) -> Option<(String, String)> {
        Some((self.to_string(), self.end()))
    }
}

impl<T: Dated> Dated for Option<T> {
    fn days(&self) -> Option<(String, String)> {
        self.as_ref().and_then(T::days)
    }
}

/// Whether a date lies before another one as a whole. One that is missing does not.
pub fn lies_before(date: &impl Dated, other: &impl Dated) -> bool {
    match (date.days(), other.days()) {
        (Some((_, last)), Some((first, _))) => last < first,
        _ => false,
    }
}

/// The names of the values of an enumeration in the API.
pub fn choices<T: EnumType>() -> Vec<&'static str> {
    T::items().iter().map(|item| item.name).collect()
}
