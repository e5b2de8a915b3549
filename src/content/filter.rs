//! Operator objects of `where`, and the macro that declares which fields of a content type have one.

use async_graphql::{ID, InputObject};
use entity::{entry, entry_id::EntryId};
use sea_orm::{ColumnTrait, Condition, ExprTrait, prelude::Expr};

use super::scalar::{Date, DateTime, Decimal, PartialDate};
use crate::identifier;

/// Something that a column is compared with.
pub trait Operators {
    /// The condition on the column.
    fn on(&self, column: Expr) -> Condition;
}

/// Compares with texts, case-sensitively.
#[derive(Clone, Debug, Default, InputObject)]
pub struct StringFilter {
    /// Is this text.
    pub eq: Option<String>,
    /// Is one of these texts; at most 100.
    #[graphql(validator(max_items = 100))]
    pub r#in: Option<Vec<String>>,
    /// Starts with this text.
    pub starts_with: Option<String>,
    /// Has a value, or has none.
    pub is_set: Option<bool>,
}

impl StringFilter {
    /// The same filter of identifiers, which are stored in one form.
    #[must_use]
    pub fn normalized(&self) -> Self {
        let text = |text: &String| identifier::normalize(text).into_owned();
        let texts = |texts: &Vec<String>| texts.iter().map(text).collect();
        Self {
            eq: self.eq.as_ref().map(text),
            r#in: self.r#in.as_ref().map(texts),
            starts_with: self.starts_with.as_ref().map(text),
            is_set: self.is_set,
        }
    }
}

impl Operators for StringFilter {
    fn on(&self, column: Expr) -> Condition {
        let end = self
            .starts_with
            .as_ref()
            .map(|start| format!("{start}\u{10FFFF}"));
        Condition::all()
            .add_option(self.eq.clone().map(|text| column.clone().eq(text)))
            .add_option(self.r#in.clone().map(|texts| column.clone().is_in(texts)))
            .add_option(
                self.starts_with
                    .clone()
                    .map(|start| column.clone().gte(start)),
            )
            .add_option(end.map(|end| column.clone().lt(end)))
            .add_option(is_set(self.is_set, &column))
    }
}

/// Compares with ids.
#[derive(Clone, Debug, Default, InputObject)]
pub struct IdFilter {
    /// Is one of these ids; at most 100.
    #[graphql(validator(max_items = 100))]
    pub r#in: Vec<ID>,
}

impl Operators for IdFilter {
    fn on(&self, column: Expr) -> Condition {
        // What is no id is the id of nothing; an id of another type is that of another entry.
        let ids = self.r#in.iter().filter_map(|id| id.parse::<EntryId>().ok());
        let nothing = Condition::any().add(Expr::val(1).eq(0));
        ids.fold(nothing, |any, id| {
            let of_type = entry::Column::Type.eq(id.content_type);
            any.add(of_type.and(column.clone().eq(id.uuid)))
        })
    }
}

fn is_set(asked: Option<bool>, column: &Expr) -> Option<Expr> {
    asked.map(|set| {
        if set {
            column.clone().is_not_null()
        } else {
            column.clone().is_null()
        }
    })
}

/// Writes the operator object of an ordered kind of value.
macro_rules! ordered_filter {
    ($(#[$doc:meta])* $name:ident of $value:ty, $sql:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, InputObject)]
        pub struct $name {
            /// Is this value.
            pub eq: Option<$value>,
            /// Is one of these values; at most 100.
            #[graphql(validator(max_items = 100))]
            pub r#in: Option<Vec<$value>>,
            /// Is greater or later.
            pub gt: Option<$value>,
            /// Is greater or later, or the same.
            pub gte: Option<$value>,
            /// Is less or earlier.
            pub lt: Option<$value>,
            /// Is less or earlier, or the same.
            pub lte: Option<$value>,
            /// Has a value, or has none.
            pub is_set: Option<bool>,
        }

        impl Operators for $name {
            fn on(&self, column: Expr) -> Condition {
                let sql = $sql;
                Condition::all()
                    .add_option(self.eq.as_ref().map(|value| column.clone().eq(sql(value))))
                    .add_option(self.r#in.as_ref().map(|values| column.clone().is_in(values.iter().map(sql))))
                    .add_option(self.gt.as_ref().map(|value| column.clone().gt(sql(value))))
                    .add_option(self.gte.as_ref().map(|value| column.clone().gte(sql(value))))
                    .add_option(self.lt.as_ref().map(|value| column.clone().lt(sql(value))))
                    .add_option(self.lte.as_ref().map(|value| column.clone().lte(sql(value))))
                    .add_option(is_set(self.is_set, &column))
            }
        }
    };
}

ordered_filter! {
    /// Compares with whole numbers.
    IntFilter of i32, |value: &i32| *value
}
ordered_filter! {
    /// Compares with decimal numbers.
    DecimalFilter of Decimal, |value: &Decimal| value.0.millionths()
}
ordered_filter! {
    /// Compares with days.
    DateFilter of Date, |value: &Date| value.0
}
ordered_filter! {
    /// Compares with instants.
    DateTimeFilter of DateTime, |value: &DateTime| value.0
}

/// Compares with dates of year, month or day precision. In an order comparison a year or a month stands for the
/// whole of it: `lte: "2010"` includes `2010-12-31`, and `gt: "2010"` begins with 2011.
#[derive(Clone, Debug, Default, InputObject)]
pub struct PartialDateFilter {
    /// Is this date, in this precision.
    pub eq: Option<PartialDate>,
    /// Lies after all of it.
    pub gt: Option<PartialDate>,
    /// Lies within it or after it.
    pub gte: Option<PartialDate>,
    /// Lies before all of it.
    pub lt: Option<PartialDate>,
    /// Lies within it or before it.
    pub lte: Option<PartialDate>,
    /// Has a value, or has none.
    pub is_set: Option<bool>,
}

impl Operators for PartialDateFilter {
    fn on(&self, column: Expr) -> Condition {
        let start = |date: &PartialDate| date.0.as_str().to_owned();
        let end = |date: &PartialDate| date.0.end();
        Condition::all()
            .add_option(self.eq.as_ref().map(|date| column.clone().eq(start(date))))
            .add_option(self.gt.as_ref().map(|date| column.clone().gt(end(date))))
            .add_option(
                self.gte
                    .as_ref()
                    .map(|date| column.clone().gte(start(date))),
            )
            .add_option(self.lt.as_ref().map(|date| column.clone().lt(start(date))))
            .add_option(self.lte.as_ref().map(|date| column.clone().lte(end(date))))
            .add_option(is_set(self.is_set, &column))
    }
}

/// The `where` of a content type.
pub trait Filter: async_graphql::InputType {
    /// The condition on the columns of the type and of its entry.
    fn condition(&self) -> Condition;
    /// How deep `and`, `or` and `not` are nested.
    fn depth(&self) -> usize;
}

/// Declares the `where` of a content type: what all types have, and `field: Operators => Column` of its own.
macro_rules! filter {
    ($name:ident for $table:ident { $($field:ident: $operators:ty => $column:ident),* $(,)? }) => {
        /// Which entries a list holds. Everything that is named must hold.
        #[derive(Clone, Debug, Default, async_graphql::InputObject)]
        pub struct $name {
            /// All of these hold; at most 100.
            #[graphql(validator(max_items = 100))]
            and: Option<Vec<$name>>,
            /// One of these holds; at most 100.
            #[graphql(validator(max_items = 100))]
            or: Option<Vec<$name>>,
            /// This does not hold.
            not: Option<Box<$name>>,
            /// By id.
            id: Option<$crate::content::filter::IdFilter>,
            /// By key.
            key: Option<$crate::content::filter::StringFilter>,
            /// By the time at which the entry was created.
            created_at: Option<$crate::content::filter::DateTimeFilter>,
            /// By the time at which the revision that is shown was saved.
            updated_at: Option<$crate::content::filter::DateTimeFilter>,
            $(
                #[doc = concat!("By `", stringify!($field), "`.")]
                $field: Option<$operators>,
            )*
        }

        impl $crate::content::filter::Filter for $name {
            fn condition(&self) -> sea_orm::Condition {
                use $crate::content::filter::{combined, on};
                combined(self.and.as_deref(), self.or.as_deref(), self.not.as_deref())
                    .add_option(on(self.id.as_ref(), entity::entry::Column::Id))
                    .add_option(on(self.key.as_ref().map($crate::content::filter::StringFilter::normalized).as_ref(), entity::entry::Column::Key))
                    .add_option(on(self.created_at.as_ref(), entity::entry::Column::CreatedAt))
                    .add_option(on(self.updated_at.as_ref(), entity::$table::Column::SavedAt))
                    $(.add_option(on(self.$field.as_ref(), entity::$table::Column::$column)))*
            }

            fn depth(&self) -> usize {
                let lists = self.and.iter().chain(&self.or).flatten();
                1 + lists.chain(self.not.as_deref()).map(Self::depth).max().unwrap_or(0)
            }
        }
    };
}

pub(crate) use filter;

/// The condition of one field, if it is asked for.
pub fn on(operators: Option<&impl Operators>, column: impl ColumnTrait) -> Option<Condition> {
    operators.map(|operators| operators.on(Expr::col(column.as_column_ref())))
}

/// `and`, `or` and `not` together; an empty `or` holds nowhere, an empty `and` everywhere.
pub fn combined<F: Filter>(and: Option<&[F]>, or: Option<&[F]>, not: Option<&F>) -> Condition {
    let any = |filters: &[F]| match filters {
        [] => Condition::all().add(Expr::val(1).eq(0)),
        filters => filters.iter().fold(Condition::any(), |any, filter| {
            any.add(never_unknown(filter.condition()))
        }),
    };
    let all = |filters: &[F]| {
        filters
            .iter()
            .fold(Condition::all(), |all, filter| all.add(filter.condition()))
    };
    Condition::all()
        .add_option(and.map(all))
        .add_option(or.map(any))
        .add_option(not.map(|filter| never_unknown(filter.condition()).not()))
}

/// A comparison with a missing value is unknown in SQL; here it simply does not hold, so that `not` turns it round.
fn never_unknown(condition: Condition) -> Condition {
    // A constant, as PostgreSQL takes no parameter after IS.
    Condition::all().add(Expr::from(condition).is(Expr::Constant(true.into())))
}
