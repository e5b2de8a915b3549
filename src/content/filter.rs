//! Operator objects of `where`, and the macro that declares which fields of a content type have one.

use async_graphql::{ID, InputObject, MaybeUndefined};
use entity::{entry, entry_id::EntryId};
use sea_orm::{ColumnTrait, Condition, ExprTrait, prelude::Expr};

use super::scalar::{Date, DateTime, Decimal, PartialDate};
use crate::{
    error::{Error, ProblemCode, Result},
    identifier,
};

/// A column that is compared, and where that is asked.
pub struct Compared {
    column: Expr,
    nullable: bool,
    path: String,
}

impl Compared {
    /// The column.
    pub fn column(&self) -> Expr {
        self.column.clone()
    }

    /// The condition of an operator, if it is there. Null is no value: a mistake, unless `or_missing` says that it stands for
    /// entries without a value, and there can be such entries.
    fn by<T>(
        &self,
        operator: &str,
        given: &MaybeUndefined<T>,
        or_missing: bool,
        condition: impl FnOnce(Expr, &T) -> Expr,
    ) -> Result<Option<Expr>> {
        match given {
            MaybeUndefined::Undefined => Ok(None),
            MaybeUndefined::Value(value) => Ok(Some(condition(self.column.clone(), value))),
            MaybeUndefined::Null if or_missing && self.nullable => {
                Ok(Some(self.column.clone().is_null()))
            }
            MaybeUndefined::Null => {
                let message = if or_missing {
                    "must not be null: no entry is without a value here"
                } else {
                    "must not be null"
                };
                let path = format!("{}.{operator}", self.path);
                Err(Error::invalid(ProblemCode::Invalid, path, message))
            }
        }
    }

    fn is_set(&self, asked: MaybeUndefined<bool>) -> Result<Option<Expr>> {
        self.by("isSet", &asked, false, |column, set| {
            if *set {
                column.is_not_null()
            } else {
                column.is_null()
            }
        })
    }
}

/// Something that a column is compared with.
pub trait Operators {
    /// The condition on the column.
    fn on(&self, compared: &Compared) -> Result<Condition>;
}

/// Compares with texts, case-sensitively.
#[derive(Clone, Debug, Default, InputObject)]
pub struct StringFilter {
    /// Is this text; null for no value.
    pub eq: MaybeUndefined<String>,
    /// Is one of these texts; at most 100. Null for no value.
    #[graphql(validator(max_items = 100))]
    pub r#in: MaybeUndefined<Vec<String>>,
    /// Starts with this text.
    pub starts_with: MaybeUndefined<String>,
    /// Has a value, or has none.
    pub is_set: MaybeUndefined<bool>,
}

impl StringFilter {
    /// The same filter of identifiers, which are stored in one form.
    #[must_use]
    pub fn normalized(&self) -> Self {
        let text = |text: String| identifier::normalize(&text).into_owned();
        let texts = |texts: Vec<String>| texts.into_iter().map(text).collect();
        Self {
            eq: self.eq.clone().map_value(text),
            r#in: self.r#in.clone().map_value(texts),
            starts_with: self.starts_with.clone().map_value(text),
            is_set: self.is_set,
        }
    }
}

impl Operators for StringFilter {
    fn on(&self, compared: &Compared) -> Result<Condition> {
        let starts = |column: Expr, start: &String| {
            let end = format!("{start}\u{10FFFF}");
            column.clone().gte(start.clone()).and(column.lt(end))
        };
        Ok(Condition::all()
            .add_option(compared.by("eq", &self.eq, true, |column, text| column.eq(text.clone()))?)
            .add_option(compared.by("in", &self.r#in, true, |column, texts| {
                column.is_in(texts.clone())
            })?)
            .add_option(compared.by("startsWith", &self.starts_with, false, starts)?)
            .add_option(compared.is_set(self.is_set)?))
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
    fn on(&self, compared: &Compared) -> Result<Condition> {
        // What is no id is the id of nothing; an id of another type is that of another entry.
        let ids = self.r#in.iter().filter_map(|id| id.parse::<EntryId>().ok());
        let nothing = Condition::any().add(Expr::val(1).eq(0));
        Ok(ids.fold(nothing, |any, id| {
            let of_type = entry::Column::Type.eq(id.content_type);
            any.add(of_type.and(compared.column.clone().eq(id.uuid)))
        }))
    }
}

/// Writes the operator object of an ordered kind of value.
macro_rules! ordered_filter {
    ($(#[$doc:meta])* $name:ident of $value:ty, $sql:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, InputObject)]
        pub struct $name {
            /// Is this value; null for none.
            pub eq: MaybeUndefined<$value>,
            /// Is one of these values; at most 100. Null for none.
            #[graphql(validator(max_items = 100))]
            pub r#in: MaybeUndefined<Vec<$value>>,
            /// Is greater or later.
            pub gt: MaybeUndefined<$value>,
            /// Is greater or later, or the same.
            pub gte: MaybeUndefined<$value>,
            /// Is less or earlier.
            pub lt: MaybeUndefined<$value>,
            /// Is less or earlier, or the same.
            pub lte: MaybeUndefined<$value>,
            /// Has a value, or has none.
            pub is_set: MaybeUndefined<bool>,
        }

        impl Operators for $name {
            fn on(&self, compared: &Compared) -> Result<Condition> {
                let sql = $sql;
                Ok(Condition::all()
                    .add_option(compared.by("eq", &self.eq, true, |column, value| column.eq(sql(value)))?)
                    .add_option(compared.by("in", &self.r#in, true, |column, values| column.is_in(values.iter().map(sql)))?)
                    .add_option(compared.by("gt", &self.gt, false, |column, value| column.gt(sql(value)))?)
                    .add_option(compared.by("gte", &self.gte, false, |column, value| column.gte(sql(value)))?)
                    .add_option(compared.by("lt", &self.lt, false, |column, value| column.lt(sql(value)))?)
                    .add_option(compared.by("lte", &self.lte, false, |column, value| column.lte(sql(value)))?)
                    .add_option(compared.is_set(self.is_set)?))
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
    /// Is this date, in this precision; null for none.
    pub eq: MaybeUndefined<PartialDate>,
    /// Lies after all of it.
    pub gt: MaybeUndefined<PartialDate>,
    /// Lies within it or after it.
    pub gte: MaybeUndefined<PartialDate>,
    /// Lies before all of it.
    pub lt: MaybeUndefined<PartialDate>,
    /// Lies within it or before it.
    pub lte: MaybeUndefined<PartialDate>,
    /// Has a value, or has none.
    pub is_set: MaybeUndefined<bool>,
}

impl Operators for PartialDateFilter {
    fn on(&self, compared: &Compared) -> Result<Condition> {
        let start = |date: &PartialDate| date.0.as_str().to_owned();
        let end = |date: &PartialDate| date.0.end();
        Ok(Condition::all()
            .add_option(compared.by("eq", &self.eq, true, |column, date| column.eq(start(date)))?)
            .add_option(compared.by("gt", &self.gt, false, |column, date| column.gt(end(date)))?)
            .add_option(compared.by("gte", &self.gte, false, |column, date| {
                column.gte(start(date))
            })?)
            .add_option(compared.by("lt", &self.lt, false, |column, date| column.lt(start(date)))?)
            .add_option(compared.by("lte", &self.lte, false, |column, date| {
                column.lte(end(date))
            })?)
            .add_option(compared.is_set(self.is_set)?))
    }
}

/// The `where` of a content type.
pub trait Filter: async_graphql::InputType + std::fmt::Debug {
    /// The condition on the columns of the type and of its entry. `path` is where the filter stands.
    fn condition(&self, path: &str) -> Result<Condition>;
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
            fn condition(&self, path: &str) -> $crate::error::Result<sea_orm::Condition> {
                use $crate::content::{filter::{StringFilter, combined, on}, input::camel_case};
                let at = |field: &str| format!("{path}.{}", camel_case(field));
                let key = self.key.as_ref().map(StringFilter::normalized);
                Ok(combined(path, self.and.as_deref(), self.or.as_deref(), self.not.as_deref())?
                    .add_option(on(at("id"), self.id.as_ref(), entity::entry::Column::Id)?)
                    .add_option(on(at("key"), key.as_ref(), entity::entry::Column::Key)?)
                    .add_option(on(at("created_at"), self.created_at.as_ref(), entity::entry::Column::CreatedAt)?)
                    .add_option(on(at("updated_at"), self.updated_at.as_ref(), entity::$table::Column::SavedAt)?)
                    $(.add_option(on(at(stringify!($field)), self.$field.as_ref(), entity::$table::Column::$column)?))*)
            }

            fn depth(&self) -> usize {
                let lists = self.and.iter().chain(&self.or).flatten();
                1 + lists.chain(self.not.as_deref()).map(Self::depth).max().unwrap_or(0)
            }
        }
    };
}

pub(crate) use filter;

/// The condition of one field, if it is asked for at this path.
pub fn on(
    path: String,
    operators: Option<&impl Operators>,
    column: impl ColumnTrait,
) -> Result<Option<Condition>> {
    let condition = operators.map(|operators| {
        operators.on(&Compared {
            column: Expr::col(column.as_column_ref()),
            nullable: column.def().is_null(),
            path,
        })
    });
    condition.transpose()
}

/// `and`, `or` and `not` together, of the filter at this path; an empty `or` holds nowhere, an empty `and` everywhere.
pub fn combined<F: Filter>(
    path: &str,
    and: Option<&[F]>,
    or: Option<&[F]>,
    not: Option<&F>,
) -> Result<Condition> {
    let conditions = |name: &str, filters: &[F]| {
        let filters = filters.iter().enumerate();
        let conditions =
            filters.map(|(at, filter)| filter.condition(&format!("{path}.{name}.{at}")));
        conditions.collect::<Result<Vec<Condition>>>()
    };
    let mut combined = Condition::all();
    if let Some(and) = and {
        let all = conditions("and", and)?.into_iter();
        combined = combined.add(all.fold(Condition::all(), Condition::add));
    }
    if let Some(or) = or {
        let any = conditions("or", or)?.into_iter().map(never_unknown);
        let nothing = Condition::any().add(Expr::val(1).eq(0));
        combined = combined.add(any.fold(nothing, Condition::add));
    }
    if let Some(not) = not {
        let not = never_unknown(not.condition(&format!("{path}.not"))?).not();
        combined = combined.add(not);
    }
    Ok(combined)
}

/// A comparison with a missing value is unknown in SQL; here it simply does not hold, so that `not` turns it round.
fn never_unknown(condition: Condition) -> Condition {
    // A constant, as PostgreSQL takes no parameter after IS.
    Condition::all().add(Expr::from(condition).is(Expr::Constant(true.into())))
}
