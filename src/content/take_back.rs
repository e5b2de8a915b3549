//! Taking back: what is public becomes what it was before a batch, or what it was at a moment, as new publications.

use std::collections::{BTreeSet, HashMap};

use entity::{Instant, entry, entry_id::EntryId, publication};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect, prelude::Uuid};

use super::{
    Content,
    change::{Change, expect_revision, id_of, within},
    lifecycle::{MOST_TARGETS, Target},
    reference,
    rows::by_type,
    types::for_type,
};
use crate::{
    auth::Right,
    database::Batch,
    error::{Error, Problem, ProblemCode, Result},
    event::Action,
};

/// What a batch did to one entry.
#[derive(Default)]
struct Done {
    /// The publication that it ended.
    before: Option<publication::Model>,
    /// The publication that it began.
    after: Option<publication::Model>,
}

impl Change {
    /// What a batch did to what is public is to be undone, for all of its entries or for none; returns these. Entries that were
    /// published or withdrawn again since are told.
    pub async fn take_back(&mut self, batch: Uuid) -> Result<Vec<EntryId>> {
        self.refuse_if_half_done()?;
        self.principal.require(Right::Publish)?;
        let select = publication::Entity::find()
            .select_only()
            .column(publication::Column::EntryId)
            .filter(of_batch(batch));
        let ids: Vec<Uuid> = select.into_tuple().all(&self.tx).await?;
        let ids: BTreeSet<Uuid> = ids.into_iter().collect();
        self.lock(&ids).await?;
        let found = ids.iter().filter_map(|id| self.locks.model(*id));
        let entries: Vec<entry::Model> = found.map(|entry| self.with_move(entry.clone())).collect();
        if entries.is_empty()
            || !entries
                .iter()
                .all(|entry| self.principal.may_know_of(entry))
        {
            let message = "does not exist, or is of entries that you may not know of";
            return Err(Error::invalid(ProblemCode::NotFound, "batch", message));
        }
        let done = self.done_by(batch).await?;
        let (mut moves, mut problems) = (Vec::with_capacity(entries.len()), Vec::new());
        for entry in entries {
            self.principal.require_on(Right::Publish, &entry)?;
            let Some(Done { before, after }) = done.get(&entry.id) else {
                continue;
            };
            let still_public = after.as_ref().filter(|after| after.ends_at.is_none());
            let left = still_public.map(|after| after.revision);
            if still_public.is_none() != after.is_none() || left != entry.published_revision {
                let message = "was published or unpublished since";
                let path = id_of(&entry).to_string();
                problems.push(Problem::new(ProblemCode::Invalid, path, message));
            }
            moves.push((entry, before.as_ref().map(|before| before.revision)));
        }
        if !problems.is_empty() {
            return Err(Error::Invalid(problems));
        }
        let ids = moves.iter().map(|(entry, _)| id_of(entry)).collect();
        self.set_public(moves).await?;
        Ok(ids)
    }

    async fn done_by(&self, batch: Uuid) -> Result<HashMap<Uuid, Done>> {
        let rows = publication::Entity::find()
            .filter(of_batch(batch))
            .all(&self.tx)
            .await?;
        let mut done: HashMap<Uuid, Done> = HashMap::new();
        for row in rows {
            let done = done.entry(row.entry_id).or_default();
            if row.end_batch == Some(batch) {
                done.before = Some(row);
            } else {
                done.after = Some(row);
            }
        }
        Ok(done)
    }

    /// The entries are to be public as they were at a moment, or not at all if they were not.
    pub async fn take_back_until(
        &mut self,
        targets: &[Target],
        until: Instant,
    ) -> Result<Vec<EntryId>> {
        self.refuse_if_half_done()?;
        self.principal.require(Right::Publish)?;
        if targets.len() > MOST_TARGETS {
            let message = format!("must be at most {MOST_TARGETS}");
            return Err(Error::invalid(ProblemCode::Invalid, "entries", message));
        }
        if until > self.now {
            let message = "must not lie in the future";
            return Err(Error::invalid(ProblemCode::Invalid, "until", message));
        }
        let ids: Vec<EntryId> = targets.iter().map(|target| target.id).collect();
        let mut locked = self.entries(ids.iter().copied()).await?;
        let mut entries = Vec::with_capacity(ids.len());
        for Target { id, expected } in targets {
            let entry = self.allowed(Right::Publish, *id, locked.remove(id))?;
            expect_revision(*id, &entry, *expected).map_err(|error| within(*id, error))?;
            entries.push(entry);
        }
        let was_public = Condition::all()
            .add(publication::Column::EntryId.is_in(ids.iter().map(|id| id.uuid)))
            .add(publication::Column::StartsAt.lte(until))
            .add(
                Condition::any()
                    .add(publication::Column::EndsAt.is_null())
                    .add(publication::Column::EndsAt.gt(until)),
            );
        let rows = publication::Entity::find()
            .filter(was_public)
            .all(&self.tx)
            .await?;
        let then: HashMap<Uuid, i32> = rows
            .into_iter()
            .map(|row| (row.entry_id, row.revision))
            .collect();
        let moves = entries.into_iter().map(|entry| {
            let revision = then.get(&entry.id).copied();
            (entry, revision)
        });
        self.set_public(moves.collect()).await?;
        Ok(ids)
    }

    /// Notes which revisions of locked entries are to be public.
    async fn set_public(&mut self, moves: Vec<(entry::Model, Option<i32>)>) -> Result<()> {
        let moves = moves
            .into_iter()
            .filter(|(entry, to)| entry.published_revision != *to);
        let mut raised = Vec::new();
        for (entry, to) in moves {
            let id = id_of(&entry);
            match to {
                Some(revision) => raised.push((id, revision)),
                None => self.withdraw(id, entry.latest_revision),
            }
        }
        self.half_done = true;
        self.record_references(&raised).await?;
        self.half_done = false;
        self.raise(raised.iter().copied()).await?;
        for (id, revision) in raised {
            self.tell(Action::EntryPublished, id, revision);
        }
        Ok(())
    }
}

impl Change {
    /// Records what revisions refer to that are about to be public again: for others it was deleted.
    async fn record_references(&self, revisions: &[(EntryId, i32)]) -> Result<()> {
        for (content_type, revisions) in by_type(revisions.iter().copied()) {
            for_type!(content_type, C => self.record_references_of_type::<C>(&revisions).await)?;
        }
        Ok(())
    }

    async fn record_references_of_type<C: Content>(
        &self,
        revisions: &[(EntryId, i32)],
    ) -> Result<()> {
        let rows = self.revisions::<C>(revisions).await?;
        let targets = rows
            .values()
            .flat_map(|row| C::FIELDS.iter().flat_map(|field| field.targets(row)));
        let targets: BTreeSet<Uuid> = targets.map(|target| target.uuid).collect();
        if targets.is_empty() {
            return Ok(());
        }
        let existing = entry::Entity::find()
            .filter(entry::Column::Id.is_in(targets))
            .all(&self.tx)
            .await?;
        let existing: BTreeSet<EntryId> = existing.iter().map(id_of).collect();
        let mut batch = Batch::default();
        for (id, revision) in revisions {
            if let Some(row) = rows.get(&(id.uuid, *revision))
                && let Some(recording) =
                    reference::recording_again::<C>(id.uuid, *revision, row, &existing)?
            {
                batch.add(recording);
            }
        }
        reference::found(batch.execute(&self.tx).await)
    }
}

/// The publications that a batch began or ended.
fn of_batch(batch: Uuid) -> Condition {
    Condition::any()
        .add(publication::Column::Batch.eq(batch))
        .add(publication::Column::EndBatch.eq(batch))
}
