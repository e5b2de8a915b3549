//! The write pipeline: authorise → load → compare the expected revision → validate → write the revision, its
//! references and its event → commit. All of a [`Change`] is one transaction; what is not committed never was.

use entity::{
    Instant, entry,
    entry_id::EntryId,
    localized::Localized,
    revision,
    stamp::{Stamp, Stamped, TextRevisions},
};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, DbErr, EntityName, EntityTrait,
    ExprTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
    prelude::Expr,
    sea_query::{LockType, Query},
};

use super::{Content, check, position, reference};
use crate::{
    app::App,
    auth::{Principal, Right},
    error::{Conflict, Error, Problem, ProblemCode, Result, on_constraint},
    event::{self, Action, Event},
    id,
};

/// Changes that become true together, or not at all.
pub struct Change {
    pub(super) app: App,
    pub(super) principal: Principal,
    pub(super) tx: DatabaseTransaction,
    pub(super) now: Instant,
    message: Option<String>,
    events: Vec<Event>,
    /// Whether a step has written something and not come to its end.
    pub(super) half_done: bool,
}

impl Change {
    /// Begins a change; `message` says why, for the history.
    pub async fn begin(app: &App, principal: Principal, message: Option<&str>) -> Result<Self> {
        let tx = app.database.begin().await?;
        let (app, message) = (app.clone(), message.map(str::to_owned));
        let now = app.clock.now();
        Ok(Self {
            app,
            principal,
            tx,
            now,
            message,
            events: Vec::new(),
            half_done: false,
        })
    }

    /// Creates an entry with its first revision, a draft.
    pub async fn create<C: Content>(
        &mut self,
        key: Option<&str>,
        content: C::Model,
    ) -> Result<EntryId> {
        self.principal.require(Right::Create)?;
        self.refuse_if_half_done()?;
        self.validate::<C>(key, &content).await?;
        let id = id::entry(C::TYPE);
        let position = if C::POSITIONED {
            self.last_position::<C>().await?
        } else {
            String::new()
        };
        let entry = entry::Model {
            id: id.uuid,
            r#type: C::TYPE,
            key: key.map(str::to_owned),
            position,
            latest_revision: 1,
            published_revision: None,
            published_at: None,
            created_at: self.now,
            created_by: self.principal.account_id(),
            archived_at: None,
        };
        self.half_done = true;
        let insert = entry::Entity::insert(entry.into_active_model())
            .exec_without_returning(&self.tx)
            .await;
        on_constraint(insert, "entry_type_key_key", || {
            Problem::new(
                ProblemCode::Taken,
                "key",
                "belongs to another entry of this type",
            )
        })?;
        self.save::<C>(id, 1, content, None).await?;
        self.tell(Action::EntryCreated, id, 1);
        self.half_done = false;
        Ok(id)
    }

    /// Saves a new revision of an entry that stands at `expected`; returns its number.
    pub async fn update<C: Content>(
        &mut self,
        id: EntryId,
        expected: i32,
        content: C::Model,
    ) -> Result<i32> {
        self.refuse_if_half_done()?;
        if id.content_type != C::TYPE {
            return Err(not_found(id));
        }
        let entry = self.entry_with(Right::Change, id).await?;
        if entry.archived_at.is_some() {
            return Err(Error::invalid(
                ProblemCode::Invalid,
                "id",
                "lies in the trash; restore it first",
            ));
        }
        if entry.latest_revision != expected {
            return Err(conflict(id, expected, entry.latest_revision));
        }
        self.validate::<C>(None, &content).await?;
        let revision = expected + 1;
        self.half_done = true;
        self.advance(id, expected, revision).await?;
        let latest = Condition::all()
            .add(Expr::col("entry_id").eq(id.uuid))
            .add(Expr::col("latest"));
        let previous = C::Entity::find()
            .filter(latest.clone())
            .one(&self.tx)
            .await?;
        self.set_flag::<C>("latest", false, latest).await?;
        self.save::<C>(id, revision, content, previous).await?;
        reference::prune(&self.tx, id.uuid, revision, entry.published_revision).await?;
        self.tell(Action::EntryUpdated, id, revision);
        self.half_done = false;
        Ok(revision)
    }

    /// Makes the change true for everybody. Returns only when it is safe on disk. A change of which a step failed
    /// halfway is refused as a whole.
    pub async fn commit(self) -> Result<()> {
        self.refuse_if_half_done()?;
        event::record(
            &self.tx,
            &self.events,
            self.principal.account_id(),
            self.now,
        )
        .await?;
        self.tx.commit().await.map_err(Error::from)
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
        let select = entry::Entity::find_by_id(id.uuid)
            .filter(entry::Column::Type.eq(id.content_type))
            .lock(LockType::NoKeyUpdate);
        select.one(&self.tx).await.map_err(Error::from)
    }

    /// The entry, locked, if the principal has the right on it. Whoever may not know of it is told that it does not exist.
    pub(super) async fn entry_with(&self, right: Right, id: EntryId) -> Result<entry::Model> {
        self.principal.require(right)?;
        let entry = self.entry(id).await?.ok_or_else(|| not_found(id))?;
        let known = entry.published_revision.is_some()
            || self
                .principal
                .require_on(Right::ReadDrafts, entry.created_by)
                .is_ok();
        if !known {
            return Err(not_found(id));
        }
        self.principal.require_on(right, entry.created_by)?;
        Ok(entry)
    }

    async fn validate<C: Content>(&self, key: Option<&str>, content: &C::Model) -> Result<()> {
        let mut problems = check::saved::<C>(content, &self.app.site.locales);
        if let Some(fault) = key.and_then(check::key_fault) {
            problems.push(Problem::new(ProblemCode::Invalid, "key", fault));
        }
        if !problems.is_empty() {
            return Err(Error::Invalid(problems));
        }
        reference::check_targets::<C>(&self.tx, content).await
    }

    /// Moves the entry on to its next revision, unless somebody else was first.
    async fn advance(&self, id: EntryId, from: i32, to: i32) -> Result<()> {
        let moved = entry::Entity::update_many()
            .col_expr(entry::Column::LatestRevision, Expr::value(to))
            .filter(entry::Column::Id.eq(id.uuid))
            .filter(entry::Column::LatestRevision.eq(from))
            .exec(&self.tx)
            .await?;
        if moved.rows_affected == 1 {
            Ok(())
        } else {
            Err(conflict(id, from, to))
        }
    }

    async fn save<C: Content>(
        &self,
        id: EntryId,
        number: i32,
        mut content: C::Model,
        previous: Option<C::Model>,
    ) -> Result<()> {
        let row = revision::ActiveModel {
            entry_id: Set(id.uuid),
            number: Set(number),
            saved_at: Set(self.now),
            saved_by: Set(self.principal.account_id()),
            message: Set(self.message.clone()),
        };
        revision::Entity::insert(row)
            .exec_without_returning(&self.tx)
            .await?;
        let text_revisions = text_revisions::<C>(&content, previous.as_ref(), number);
        content.set_stamp(Stamp {
            entry_id: id.uuid,
            revision: number,
            saved_at: self.now,
            text_revisions,
        });
        reference::record::<C>(&self.tx, id.uuid, number, &content).await?;
        C::Entity::insert(content.into_active_model().reset_all())
            .exec_without_returning(&self.tx)
            .await?;
        Ok(())
    }

    /// Moves one of the two flags of the rows that the condition names.
    pub(super) async fn set_flag<C: Content>(
        &self,
        flag: &'static str,
        value: bool,
        condition: Condition,
    ) -> Result<(), DbErr> {
        let update = Query::update()
            .table(C::Entity::default().table_ref())
            .value(flag, value)
            .cond_where(condition)
            .to_owned();
        self.tx.execute(&update).await.map(|_| ())
    }

    /// A place after all entries of the type.
    async fn last_position<C: Content>(&self) -> Result<String> {
        let last: Option<String> = entry::Entity::find()
            .select_only()
            .column(entry::Column::Position)
            .filter(entry::Column::Type.eq(C::TYPE))
            .order_by_desc(entry::Column::Position)
            .limit(1)
            .into_tuple()
            .one(&self.tx)
            .await?;
        Ok(position::after(last.as_deref(), self.app.clock.random()))
    }
}

fn conflict(entry: EntryId, expected: i32, latest: i32) -> Error {
    Error::Conflict(Box::new(Conflict {
        entry,
        expected,
        latest,
        clashes: Vec::new(),
    }))
}

/// The error for an entry that is not there, or that the principal may not know of.
pub(super) fn not_found(id: EntryId) -> Error {
    Error::invalid(ProblemCode::NotFound, "id", format!("{id} does not exist"))
}

/// When the texts of each locale last changed, seen from this revision.
fn text_revisions<C: Content>(
    content: &C::Model,
    previous: Option<&C::Model>,
    number: i32,
) -> TextRevisions {
    let before = previous
        .map(|previous| previous.stamp().text_revisions.0)
        .unwrap_or_default();
    let texts = |row| C::FIELDS.iter().filter_map(move |field| field.texts(row));
    let changed = |locale: &str| {
        let pairs = previous
            .into_iter()
            .flat_map(|previous| texts(previous).zip(texts(content)));
        pairs
            .into_iter()
            .any(|(old, new): (&Localized, &Localized)| old.get(locale) != new.get(locale))
    };
    let locales = texts(content).flat_map(|texts| texts.0.keys());
    let revisions = locales.map(|locale| match before.get(locale) {
        Some(revision) if !changed(locale) => (locale.clone(), *revision),
        _ => (locale.clone(), number),
    });
    TextRevisions(revisions.collect())
}
