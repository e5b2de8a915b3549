//! Looking back: the revisions of an entry, and what differs between two of them.

use entity::{entry, entry_id::EntryId, revision};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, Select,
    prelude::{Expr, Uuid},
    sea_query::Query,
};
use serde_json::Value;

use super::{
    Content,
    mask::Mask,
    merge::{Difference, Fields, differences},
    model::field::Field,
    order::{OrderColumn, OrderDirection, Step},
    page_args::PageArgs,
    read::{self, Slice},
    types::for_type,
    write::fields_of,
};
use crate::{
    auth::{Principal, Right},
    database::Snapshot,
    error::{Error, ProblemCode, Result},
};

/// The entry, if the principal may know of it and has the right on it; none if it is not there for them.
pub async fn known(
    snapshot: &Snapshot,
    principal: &Principal,
    right: Right,
    id: EntryId,
) -> Result<Option<entry::Model>> {
    principal.require(right)?;
    let select = entry::Entity::find_by_id(id.uuid).filter(entry::Column::Type.eq(id.content_type));
    let found: Vec<entry::Model> = snapshot.all(select).await?;
    let Some(entry) = found.into_iter().next() else {
        return Ok(None);
    };
    if !principal.may_know_of(&entry) {
        return Ok(None);
    }
    principal.require_on(right, &entry)?;
    Ok(Some(entry))
}

/// The order of a history: the newest revision first.
pub fn newest_first() -> Vec<Step<revision::Model>> {
    let by = OrderColumn::of_id(revision::Column::Number, |row: &revision::Model| {
        row.number.into()
    });
    vec![Step {
        by,
        direction: OrderDirection::Desc,
    }]
}

/// A page of the revisions of an entry.
pub async fn revisions(
    snapshot: &Snapshot,
    entry: &entry::Model,
    page: &PageArgs,
) -> Result<Slice<revision::Model>> {
    read::slice(snapshot, kept(entry), newest_first, page).await
}

/// How many revisions an entry has.
pub async fn count(snapshot: &Snapshot, entry: &entry::Model) -> Result<u64> {
    snapshot.count(kept(entry)).await
}

/// The revisions that no autosave has taken the place of.
fn kept(entry: &entry::Model) -> Select<revision::Entity> {
    revision::Entity::find()
        .filter(revision::Column::EntryId.eq(entry.id))
        .filter(revision::Column::ReplacedAt.is_null())
}

/// That a row of a content table is this revision of an entry, and that no autosave has taken its place. One that was replaced is
/// kept for a day for those who have based a change on it, and is not there for anybody else.
pub(super) fn is_kept(entry: Uuid, revision: i32) -> Condition {
    let kept = Query::select()
        .column(revision::Column::Number)
        .from(revision::Entity)
        .and_where(Expr::col(revision::Column::EntryId).eq(entry))
        .and_where(Expr::col(revision::Column::Number).eq(revision))
        .and_where(Expr::col(revision::Column::ReplacedAt).is_null())
        .to_owned();
    Condition::all()
        .add(Expr::col("entry_id").eq(entry))
        .add(Expr::col("revision").in_subquery(kept))
}

/// What an entry said in one of its revisions, by the names of the fields of its row.
async fn content(
    snapshot: &Snapshot,
    entry: &entry::Model,
    revision: i32,
    path: &str,
) -> Result<Fields> {
    let found = for_type!(entry.r#type, C => row::<C>(snapshot, entry, revision).await?);
    found.ok_or_else(|| {
        let message = format!("there is no revision {revision}");
        Error::invalid(ProblemCode::NotFound, path, message)
    })
}

/// What differs between two revisions of an entry, as far as the principal may know: an entry that is not there for them does not
/// stand in it, and a list in which nothing else differs is left out.
pub async fn diff(
    snapshot: &Snapshot,
    principal: &Principal,
    entry: &entry::Model,
    from: i32,
    to: i32,
) -> Result<Vec<Difference>> {
    let before = content(snapshot, entry, from, "from").await?;
    let after = content(snapshot, entry, to, "to").await?;
    let columns = for_type!(entry.r#type, C => C::columns());
    let mut differences = differences(&columns, &before, &after);
    let of_references = |difference: &&mut Difference| {
        let path = &difference.path;
        for_type!(entry.r#type, C => C::field(path).is_some_and(Field::is_reference))
    };
    let masked = differences.iter_mut().filter(of_references);
    let mut values: Vec<&mut Value> = masked
        .flat_map(|difference| [&mut difference.before, &mut difference.after])
        .collect();
    let tx = snapshot.transaction().await?;
    let mask = Mask::of_values(&tx, principal, &values).await?;
    mask.apply(&mut values);
    differences.retain(|difference| difference.before != difference.after);
    Ok(differences)
}

async fn row<C: Content>(
    snapshot: &Snapshot,
    entry: &entry::Model,
    revision: i32,
) -> Result<Option<Fields>> {
    let select = C::Entity::find().filter(is_kept(entry.id, revision));
    let bytes = |row: &C::Model| C::FIELDS.iter().map(|field| field.bytes(row)).sum();
    let rows: Vec<C::Model> = snapshot.all_weighed(select, bytes).await?;
    rows.first().map(fields_of).transpose()
}
