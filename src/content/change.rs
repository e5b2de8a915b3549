//! A change: one transaction, in which everything becomes true together or not at all.

use std::collections::{BTreeSet, HashMap};

use entity::{Instant, entry, entry_id::EntryId, stamp::Stamped};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityName, EntityTrait, ExprTrait,
    QueryFilter, QueryOrder, QuerySelect, Select,
    prelude::Expr,
    sea_query::{LockType, Query, UpdateStatement},
};
use tracing::Instrument;

use super::{Content, check, count::Counts, media_removal, row::Row, view::View};
use crate::{
    app::App,
    auth::{Principal, Right, authority},
    database::{Snapshot, Transaction, only},
    error::{Conflict, Error, Problem, ProblemCode, Result},
    event::{self, Action, Event},
    identifier,
    telemetry::traces,
};

/// Changes that become true together, or not at all.
pub struct Change {
    pub(super) app: App,
    pub(super) principal: Principal,
    pub(super) tx: Transaction,
    pub(super) now: Instant,
    pub(super) message: Option<String>,
    events: Vec<Event>,
    pub(super) counts: Counts,
    /// When what the change publishes becomes public, and what it withdraws ceases to be.
    pub(super) moment: Option<Instant>,
    /// Whether a step has written something and not come to its end.
    pub(super) half_done: bool,
    /// Whether it erases anything.
    pub(super) erases: bool,
    /// Files of erased assets that no other asset has.
    pub(super) erased_files: BTreeSet<String>,
    /// Whether it only checks what the change would come to: it then locks nothing, writes nothing, and cannot be committed.
    pub(super) is_trial: bool,
}

impl Change {
    /// Begins a trial, which runs the checks of a publication on a snapshot.
    pub async fn trial(app: &App, principal: Principal, snapshot: &Snapshot) -> Result<Self> {
        let tx = snapshot.transaction().await?;
        Ok(Self {
            is_trial: true,
            ..Self::over(app, principal, tx, None)
        })
    }

    /// Begins a change; `message` says why, for the history.
    pub async fn begin(app: &App, principal: Principal, message: Option<&str>) -> Result<Self> {
        let message = message.map(identifier::trim_end);
        if let Some(fault) = message.and_then(check::message_fault) {
            return Err(Error::invalid(ProblemCode::Invalid, "message", fault));
        }
        let tx = authority::begin(app, &principal).await?;
        Ok(Self::over(app, principal, tx, message))
    }

    fn over(app: &App, principal: Principal, tx: Transaction, message: Option<&str>) -> Self {
        Self {
            app: app.clone(),
            principal,
            tx,
            now: app.clock.now(),
            message: message.map(str::to_owned),
            events: Vec::new(),
            counts: Counts::default(),
            moment: None,
            half_done: false,
            erases: false,
            erased_files: BTreeSet::new(),
            is_trial: false,
        }
    }

    /// Makes the change true for everybody. Returns only when it is safe on disk. A change of which a step failed
    /// halfway is refused as a whole.
    pub async fn commit(self) -> Result<()> {
        self.refuse_if_half_done()?;
        if self.is_trial {
            return Err(Error::internal("a trial cannot be committed"));
        }
        if !self.erases {
            return self.conclude().await;
        }
        // Carried through even if nobody waits for it any more: what is erased must be gone.
        let erasing = traces::carried(self.conclude_erasure().in_current_span());
        tokio::spawn(erasing).await.map_err(Error::internal)?
    }

    async fn conclude(self) -> Result<()> {
        let by = self.principal.by();
        let now = self.moment.unwrap_or(self.now);
        let recorded = event::record(&self.tx, &self.events, by, now).await?;
        self.counts.record(&self.tx).await?;
        self.tx.commit().await?;
        event::tail::record_own(&self.app.database.changes, &self.events, &recorded);
        Ok(())
    }

    /// The same for a change that erases: no file of it is served from the commit on, and all of it is removed. What cannot
    /// be removed now, the worker removes later.
    async fn conclude_erasure(mut self) -> Result<()> {
        let app = self.app.clone();
        let files: Vec<String> = std::mem::take(&mut self.erased_files).into_iter().collect();
        app.media.withhold(&files);
        if let Err(error) = self.conclude().await {
            app.media.release(&files);
            return Err(error);
        }
        app.database.expect_wal_truncation();
        if let Err(error) = media_removal::carry_out(&app).await {
            let cause = std::error::Error::source(&error);
            tracing::warn!(%error, cause, "files of erased assets could not be removed, and are not served");
        }
        if let Err(error) = app.database.truncate_wal_if_due().await {
            let cause = std::error::Error::source(&error);
            tracing::warn!(%error, cause, "the write-ahead log could not be truncated yet");
        }
        Ok(())
    }

    /// Nothing follows a step that failed halfway.
    pub(super) fn refuse_if_half_done(&self) -> Result<()> {
        if self.half_done {
            return Err(Error::internal("a step of the change failed halfway"));
        }
        Ok(())
    }

    /// Notes what happened, for the log.
    pub(super) fn tell(&mut self, action: Action, entry: EntryId, revision: i32) {
        self.events.push(Event {
            action,
            entry,
            revision,
        });
    }

    /// The entry, locked against other changes until the commit.
    pub(super) async fn entry(&self, id: EntryId) -> Result<Option<entry::Model>> {
        let select =
            entry::Entity::find_by_id(id.uuid).filter(entry::Column::Type.eq(id.content_type));
        only(&self.tx, self.locking(select)).await
    }

    /// The entries that exist, locked against other changes until the commit: in the order of their ids, so that two changes
    /// never wait for each other. A step that changes several entries locks all of them with one call, before it does
    /// anything else.
    pub(super) async fn entries(
        &self,
        ids: impl IntoIterator<Item = EntryId>,
    ) -> Result<HashMap<EntryId, entry::Model>> {
        let select = entry::Entity::find()
            .filter(entry::Column::Id.is_in(ids.into_iter().map(|id| id.uuid)))
            .order_by_asc(entry::Column::Id);
        let entries = self.locking(select).all(&self.tx).await?;
        Ok(entries
            .into_iter()
            .map(|entry| (id_of(&entry), entry))
            .collect())
    }

    fn locking(&self, select: Select<entry::Entity>) -> Select<entry::Entity> {
        if self.is_trial {
            select
        } else {
            select.lock(LockType::NoKeyUpdate)
        }
    }

    /// The entry, locked, if the principal has the right on it. Whoever may not know of it is told that it does not exist.
    pub(super) async fn entry_with(&self, right: Right, id: EntryId) -> Result<entry::Model> {
        self.principal.require(right)?;
        let entry = self.entry(id).await?;
        self.allowed(right, id, entry)
    }

    /// The same, with the content of its latest revision, in one statement.
    pub(super) async fn latest_with<C: Content>(
        &self,
        right: Right,
        id: EntryId,
    ) -> Result<(entry::Model, C::Model)> {
        self.principal.require(right)?;
        let column = |name: &'static str| Expr::col((C::Entity::default(), name));
        let is_latest = column("entry_id")
            .equals((entry::Entity, entry::Column::Id))
            .and(column("latest"));
        let mut select = entry::Entity::find_by_id(id.uuid)
            .filter(entry::Column::Type.eq(id.content_type))
            .select_also(C::Entity::default());
        QuerySelect::query(&mut select)
            .left_join(C::Entity::default(), is_latest)
            .lock_with_tables(LockType::NoKeyUpdate, [entry::Entity]);
        let found = select.all(&self.tx).await?.into_iter().next();
        let (entry, content) = found.unzip();
        let entry = self.allowed(right, id, entry)?;
        // A statement that has waited for the lock shows the entry as it is now, beside content from before.
        let content = content.flatten();
        let current = content.filter(|row| row.stamp().revision == entry.latest_revision);
        let content = match current {
            Some(content) => content,
            None => self.known_revision::<C>(id, entry.latest_revision).await?,
        };
        Ok((entry, content))
    }

    /// The entry, unless it does not exist or the principal has not the right on it.
    pub(super) fn allowed(
        &self,
        right: Right,
        id: EntryId,
        entry: Option<entry::Model>,
    ) -> Result<entry::Model> {
        self.principal.require(right)?;
        let known = entry.filter(|entry| self.principal.may_know_of(entry));
        let entry = known.ok_or_else(|| not_found(id))?;
        self.principal.require_on(right, &entry)?;
        Ok(entry)
    }

    /// The content of an entry in one of its revisions.
    pub(super) async fn revision<C: Content>(
        &self,
        id: EntryId,
        revision: i32,
    ) -> Result<Option<C::Model>> {
        self.show(id);
        let named = Condition::all()
            .add(Expr::col("entry_id").eq(id.uuid))
            .add(Expr::col("revision").eq(revision));
        only(&self.tx, C::Entity::find().filter(named)).await
    }

    /// The content of an entry in a revision that it must have.
    pub(super) async fn known_revision<C: Content>(
        &self,
        id: EntryId,
        revision: i32,
    ) -> Result<C::Model> {
        let row = self.revision::<C>(id, revision).await?;
        row.ok_or_else(|| Error::internal(format!("{id} has no revision {revision}")))
    }

    /// The entry as the change has left it, if the view shows it.
    pub async fn shown<C: Content>(
        &self,
        view: &View,
        id: EntryId,
    ) -> Result<Option<Row<C::Model>>> {
        self.show(id);
        let select = view.select::<C>().filter(entry::Column::Id.eq(id.uuid));
        only(&self.tx, select).await
    }

    /// Notes that the answer may show the entry: it is not kept once the entry is erased.
    fn show(&self, id: EntryId) {
        if let Some(claim) = &self.app.claim {
            claim.show([id.uuid]);
        }
    }

    /// Moves one of the two flags of the rows that the condition names.
    pub(super) async fn set_flag<C: Content>(
        &self,
        flag: &'static str,
        value: bool,
        condition: Condition,
    ) -> Result<(), DbErr> {
        let update = setting_flag::<C>(flag, value, condition);
        self.tx.execute(&update).await.map(|_| ())
    }
}

/// Returns the statement that moves one of the two flags of the rows that the condition names.
pub(super) fn setting_flag<C: Content>(
    flag: &'static str,
    value: bool,
    condition: Condition,
) -> UpdateStatement {
    Query::update()
        .table(C::Entity::default().table_ref())
        .value(flag, value)
        .cond_where(condition)
        .to_owned()
}

/// The id of an entry.
pub fn id_of(entry: &entry::Model) -> EntryId {
    EntryId {
        content_type: entry.r#type,
        uuid: entry.id,
    }
}

/// The error for an entry that is not there, or that the principal may not know of.
pub(super) fn not_found(id: EntryId) -> Error {
    Error::invalid(ProblemCode::NotFound, "id", format!("{id} does not exist"))
}

/// Refuses changes of what lies in the trash.
pub(super) fn refuse_archived(entry: &entry::Model) -> Result<()> {
    match entry.archived_at {
        Some(_) => Err(Error::invalid(
            ProblemCode::Invalid,
            "id",
            "lies in the trash; restore it first",
        )),
        None => Ok(()),
    }
}

/// Refuses a change that is based on another revision than the latest one, where there is nothing to merge.
pub(super) fn expect_revision(
    id: EntryId,
    entry: &entry::Model,
    expected: Option<i32>,
) -> Result<()> {
    match expected {
        Some(expected) if expected != entry.latest_revision => {
            Err(stale(id, expected, entry.latest_revision))
        }
        _ => Ok(()),
    }
}

/// The error for a change that is based on another revision than the latest one.
pub(super) fn stale(entry: EntryId, expected: i32, latest: i32) -> Error {
    Error::Conflict(Box::new(Conflict {
        entry,
        expected,
        latest,
        clashes: Vec::new(),
    }))
}

/// The error with the entry that it belongs to in front of the paths of its problems.
pub(super) fn within(id: EntryId, error: Error) -> Error {
    match error {
        Error::Invalid(problems) => Error::Invalid(at(id, problems)),
        error => error,
    }
}

/// The problems, with the entry that they belong to in front of their paths.
pub(super) fn at(id: EntryId, problems: Vec<Problem>) -> Vec<Problem> {
    let with_entry = |problem: Problem| {
        let path = [id.to_string(), problem.path].join(".");
        Problem {
            path: path.trim_end_matches('.').to_owned(),
            ..problem
        }
    };
    problems.into_iter().map(with_entry).collect()
}
