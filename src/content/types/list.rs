//! What the list fields of all content types do: a page of the list, with all that its selection needs.

use std::sync::Arc;

use async_graphql::{Context, InputType, Value};

use super::root::{group, reader};
use crate::{
    content::{
        Content,
        connection::Connection,
        filter::Filter,
        object::Entry,
        page_args::{ListIdentity, RawPageArgs},
        read::{self, Slice},
        row::{AnyRow, Row},
        view::ContentView,
    },
    error::{Error, ProblemCode, Result},
};

const MOST_STEPS: usize = 3;
const DEEPEST_FILTER: usize = 5;
/// Far below what a statement of either engine takes.
const MOST_VALUES: usize = 1_000;

/// The page. What is not selected is neither read nor counted.
pub(in crate::content) async fn list<C: Content>(
    ctx: &Context<'_>,
    page: RawPageArgs,
    filter: Option<C::Filter>,
    order: Vec<C::Order>,
    view: Option<ContentView>,
) -> Result<Connection<Entry<C>>> {
    let reader = reader(ctx)?;
    let view = reader.open_of::<C>(view)?;
    check::<C>(filter.as_ref(), &order)?;
    let identity = identity::<C>(filter.as_ref(), &order);
    let page = page.open(&identity, |keys| read::are_keys::<C>(&order, keys))?;
    let selected = |field: &str| ctx.look_ahead().field(field);
    let total_count = if selected("totalCount").exists() {
        Some(read::count::<C>(&reader.snapshot, &view, filter.as_ref()).await?)
    } else {
        None
    };
    let slice = if ["nodes", "edges", "pageInfo"]
        .iter()
        .any(|field| selected(field).exists())
    {
        read::list::<C>(&reader.snapshot, &view, filter.as_ref(), &order, &page).await?
    } else {
        Slice::empty()
    };
    let untyped = |(keys, row): (_, Row<C::Model>)| (keys, AnyRow::new::<C>(row));
    let slice = slice.map(untyped);
    let rows: Vec<AnyRow> = slice.rows.iter().map(|(_, row)| row.clone()).collect();
    let nodes = [selected("nodes"), selected("edges").field("node")];
    let groups = nodes
        .into_iter()
        .map(|selection| group(C::TYPE, rows.clone(), selection));
    let scope = reader.scope(view, groups.collect()).await?;
    let entry = |row: AnyRow| Some(Entry::new(row.typed::<C>()?, Arc::clone(&scope)));
    Connection::of(&identity, slice, total_count, entry)
}

fn identity<C: Content>(filter: Option<&C::Filter>, order: &[C::Order]) -> ListIdentity {
    // Not as a GraphQL value, which does not distinguish null from absent.
    let filter = filter.map(|filter| format!("{filter:?}"));
    let order: Vec<String> = order
        .iter()
        .map(|step| step.to_value().to_string())
        .collect();
    ListIdentity::of(&[C::NAME, &filter.unwrap_or_default(), &order.join(",")])
}

fn check<C: Content>(filter: Option<&C::Filter>, order: &[C::Order]) -> Result<()> {
    if order.len() > MOST_STEPS {
        let message = format!("must have at most {MOST_STEPS} steps");
        return Err(Error::invalid(ProblemCode::Invalid, "orderBy", message));
    }
    let Some(filter) = filter else {
        return Ok(());
    };
    let value = filter.to_value();
    let mut values = Vec::new();
    leaves(&value, &mut values);
    let has_nul = |value: &&Value| matches!(value, Value::String(text) if text.contains('\0'));
    let fault = if filter.depth() > DEEPEST_FILTER {
        format!("must be nested at most {DEEPEST_FILTER} deep")
    } else if values.iter().any(has_nul) {
        "must not hold the character NUL, which no text has".to_owned()
    } else if values.len() > MOST_VALUES {
        format!("must compare with at most {MOST_VALUES} values")
    } else {
        return Ok(());
    };
    Err(Error::invalid(ProblemCode::Invalid, "where", fault))
}

/// The values that a filter compares with.
fn leaves<'a>(value: &'a Value, found: &mut Vec<&'a Value>) {
    match value {
        Value::Null => {}
        Value::List(list) => list.iter().for_each(|value| leaves(value, found)),
        Value::Object(fields) => fields.values().for_each(|value| leaves(value, found)),
        leaf => found.push(leaf),
    }
}
