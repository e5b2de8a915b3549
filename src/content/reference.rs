//! Where entries are used: one row per reference of the latest and the public revision of each entry.

use std::collections::BTreeSet;

use entity::{entry, entry_id::EntryId, reference};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, DatabaseTransaction, DbErr, EntityTrait, QueryFilter, QueryTrait,
    prelude::Uuid,
    sea_query::{DeleteStatement, InsertStatement, OnConflict},
};

use super::{Content, model::field::Field, usage::without};
use crate::{
    auth::Principal,
    error::{Error, Problem, ProblemCode, Result, on_constraint},
};

/// The row, if it refers to nothing that does not exist. What the principal may not know of does not exist for them, unless
/// the row `before` refers to it already; what that refers to and exists no more is left out.
pub async fn checked<C: Content>(
    tx: &DatabaseTransaction,
    principal: &Principal,
    row: C::Model,
    before: Option<&C::Model>,
) -> Result<C::Model> {
    let ids = targets_of::<C>(&row);
    if ids.is_empty() {
        return Ok(row);
    }
    let kept: Vec<EntryId> = before.map(targets_of::<C>).unwrap_or_default();
    let found = known(tx, principal, &ids, &kept).await?;
    let mut problems = Vec::new();
    for field in C::FIELDS {
        let targets = field.targets(&row).into_iter();
        let lacking = targets.filter(|id| !found.contains(id) && !kept.contains(id));
        problems.extend(lacking.map(|id| {
            let message = format!("{id} does not exist");
            Problem::new(ProblemCode::NotFound, field.path, message)
        }));
    }
    if !problems.is_empty() {
        return Err(Error::Invalid(problems));
    }
    if ids.iter().all(|id| found.contains(id)) {
        return Ok(row);
    }
    without::<C>(&row, |id| !found.contains(&id))
}

fn targets_of<C: Content>(row: &C::Model) -> Vec<EntryId> {
    let fields = C::FIELDS.iter();
    fields.flat_map(|field| field.targets(row)).collect()
}

/// Those of the entries that exist, as far as the principal may know, or as they are among those that are `kept`.
async fn known(
    tx: &DatabaseTransaction,
    principal: &Principal,
    ids: &[EntryId],
    kept: &[EntryId],
) -> Result<Vec<EntryId>> {
    let found = entry::Entity::find()
        .filter(entry::Column::Id.is_in(ids.iter().map(|id| id.uuid)))
        .all(tx)
        .await?;
    let id = |entry: &entry::Model| EntryId {
        content_type: entry.r#type,
        uuid: entry.id,
    };
    let is_known =
        |entry: &&entry::Model| kept.contains(&id(entry)) || principal.may_know_of(entry);
    Ok(found.iter().filter(is_known).map(id).collect())
}

/// The row without references to entries that exist no more.
pub async fn without_missing<C: Content>(
    tx: &DatabaseTransaction,
    row: C::Model,
) -> Result<C::Model> {
    without_unknown::<C>(tx, &Principal::System, row).await
}

/// The row without references to entries that do not exist, as far as the principal may know.
pub async fn without_unknown<C: Content>(
    tx: &DatabaseTransaction,
    principal: &Principal,
    row: C::Model,
) -> Result<C::Model> {
    let targets = targets_of::<C>(&row);
    if targets.is_empty() {
        return Ok(row);
    }
    let found = known(tx, principal, &targets, &[]).await?;
    without::<C>(&row, |id| !found.contains(&id))
}

/// Returns the statement that records what a revision of the entry refers to, if it refers to anything.
pub fn recording<C: Content>(
    owner: Uuid,
    revision: i32,
    row: &C::Model,
) -> Option<InsertStatement> {
    let of_field = |field: &'static Field<C::Model>| {
        let targets = field.targets(row).into_iter();
        targets.map(|target| (field.path, target))
    };
    let mut references: Vec<_> = C::FIELDS.iter().flat_map(of_field).collect();
    // Each locks its target against being erased: always in the same order, so that two never wait for each other.
    references.sort_unstable_by_key(|(_, target)| target.uuid);
    let rows: Vec<reference::ActiveModel> = references
        .into_iter()
        .map(|(field, target)| reference::ActiveModel {
            owner_id: Set(owner),
            revision: Set(revision),
            field: Set(field.to_owned()),
            target_id: Set(target.uuid),
        })
        .collect();
    (!rows.is_empty()).then(|| reference::Entity::insert_many(rows).into_query())
}

/// Returns the statement that records again what an earlier revision of the entry refers to, of that which still exists.
pub fn recording_again<C: Content>(
    owner: Uuid,
    revision: i32,
    row: &C::Model,
    existing: &BTreeSet<EntryId>,
) -> Result<Option<InsertStatement>> {
    let row = without::<C>(row, |id| !existing.contains(&id))?;
    let known = [
        reference::Column::OwnerId,
        reference::Column::Revision,
        reference::Column::Field,
        reference::Column::TargetId,
    ];
    let recording = recording::<C>(owner, revision, &row);
    Ok(recording.map(|mut insert| {
        insert
            .on_conflict(OnConflict::columns(known).do_nothing().to_owned())
            .to_owned()
    }))
}

/// Turns the error of a recorded reference to an entry that somebody erased since it was looked for into a problem.
pub fn found<T>(recorded: Result<T, DbErr>) -> Result<T> {
    on_constraint(recorded, "reference_target_id_fkey", || {
        let message = "refers to an entry that does not exist";
        Problem::new(ProblemCode::NotFound, "", message)
    })
}

/// Whether the row refers to any entry.
pub fn has_any<C: Content>(row: &C::Model) -> bool {
    C::FIELDS.iter().any(|field| !field.targets(row).is_empty())
}

/// Returns the statement that deletes what revisions of the entry refer to that are neither its latest nor its public one.
pub fn pruning(owner: Uuid, latest: i32, published: Option<i32>) -> DeleteStatement {
    let kept = [Some(latest), published].into_iter().flatten();
    reference::Entity::delete_many()
        .filter(
            Condition::all()
                .add(reference::Column::OwnerId.eq(owner))
                .add(reference::Column::Revision.is_not_in(kept)),
        )
        .into_query()
}
