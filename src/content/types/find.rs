//! Entries by values that are unique in their type, present or former.

use async_graphql::Context;
use entity::{entry, publication};
use sea_orm::{
    ColumnTrait, Condition, EntityName, ExprTrait, Order, prelude::Expr, sea_query::Query,
};

use super::root::{one, without_nul};
use crate::{
    content::{Content, object::Entry, view::ContentView},
    error::{Error, Result},
};

/// The entry that has this value in a field that is unique in its type, or else the one that was the last to be public with it.
pub(in crate::content) async fn by_unique<C: Content>(
    ctx: &Context<'_>,
    path: &str,
    value: String,
    view: Option<ContentView>,
) -> Result<Option<Entry<C>>> {
    let value = without_nul(value, &format!("by.{path}"))?;
    let field = C::field(path).ok_or_else(|| Error::internal(format!("no field {path}")))?;
    let table = C::Entity::default().table_name();
    let of_table = |column: &'static str| Expr::col((table, column));
    let present = Condition::all().add(of_table(field.column).eq(value.as_str()));
    if let Some(entry) = one(ctx, present, view.clone()).await? {
        return Ok(Some(entry));
    }
    let same = |left: publication::Column, right: &'static str| {
        Expr::col((publication::Entity, left)).equals((table, right))
    };
    let former = Query::select()
        .column((table, "entry_id"))
        .from(table)
        .inner_join(
            publication::Entity,
            same(publication::Column::EntryId, "entry_id")
                .and(same(publication::Column::Revision, "revision")),
        )
        .and_where(of_table(field.column).eq(value))
        .order_by(
            (publication::Entity, publication::Column::StartsAt),
            Order::Desc,
        )
        .limit(1)
        .to_owned();
    let former = Condition::all().add(entry::Column::Id.in_subquery(former));
    one(ctx, former, view).await
}
