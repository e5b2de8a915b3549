//! Publishing: the one place that moves what is public.

use std::collections::BTreeSet;

use entity::{entry, entry_id::EntryId, publication};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter,
    prelude::{Expr, Uuid},
};

use super::{
    Content, anchor, check,
    field::Kind,
    reference,
    types::for_type,
    write::{Change, not_found},
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
    /// Makes the latest revision of each entry the public one: of all, or of none.
    pub async fn publish(&mut self, ids: &[EntryId]) -> Result<()> {
        let mut candidates = Vec::with_capacity(ids.len());
        for id in ids.iter().copied().collect::<BTreeSet<_>>() {
            candidates.extend(self.candidate(id).await?);
        }
        self.half_done = true;
        // All flags go down before any goes up, so that entries may hand on what is unique among the public.
        for candidate in &candidates {
            for_type!(candidate.id.content_type, C => self.lower::<C>(candidate).await)?;
        }
        for candidate in &candidates {
            for_type!(candidate.id.content_type, C => self.raise::<C>(candidate).await)?;
            self.record_publication(candidate).await?;
        }
        event::hold(&self.tx).await?;
        let mut problems = Vec::new();
        for candidate in &candidates {
            problems.extend(
                for_type!(candidate.id.content_type, C => self.not_public::<C>(candidate).await)?,
            );
        }
        problems.extend(
            anchor::taken(&self.tx, &ids.iter().map(|id| id.uuid).collect::<Vec<_>>()).await?,
        );
        if !problems.is_empty() {
            return Err(Error::Invalid(problems));
        }
        for Candidate { id, revision } in candidates {
            self.tell(Action::EntryPublished, id, revision);
        }
        self.half_done = false;
        Ok(())
    }

    /// The entry, if its latest revision may become public and is not public yet.
    async fn candidate(&self, id: EntryId) -> Result<Option<Candidate>> {
        let entry = self.entry(id).await?.ok_or_else(|| not_found(id))?;
        self.principal
            .require_on(Right::Publish, entry.created_by)?;
        if entry.archived_at.is_some() {
            return Err(Error::invalid(
                ProblemCode::Invalid,
                id.to_string(),
                "lies in the trash; restore it first",
            ));
        }
        if entry.published_revision == Some(entry.latest_revision) {
            return Ok(None);
        }
        let revision = entry.latest_revision;
        let problems = for_type!(id.content_type, C => {
            let row = self.revision::<C>(id.uuid, revision).await?;
            check::public::<C>(&row, self.app.site.default_locale())
        });
        if problems.is_empty() {
            Ok(Some(Candidate { id, revision }))
        } else {
            Err(at(id, problems))
        }
    }

    async fn revision<C: Content>(&self, id: Uuid, revision: i32) -> Result<C::Model> {
        let named = Condition::all()
            .add(Expr::col("entry_id").eq(id))
            .add(Expr::col("revision").eq(revision));
        let row = C::Entity::find().filter(named).one(&self.tx).await?;
        row.ok_or_else(|| Error::internal(format!("{} {id} has no revision {revision}", C::NAME)))
    }

    async fn lower<C: Content>(&self, candidate: &Candidate) -> Result<()> {
        let public = Condition::all()
            .add(Expr::col("entry_id").eq(candidate.id.uuid))
            .add(Expr::col("published"));
        self.set_flag::<C>("published", false, public).await?;
        Ok(())
    }

    async fn raise<C: Content>(&self, candidate: &Candidate) -> Result<()> {
        let named = Condition::all()
            .add(Expr::col("entry_id").eq(candidate.id.uuid))
            .add(Expr::col("revision").eq(candidate.revision));
        let raised = self.set_flag::<C>("published", true, named).await;
        let taken = || {
            Problem::new(
                ProblemCode::Taken,
                "slug",
                "is the address of another public page",
            )
        };
        on_constraint(raised, "page_slug_key", taken)
            .map_err(|error| within(candidate.id, error))?;
        Ok(())
    }

    async fn record_publication(&self, Candidate { id, revision }: &Candidate) -> Result<()> {
        publication::Entity::update_many()
            .col_expr(publication::Column::EndsAt, Expr::value(self.now))
            .filter(publication::Column::EntryId.eq(id.uuid))
            .filter(publication::Column::EndsAt.is_null())
            .exec(&self.tx)
            .await?;
        let row = publication::ActiveModel {
            id: Set(id::new()),
            entry_id: Set(id.uuid),
            revision: Set(*revision),
            starts_at: Set(self.now),
            ends_at: Set(None),
            published_by: Set(self.principal.account_id()),
        };
        publication::Entity::insert(row)
            .exec_without_returning(&self.tx)
            .await?;
        entry::Entity::update_many()
            .col_expr(entry::Column::PublishedRevision, Expr::value(*revision))
            .col_expr(entry::Column::PublishedAt, Expr::value(self.now))
            .filter(entry::Column::Id.eq(id.uuid))
            .exec(&self.tx)
            .await?;
        reference::prune(&self.tx, id.uuid, *revision, Some(*revision)).await
    }

    /// The required references of the row that are not public, now that all of the change is.
    async fn not_public<C: Content>(&self, candidate: &Candidate) -> Result<Vec<Problem>> {
        let required = || {
            let fields = C::FIELDS.iter().filter(|field| field.required);
            fields.filter(|field| matches!(field.kind, Kind::Reference(..) | Kind::References(..)))
        };
        if required().next().is_none() {
            return Ok(Vec::new());
        }
        let row = self
            .revision::<C>(candidate.id.uuid, candidate.revision)
            .await?;
        let mut problems = Vec::new();
        for field in required() {
            for target in field.targets(&row) {
                let target_row = entry::Entity::find_by_id(target.uuid).one(&self.tx).await?;
                let public = target_row.is_some_and(|entry| entry.published_revision.is_some());
                if !public {
                    let path = format!("{}.{}", candidate.id, field.name);
                    problems.push(Problem::new(
                        ProblemCode::NotPublic,
                        path,
                        format!("{target} is not public"),
                    ));
                }
            }
        }
        Ok(problems)
    }
}

fn within(id: EntryId, error: Error) -> Error {
    match error {
        Error::Invalid(problems) => at(id, problems),
        error => error,
    }
}

/// The problems, with the entry that they belong to in front of their paths.
fn at(id: EntryId, problems: Vec<Problem>) -> Error {
    let with_entry = |problem: Problem| Problem {
        path: format!("{id}.{}", problem.path),
        ..problem
    };
    Error::Invalid(problems.into_iter().map(with_entry).collect())
}
