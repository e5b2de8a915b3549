//! A change: one transaction, in which everything becomes true together or not at all.
//!
//! Steps are applied as often as wanted, in any order; [`Change::seal`] consumes the change and makes it true. What steps say
//! of what is public is only noted, and done by the seal for all of them at once: between two steps nothing must fit yet.

use std::collections::{BTreeMap, BTreeSet};

use entity::{Instant, entry, entry_id::EntryId, stamp::Stamped};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityName, EntityTrait, ExprTrait,
    QueryFilter, QuerySelect,
    prelude::Expr,
    sea_query::{LockType, Query, UpdateStatement},
};

use super::{
    Content, check, count::Counts, lock::Locks, publish::PublicMove, row::Row, seal::Hook,
    view::View,
};
use crate::{
    app::App,
    auth::{Principal, Right, authority},
    database::{Snapshot, Transaction, only},
    error::{Conflict, Error, Problem, ProblemCode, Result},
    event::{Action, Event},
    identifier,
};

/// Changes that become true together, or not at all.
pub struct Change {
    pub(super) app: App,
    pub(super) principal: Principal,
    pub(super) tx: Transaction,
    pub(super) now: Instant,
    pub(super) message: Option<String>,
    pub(super) events: Vec<Event>,
    pub(super) counts: Counts,
    /// The entries that it holds.
    pub(super) locks: Locks,
    /// What is to be public of entries in the end.
    pub(super) moves: BTreeMap<EntryId, PublicMove>,
    /// Entries that are to be in the trash in the end, since when, and those that are to be out of it.
    pub(super) trash: BTreeMap<EntryId, Option<Instant>>,
    /// Whether a step has written something and not come to its end.
    pub(super) half_done: bool,
    /// Files of erased assets that no other asset has.
    pub(super) erased_files: BTreeSet<String>,
    /// What follows the commit.
    pub(super) hooks: Vec<Hook>,
    /// Whether it only checks what a publication would come to: it then locks nothing and writes nothing.
    pub(super) is_trial: bool,
}

impl Change {
    /// Begins a change; `message` says why, for the history.
    pub async fn begin(app: &App, principal: Principal, message: Option<&str>) -> Result<Self> {
        let message = message.map(identifier::trim_end);
        if let Some(fault) = message.and_then(check::message_fault) {
            return Err(Error::invalid(ProblemCode::Invalid, "message", fault));
        }
        let tx = authority::begin(app, &principal).await?;
        let mut change = Self::over(app, principal, tx, message);
        let footprint = app.footprint.ids();
        if !footprint.is_empty() {
            change.lock(&footprint).await?;
        }
        Ok(change)
    }

    /// A change that checks a publication on a snapshot: see [`super::trial`].
    pub(super) async fn on_trial(
        app: &App,
        principal: Principal,
        snapshot: &Snapshot,
    ) -> Result<Self> {
        let tx = snapshot.transaction().await?;
        Ok(Self {
            is_trial: true,
            ..Self::over(app, principal, tx, None)
        })
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
            locks: Locks::default(),
            moves: BTreeMap::new(),
            trash: BTreeMap::new(),
            half_done: false,
            erased_files: BTreeSet::new(),
            hooks: Vec::new(),
            is_trial: false,
        }
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

    /// The entry with the public revision that the steps so far give it, in the trash or out of it as they leave it.
    pub(super) fn with_move(&self, mut entry: entry::Model) -> entry::Model {
        let id = id_of(&entry);
        if let Some(to) = self.moves.get(&id) {
            entry.published_revision = to.revision();
        }
        if let Some(archived_at) = self.trash.get(&id) {
            entry.archived_at = *archived_at;
        }
        entry
    }

    /// The entry, locked, if the principal has the right on it. Whoever may not know of it is told that it does not exist.
    pub(super) async fn entry_with(&mut self, right: Right, id: EntryId) -> Result<entry::Model> {
        self.principal.require(right)?;
        let entry = self.entry(id).await?;
        self.allowed(right, id, entry)
    }

    /// The same, with the content of its latest revision, in one statement unless the entry is locked already or out of order.
    pub(super) async fn latest_with<C: Content>(
        &mut self,
        right: Right,
        id: EntryId,
    ) -> Result<(entry::Model, C::Model)> {
        self.principal.require(right)?;
        if self.locks.model(id.uuid).is_some()
            || !self.locks.may_wait_for(&BTreeSet::from([id.uuid]))
        {
            let entry = self.entry_with(right, id).await?;
            let content = self.known_revision::<C>(id, entry.latest_revision).await?;
            return Ok((entry, content));
        }
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
        if let Some(entry) = &entry {
            self.locks.add_waited(entry.clone());
        }
        let entry = entry.map(|entry: entry::Model| self.with_move(entry));
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
    pub(super) fn show(&self, id: EntryId) {
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
