//! Looking back: the revisions of an entry, and what differs between two of them.

use entity::{entry, entry_id::EntryId, revision};
use sea_orm::{ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, Select, prelude::Expr};

use super::{
    Content,
    merge::{Difference, Fields, differences},
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
    let by = OrderColumn::new(revision::Column::Number, |row: &revision::Model| {
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

/// What an entry said in one of its revisions, by the names of the fields of its row.
pub async fn content(
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

/// What differs between two revisions of an entry.
pub async fn diff(
    snapshot: &Snapshot,
    entry: &entry::Model,
    from: i32,
    to: i32,
) -> Result<Vec<Difference>> {
    let before = content(snapshot, entry, from, "from").await?;
    let after = content(snapshot, entry, to, "to").await?;
    Ok(differences(&before, &after))
}

async fn row<C: Content>(
    snapshot: &Snapshot,
    entry: &entry::Model,
    revision: i32,
) -> Result<Option<Fields>> {
    let named = Condition::all()
        .add(Expr::col("entry_id").eq(entry.id))
        .add(Expr::col("revision").eq(revision));
    let bytes = |row: &C::Model| C::FIELDS.iter().map(|field| field.bytes(row)).sum();
    let rows: Vec<C::Model> = snapshot
        .all_weighed(C::Entity::find().filter(named), bytes)
        .await?;
    rows.first().map(fields_of).transpose()
}
