//! Publishing and unpublishing: the one place that moves what is public.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use entity::{entry, entry_id::EntryId, publication};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, prelude::Expr,
};

use super::{
    Content, address,
    change::{Change, at, within},
    check,
    field::Field,
    reference,
    types::for_type,
};
use crate::{
    auth::Right,
    error::{Error, Problem, ProblemCode, Result, on_constraint},
    event::{self, Action},
    id,
};

/// An entry whose latest revision is about to become the public one.
struct Candidate {
    id: EntryId,
    revision: i32,
}

impl Change {
    /// Makes the latest revision of each entry the public one: of all, or of none, with everything that blocks it told.
    /// It should be the last step of a change: see [`event::hold`].
    pub async fn publish(&mut self, ids: &[EntryId]) -> Result<()> {
        self.refuse_if_half_done()?;
        let (mut candidates, mut problems) = (Vec::with_capacity(ids.len()), Vec::new());
        for id in ids.iter().copied().collect::<BTreeSet<_>>() {
            let (candidate, found) = self.candidate(id).await?;
            candidates.extend(candidate);
            problems.extend(found);
        }
        if candidates.is_empty() && problems.is_empty() {
            return Ok(());
        }
        self.half_done = true;
        // All flags go down before any goes up, so that entries may hand on what is unique among the public.
        for Candidate { id, .. } in &candidates {
            for_type!(id.content_type, C => self.lower::<C>(*id).await)?;
        }
        for candidate in &candidates {
            problems.extend(
                for_type!(candidate.id.content_type, C => self.raise::<C>(candidate).await)?,
            );
            self.record_publication(candidate).await?;
        }
        event::hold(&self.tx).await?;
        for candidate in &candidates {
            let found =
                for_type!(candidate.id.content_type, C => self.not_public::<C>(candidate).await)?;
            problems.extend(found);
        }
        let uuids: Vec<_> = ids.iter().map(|id| id.uuid).collect();
        problems.extend(address::taken_anchors(&self.tx, &uuids).await?);
        if !problems.is_empty() {
            return Err(Error::Invalid(problems));
        }
        for Candidate { id, revision } in candidates {
            self.tell(Action::EntryPublished, id, revision);
        }
        self.half_done = false;
        Ok(())
    }

    /// The entry, if its latest revision is not public yet, and what keeps that from becoming so.
    async fn candidate(&self, id: EntryId) -> Result<(Option<Candidate>, Vec<Problem>)> {
        let entry = self.entry_with(Right::Publish, id).await?;
        if entry.archived_at.is_some() {
            let message = "lies in the trash; restore it first";
            let problem = Problem::new(ProblemCode::Invalid, "", message);
            return Ok((None, at(id, vec![problem])));
        }
        let revision = entry.latest_revision;
        if entry.published_revision == Some(revision) {
            return Ok((None, Vec::new()));
        }
        let problems = for_type!(id.content_type, C => {
            let row = self.known_revision::<C>(id, revision).await?;
            check::public::<C>(&row, self.app.site.default_locale())
        });
        Ok((Some(Candidate { id, revision }), at(id, problems)))
    }

    async fn lower<C: Content>(&self, id: EntryId) -> Result<()> {
        let public = Condition::all()
            .add(Expr::col("entry_id").eq(id.uuid))
            .add(Expr::col("published"));
        self.set_flag::<C>("published", false, public).await?;
        Ok(())
    }

    /// Makes the revision public, unless another entry has its address.
    async fn raise<C: Content>(&self, candidate: &Candidate) -> Result<Vec<Problem>> {
        let Candidate { id, revision } = *candidate;
        let taken = || {
            Problem::new(
                ProblemCode::Taken,
                "slug",
                "is the address of another public page",
            )
        };
        if address::is_taken(&self.tx, id, revision).await? {
            return Ok(at(id, vec![taken()]));
        }
        let named = Condition::all()
            .add(Expr::col("entry_id").eq(id.uuid))
            .add(Expr::col("revision").eq(revision));
        let raised = self.set_flag::<C>("published", true, named).await;
        on_constraint(raised, "page_slug_key", taken).map_err(|error| within(id, error))?;
        Ok(Vec::new())
    }

    async fn record_publication(&self, Candidate { id, revision }: &Candidate) -> Result<()> {
        let now = self.end_publication(*id).await?;
        let row = publication::ActiveModel {
            id: Set(id::new()),
            entry_id: Set(id.uuid),
            revision: Set(*revision),
            starts_at: Set(now),
            ends_at: Set(None),
            published_by: Set(self.principal.account_id()),
        };
        publication::Entity::insert(row)
            .exec_without_returning(&self.tx)
            .await?;
        entry::Entity::update_many()
            .col_expr(entry::Column::PublishedRevision, Expr::value(*revision))
            .col_expr(entry::Column::PublishedAt, Expr::value(now))
            .col_expr(entry::Column::UpdatedAt, Expr::value(self.now))
            .filter(entry::Column::Id.eq(id.uuid))
            .exec(&self.tx)
            .await?;
        reference::prune(&self.tx, id.uuid, *revision, Some(*revision)).await
    }

    /// Ends the open publication of the entry, if there is one; returns when.
    async fn end_publication(&self, id: EntryId) -> Result<entity::Instant> {
        let open = Condition::all()
            .add(publication::Column::EntryId.eq(id.uuid))
            .add(publication::Column::EndsAt.is_null());
        let ending = publication::Entity::find()
            .filter(open.clone())
            .one(&self.tx)
            .await?;
        // Clocks of several machines differ, and a change may have waited: intervals follow each other all the same.
        let Some(ending) = ending else {
            return Ok(self.now);
        };
        let now = Ord::max(self.now, ending.starts_at + TimeDelta::microseconds(1));
        publication::Entity::update_many()
            .col_expr(publication::Column::EndsAt, Expr::value(now))
            .filter(open)
            .exec(&self.tx)
            .await?;
        Ok(now)
    }

    /// Makes the entry no longer public. Who needs it must have been looked after.
    pub(super) async fn withdraw(&self, id: EntryId, entry: &entry::Model) -> Result<()> {
        for_type!(id.content_type, C => self.lower::<C>(id).await)?;
        self.end_publication(id).await?;
        entry::Entity::update_many()
            .col_expr(entry::Column::PublishedRevision, Expr::value(None::<i32>))
            .col_expr(entry::Column::UpdatedAt, Expr::value(self.now))
            .filter(entry::Column::Id.eq(id.uuid))
            .exec(&self.tx)
            .await?;
        reference::prune(&self.tx, id.uuid, entry.latest_revision, None).await
    }

    /// The required references of the row that are not public, now that all of the change is.
    async fn not_public<C: Content>(&self, candidate: &Candidate) -> Result<Vec<Problem>> {
        if !C::FIELDS.iter().any(Field::may_require_references) {
            return Ok(Vec::new());
        }
        let row = self
            .known_revision::<C>(candidate.id, candidate.revision)
            .await?;
        let mut problems = Vec::new();
        for field in C::FIELDS.iter().filter(|field| field.required.by(&row)) {
            for target in field.targets(&row) {
                let target_row = entry::Entity::find_by_id(target.uuid).one(&self.tx).await?;
                let public = target_row.is_some_and(|entry| entry.published_revision.is_some());
                if !public {
                    problems.push(Problem::new(
                        ProblemCode::NotPublic,
                        field.name,
                        format!("{target} is not public"),
                    ));
                }
            }
        }
        Ok(at(candidate.id, problems))
    }
}
