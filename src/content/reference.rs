//! Where entries are used: one row per reference of the latest and the public revision of each entry.

use entity::{entry, entry_id::EntryId, reference};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, DatabaseTransaction, EntityTrait, QueryFilter,
    QuerySelect, prelude::Uuid,
};

use super::{Content, usage::without};
use crate::error::{Error, Problem, ProblemCode, Result};

/// Refuses references to entries that do not exist.
pub async fn check_targets<C: Content>(tx: &DatabaseTransaction, row: &C::Model) -> Result<()> {
    let targets: Vec<(&str, EntryId)> = C::FIELDS
        .iter()
        .flat_map(|field| field.targets(row).into_iter().map(|id| (field.name, id)))
        .collect();
    if targets.is_empty() {
        return Ok(());
    }
    let ids: Vec<EntryId> = targets.iter().map(|(_, id)| *id).collect();
    let found = existing(tx, &ids).await?;
    let problems: Vec<Problem> = targets
        .iter()
        .filter(|(_, id)| !found.contains(id))
        .map(|(name, id)| {
            Problem::new(ProblemCode::NotFound, *name, format!("{id} does not exist"))
        })
        .collect();
    if problems.is_empty() {
        Ok(())
    } else {
        Err(Error::Invalid(problems))
    }
}

/// Those of the entries that exist.
async fn existing(tx: &DatabaseTransaction, ids: &[EntryId]) -> Result<Vec<EntryId>> {
    let found: Vec<(Uuid, entry::ContentType)> = entry::Entity::find()
        .select_only()
        .columns([entry::Column::Id, entry::Column::Type])
        .filter(entry::Column::Id.is_in(ids.iter().map(|id| id.uuid)))
        .into_tuple()
        .all(tx)
        .await?;
    let id = |(uuid, content_type)| EntryId { content_type, uuid };
    Ok(found.into_iter().map(id).collect())
}

/// The row without references to entries that exist no more.
pub async fn without_missing<C: Content>(
    tx: &DatabaseTransaction,
    row: C::Model,
) -> Result<C::Model> {
    let targets: Vec<EntryId> = C::FIELDS
        .iter()
        .flat_map(|field| field.targets(&row))
        .collect();
    if targets.is_empty() {
        return Ok(row);
    }
    let found = existing(tx, &targets).await?;
    without::<C>(&row, |id| !found.contains(&id))
}

/// Writes down what a revision of the entry refers to.
pub async fn record<C: Content>(
    tx: &DatabaseTransaction,
    owner: Uuid,
    revision: i32,
    row: &C::Model,
) -> Result<()> {
    let rows: Vec<reference::ActiveModel> = C::FIELDS
        .iter()
        .flat_map(|field| {
            field
                .targets(row)
                .into_iter()
                .map(|target| (field.name, target))
        })
        .map(|(field, target)| reference::ActiveModel {
            owner_id: Set(owner),
            revision: Set(revision),
            field: Set(field.to_owned()),
            target_id: Set(target.uuid),
        })
        .collect();
    if !rows.is_empty() {
        reference::Entity::insert_many(rows)
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
}

/// Whether the row refers to any entry.
pub fn has_any<C: Content>(row: &C::Model) -> bool {
    C::FIELDS.iter().any(|field| !field.targets(row).is_empty())
}

/// Forgets what revisions of the entry refer to that are neither its latest nor its public one.
pub async fn prune(
    tx: &DatabaseTransaction,
    owner: Uuid,
    latest: i32,
    published: Option<i32>,
) -> Result<()> {
    let kept = [Some(latest), published].into_iter().flatten();
    reference::Entity::delete_many()
        .filter(
            Condition::all()
                .add(reference::Column::OwnerId.eq(owner))
                .add(reference::Column::Revision.is_not_in(kept)),
        )
        .exec(tx)
        .await?;
    Ok(())
}
