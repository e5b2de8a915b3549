//! `orderBy`, and the key by which a list goes on where a page ended.

use async_graphql::Enum;
use chrono::Datelike;
use entity::Instant;
use sea_orm::{
    ColumnTrait, ColumnType, Condition, EntityTrait, ExprTrait, Order, QueryOrder, Select, Value,
    prelude::{Expr, Uuid},
    sea_query::NullOrdering,
};
use serde::{Deserialize, Serialize};

use super::{row::Row, scalar::is_common_year};

/// Which way a list runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
pub enum OrderDirection {
    /// Smallest or earliest first; entries without a value come before all others.
    #[default]
    Asc,
    /// Greatest or latest first; entries without a value come after all others.
    Desc,
}

impl OrderDirection {
    /// The other way.
    #[must_use]
    pub fn reversed(self) -> Self {
        match self {
            Self::Asc => Self::Desc,
            Self::Desc => Self::Asc,
        }
    }
}

/// One column that a list is ordered by.
pub struct OrderColumn<R> {
    /// The column.
    pub column: Expr,
    /// Whether entries may be without a value.
    pub nullable: bool,
    /// Whether the column is one of the entry, rather than of its content.
    pub of_entry: bool,
    /// Whether it is part of the primary key.
    pub is_id: bool,
    /// The type of its values.
    pub kind: ColumnType,
    /// The row's value in the column.
    pub key: fn(&R) -> Key,
}

impl<R> OrderColumn<R> {
    /// Orders by this column, whose value `key` tells.
    pub fn new(column: impl ColumnTrait, key: fn(&R) -> Key) -> Self {
        Self {
            nullable: column.def().is_null(),
            of_entry: column.entity_name().to_string() == "entry",
            is_id: false,
            kind: column.def().get_column_type().clone(),
            column: Expr::col(column.as_column_ref()),
            key,
        }
    }

    /// Orders by this column of the primary key.
    pub fn of_id(column: impl ColumnTrait, key: fn(&R) -> Key) -> Self {
        Self {
            is_id: true,
            ..Self::new(column, key)
        }
    }

    /// Whether the key can be a value of the column.
    pub fn takes(&self, key: &Key) -> bool {
        match key {
            Key::Missing => self.nullable,
            Key::Text(text) => {
                matches!(self.kind, ColumnType::Text | ColumnType::String(_))
                    && !text.contains('\0')
            }
            Key::Number(_) => matches!(self.kind, ColumnType::Integer | ColumnType::BigInteger),
            Key::Day(day) => matches!(self.kind, ColumnType::Date) && is_common_year(day.year()),
            Key::Instant(instant) => {
                matches!(self.kind, ColumnType::TimestampWithTimeZone)
                    && is_common_year(instant.year())
            }
            Key::Id(_) => matches!(self.kind, ColumnType::Uuid),
        }
    }
}

/// A value that a list is ordered by, as a cursor keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Key {
    /// No value.
    #[serde(rename = "n")]
    Missing,
    /// A text.
    #[serde(rename = "t")]
    Text(String),
    /// A whole number.
    #[serde(rename = "i")]
    Number(i64),
    /// A day.
    #[serde(rename = "d")]
    Day(entity::Date),
    /// An instant.
    #[serde(rename = "z")]
    Instant(Instant),
    /// The number of an entry.
    #[serde(rename = "u")]
    Id(Uuid),
}

impl Key {
    fn value(&self) -> Option<Value> {
        match self {
            Self::Missing => None,
            Self::Text(text) => Some(text.clone().into()),
            Self::Number(number) => Some((*number).into()),
            Self::Day(day) => Some((*day).into()),
            Self::Instant(instant) => Some((*instant).into()),
            Self::Id(id) => Some((*id).into()),
        }
    }
}

macro_rules! key_from {
    ($($from:ty => |$value:ident| $key:expr),+ $(,)?) => {$(
        impl From<$from> for Key {
            fn from($value: $from) -> Self {
                $key
            }
        }
    )+};
}

key_from! {
    &str => |text| Self::Text(text.to_owned()),
    &String => |text| Self::Text(text.clone()),
    &entity::partial_date::PartialDate => |date| Self::Text(date.to_string()),
    i32 => |number| Self::Number(number.into()),
    i64 => |number| Self::Number(number),
    entity::Date => |day| Self::Day(day),
    Instant => |instant| Self::Instant(instant),
}

/// A column that lists are sorted by.
pub trait Keyed {
    /// Its value.
    fn key(&self) -> Key;
}

macro_rules! keyed {
    ($($of:ty => |$value:ident| $key:expr),+ $(,)?) => {$(
        impl Keyed for $of {
            fn key(&self) -> Key {
                let $value = self;
                $key
            }
        }
    )+};
}

keyed! {
    String => |text| text.into(),
    entity::partial_date::PartialDate => |date| date.into(),
    i32 => |number| (*number).into(),
    i64 => |number| (*number).into(),
    entity::decimal::Decimal => |number| number.millionths().into(),
    entity::Date => |day| (*day).into(),
}

impl<T: Keyed> Keyed for Option<T> {
    fn key(&self) -> Key {
        self.as_ref().map_or(Key::Missing, Keyed::key)
    }
}

impl<T: Into<Self>> From<Option<T>> for Key {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Missing, Into::into)
    }
}

/// One step of a total order.
pub struct Step<R> {
    /// By what.
    pub by: OrderColumn<R>,
    /// Which way.
    pub direction: OrderDirection,
}

impl<R> Step<R> {
    /// Adds the step to a statement, with missing values first going up and last going down, on both engines.
    pub fn apply<E: EntityTrait>(&self, select: Select<E>) -> Select<E> {
        let (order, nulls) = match self.direction {
            OrderDirection::Asc => (Order::Asc, NullOrdering::First),
            OrderDirection::Desc => (Order::Desc, NullOrdering::Last),
        };
        // What is part of a primary key is never missing, and stands in indexes without a word about that.
        if self.by.is_id {
            select.order_by(self.by.column.clone(), order)
        } else {
            select.order_by_with_nulls(self.by.column.clone(), order, nulls)
        }
    }

    /// Where the column lies beyond the key, in the order of the list.
    fn beyond(&self, key: &Key) -> Vec<Expr> {
        let column = || self.by.column.clone();
        match (self.direction, key.value()) {
            (OrderDirection::Asc, Some(value)) => vec![column().gt(value)],
            (OrderDirection::Asc, None) => vec![column().is_not_null()],
            (OrderDirection::Desc, Some(value)) if self.by.nullable => {
                vec![column().lt(value), column().is_null()]
            }
            (OrderDirection::Desc, Some(value)) => vec![column().lt(value)],
            (OrderDirection::Desc, None) => Vec::new(),
        }
    }

    fn same(&self, key: &Key) -> Expr {
        match key.value() {
            Some(value) => self.by.column.clone().eq(value),
            None => self.by.column.clone().is_null(),
        }
    }
}

/// The rows that come after the one with these keys: stretches of the list, in their order.
///
/// Where all steps run the same way it is one stretch, a comparison of rows, and the missing values of the first step
/// where they come last. Otherwise each stretch keeps some of the
/// keys and moves beyond the next one. Every one of them is a range that both engines look up in an index, which a
/// single condition of all of them would not be.
pub fn after<R>(steps: &[Step<R>], keys: &[Key]) -> Vec<Condition> {
    let all_run = |direction| steps.iter().all(|step| step.direction == direction);
    let values: Option<Vec<Expr>> = keys.iter().map(|key| key.value().map(Expr::val)).collect();
    let columns = || Expr::tuple(steps.iter().map(|step| step.by.column.clone()));
    match values {
        Some(values) if all_run(OrderDirection::Asc) => {
            vec![Condition::all().add(columns().gt(Expr::tuple(values)))]
        }
        Some(values)
            if all_run(OrderDirection::Desc)
                && !steps.iter().skip(1).any(|step| step.by.nullable) =>
        {
            let less = Condition::all().add(columns().lt(Expr::tuple(values)));
            let missing = steps.iter().take(1).filter(|step| step.by.nullable);
            let missing =
                missing.map(|step| Condition::all().add(step.by.column.clone().is_null()));
            std::iter::once(less).chain(missing).collect()
        }
        _ => stretches(steps, keys),
    }
}

fn stretches<R>(steps: &[Step<R>], keys: &[Key]) -> Vec<Condition> {
    let beyond = |at: usize| {
        let same = move || {
            let same = steps[..at].iter().zip(keys);
            same.fold(Condition::all(), |all, (step, key)| all.add(step.same(key)))
        };
        let beyond = steps[at].beyond(&keys[at]).into_iter();
        beyond.map(move |beyond| same().add(beyond))
    };
    (0..steps.len()).rev().flat_map(beyond).collect()
}

/// A list's `orderBy`: a typed pair of field and direction.
pub trait OrderBy: async_graphql::InputType {
    /// The columns of which content type it names.
    type Row;
    /// The column and the direction.
    fn step(&self) -> Step<Row<Self::Row>>;
    /// The order of a list that is asked for without one.
    fn by_default() -> Self;
}

/// Declares the `orderBy` of a content type: what all types have, and `Field => Column, key` of its own;
/// the first of them, or else the time of creation, is the default.
macro_rules! order {
    ($name:ident by $field:ident for $table:ident, default $default:ident {
        $($variant:ident => $column:expr, $key:expr;)*
    }) => {
        /// By what a list can be ordered.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, async_graphql::Enum)]
        pub enum $field {
            /// By its key.
            Key,
            /// By the time at which the entry was created.
            CreatedAt,
            /// By the time at which the revision that is shown was saved.
            UpdatedAt,
            $(
                #[doc = concat!("By its `", stringify!($variant), "`.")]
                $variant,
            )*
        }

        /// One step of a list's order.
        #[derive(Clone, Copy, Debug, async_graphql::InputObject)]
        pub struct $name {
            /// By what.
            pub field: $field,
            /// Which way.
            #[graphql(default)]
            pub direction: $crate::content::order::OrderDirection,
        }

        impl $crate::content::order::OrderBy for $name {
            type Row = entity::$table::Model;

            fn step(&self) -> $crate::content::order::Step<$crate::content::row::Row<Self::Row>> {
                use $crate::content::order::{OrderColumn, Step};
                let by: OrderColumn<$crate::content::row::Row<Self::Row>> = match self.field {
                    $field::Key => {
                        OrderColumn::new(entity::entry::Column::Key, |row| row.entry.key.as_ref().into())
                    }
                    $field::CreatedAt => {
                        OrderColumn::new(entity::entry::Column::CreatedAt, |row| row.entry.created_at.into())
                    }
                    $field::UpdatedAt => {
                        OrderColumn::new(entity::$table::Column::SavedAt, |row| row.content.saved_at.into())
                    }
                    $($field::$variant => OrderColumn::new($column, $key),)*
                };
                Step { by, direction: self.direction }
            }

            fn by_default() -> Self {
                Self { field: $field::$default, direction: Default::default() }
            }
        }
    };
}

pub(crate) use order;
