//! Publishing: the one place that moves what is public.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use entity::{entry, entry_id::EntryId, publication};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter,
    prelude::{Expr, Uuid},
};

use super::{Content, anchor, check, field::Kind, reference, types::for_type, write::Change};
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
        let (mut candidates, mut blocked) = (Vec::with_capacity(ids.len()), Vec::new());
        for id in ids.iter().copied().collect::<BTreeSet<_>>() {
            match self.candidate(id).await? {
                Ok(candidate) => candidates.extend(candidate),
                Err(problems) => blocked.extend(at(id, problems)),
            }
        }
        if !blocked.is_empty() {
            return Err(Error::Invalid(blocked));
        }
        if candidates.is_empty() {
            return Ok(());
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

    /// The entry, if its latest revision is not public yet, or what keeps it from becoming so.
    async fn candidate(&self, id: EntryId) -> Result<Result<Option<Candidate>, Vec<Problem>>> {
        let entry = self.entry_with(Right::Publish, id).await?;
        if entry.archived_at.is_some() {
            let message = "lies in the trash; restore it first";
            return Ok(Err(vec![Problem::new(ProblemCode::Invalid, "", message)]));
        }
        let revision = entry.latest_revision;
        if entry.published_revision == Some(revision) {
            return Ok(Ok(None));
        }
        let problems = for_type!(id.content_type, C => {
            let row = self.revision::<C>(id.uuid, revision).await?;
            check::public::<C>(&row, self.app.site.default_locale())
        });
        let candidate = Some(Candidate { id, revision });
        Ok(if problems.is_empty() {
            Ok(candidate)
        } else {
            Err(problems)
        })
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
        let open = Condition::all()
            .add(publication::Column::EntryId.eq(id.uuid))
            .add(publication::Column::EndsAt.is_null());
        let ending = publication::Entity::find()
            .filter(open.clone())
            .one(&self.tx)
            .await?;
        // Clocks of several machines differ, and a change may have waited: intervals follow each other all the same.
        let now = match ending {
            Some(ending) => Ord::max(self.now, ending.starts_at + TimeDelta::microseconds(1)),
            None => self.now,
        };
        publication::Entity::update_many()
            .col_expr(publication::Column::EndsAt, Expr::value(now))
            .filter(open)
            .exec(&self.tx)
            .await?;
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
        Error::Invalid(problems) => Error::Invalid(at(id, problems)),
        error => error,
    }
}

/// The problems, with the entry that they belong to in front of their paths.
fn at(id: EntryId, problems: Vec<Problem>) -> Vec<Problem> {
    let with_entry = |problem: Problem| {
        let path = [id.to_string(), problem.path].join(".");
        Problem {
            path: path.trim_end_matches('.').to_owned(),
            ..problem
        }
    };
    problems.into_iter().map(with_entry).collect()
}
