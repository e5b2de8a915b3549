//! The write pipeline: authorise → load → merge with what others saved since → validate → write the revision, its
//! references, its search text and its event → commit.

use entity::{
    entry,
    entry_id::EntryId,
    revision,
    stamp::{Stamp, Stamped},
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, EntityTrait, ExprTrait,
    IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, QueryTrait, prelude::Expr,
    sea_query::Query,
};

pub use super::change::Change;
use super::{
    Content,
    change::{not_found, refuse_archived, setting_flag, stale},
    check,
    input::Input,
    merge::{Fields, clashes_without_base, merge},
    origin::{Origin, changed_fields, text_revisions},
    patch::Patch,
    position, reference, search_text, sort_key,
};
use crate::{
    auth::Right,
    database::Batch,
    error::{Clash, Error, Problem, ProblemCode, Result, on_constraint},
    event::Action,
    id, identifier,
};

/// What a save is based on, and whether it may take the place of the one before.
#[derive(Clone, Copy, Debug)]
pub struct Saving {
    /// The revision that the editor saw.
    pub expected: i32,
    /// Whether it was saved by itself while the editor writes: it then replaces the account's last unpublished revision
    /// of the last five minutes.
    pub autosave: bool,
}

impl Change {
    /// Creates an entry with its first revision, a draft.
    pub async fn create<C: Content>(
        &mut self,
        key: Option<&str>,
        content: C::Model,
    ) -> Result<EntryId> {
        let saved = revision::Origin::Saved;
        self.create_like::<C>(key, content, None, saved).await
    }

    /// The same; what the row `before` says in locales that the site does not have may stay.
    pub(super) async fn create_like<C: Content>(
        &mut self,
        key: Option<&str>,
        content: C::Model,
        before: Option<&C::Model>,
        kind: revision::Origin,
    ) -> Result<EntryId> {
        self.principal.require(Right::Create)?;
        self.principal.require_type(C::TYPE)?;
        self.refuse_if_half_done()?;
        let key = key.map(|key| identifier::normalize(identifier::trim(key)));
        let key = key.as_deref();
        let content = self.validated::<C>(key, content, before).await?;
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
            updated_at: self.now,
            archived_at: None,
        };
        self.half_done = true;
        let insert = entry::Entity::insert(entry.clone().into_active_model())
            .exec_without_returning(&self.tx)
            .await;
        on_constraint(insert, "entry_type_key_key", || {
            Problem::new(
                ProblemCode::Taken,
                "key",
                "belongs to another entry of this type",
            )
        })?;
        let batch = self.revision_batch::<C>(id, 1, content, &Origin::nothing().by(kind))?;
        reference::found(batch.execute(&self.tx).await)?;
        self.locks.add(entry);
        self.counts.list(C::TYPE, 1);
        self.tell(Action::EntryCreated, id, 1);
        self.half_done = false;
        Ok(id)
    }

    /// Creates an entry from what an editor sent.
    pub async fn create_from<C: Content>(
        &mut self,
        key: Option<&str>,
        content: C::Model,
        patch: Patch,
    ) -> Result<EntryId> {
        self.principal.require(Right::Create)?;
        let lacking = patch.lacks(&C::Input::places(""));
        let patched = patch.apply::<C>(fields_of(&content)?, &empty::<C>()?);
        let fields = match (patched, lacking) {
            (Ok(fields), lacking) if lacking.is_empty() => fields,
            (patched, mut problems) => {
                problems.extend(patched.err().unwrap_or_default());
                return Err(Error::Invalid(problems));
            }
        };
        self.create::<C>(key, row_of::<C>(fields)?).await
    }

    /// Saves content as a whole, merged with what others saved since the revision that it is based on; returns the number
    /// of the entry's latest revision.
    pub async fn update<C: Content>(
        &mut self,
        id: EntryId,
        expected: i32,
        content: C::Model,
    ) -> Result<i32> {
        let saving = Saving {
            expected,
            autosave: false,
        };
        let fields = fields_of(&content)?;
        self.save::<C>(id, saving, |_| Ok(fields)).await
    }

    /// Saves what an editor sent; as [`Change::update`].
    pub async fn edit<C: Content>(
        &mut self,
        id: EntryId,
        saving: Saving,
        patch: Patch,
    ) -> Result<i32> {
        let empty = empty::<C>()?;
        let edit = |fields| patch.apply::<C>(fields, &empty).map_err(Error::Invalid);
        self.save::<C>(id, saving, edit).await
    }

    async fn save<C: Content>(
        &mut self,
        id: EntryId,
        saving: Saving,
        edit: impl FnOnce(Fields) -> Result<Fields>,
    ) -> Result<i32> {
        self.refuse_if_half_done()?;
        self.principal.require(Right::Change)?;
        if id.content_type != C::TYPE {
            return Err(not_found(id));
        }
        let (entry, latest) = self.latest_with::<C>(Right::Change, id).await?;
        refuse_archived(&entry)?;
        let theirs = fields_of(&latest)?;
        let merged = if saving.expected == entry.latest_revision {
            edit(theirs.clone())?
        } else {
            let base = self.revision::<C>(id, saving.expected).await?;
            let base = base.map(|base| fields_of(&base)).transpose()?;
            let yours = edit(base.clone().unwrap_or_else(|| theirs.clone()))?;
            match merged::<C>(base, &theirs, &yours) {
                Ok(merged) => merged,
                Err(clashes) => {
                    let expected = saving.expected;
                    return Err(self.conflict::<C>(id, &entry, expected, clashes).await?);
                }
            }
        };
        // Every save makes a revision, but for those that nobody asked for.
        if saving.autosave && merged == theirs {
            return Ok(entry.latest_revision);
        }
        let content = self
            .validated::<C>(None, row_of::<C>(merged)?, Some(&latest))
            .await?;
        let revision = if saving.autosave {
            self.save_in_series::<C>(id, &entry, content, &latest)
                .await?
        } else {
            let kind = if saving.expected == entry.latest_revision {
                revision::Origin::Saved
            } else {
                revision::Origin::Merged
            };
            self.advance::<C>(id, &entry, content, &Origin::of(&latest).by(kind))
                .await?
        };
        self.tell(Action::EntryUpdated, id, revision);
        Ok(revision)
    }

    async fn save_in_series<C: Content>(
        &mut self,
        id: EntryId,
        entry: &entry::Model,
        content: C::Model,
        latest: &C::Model,
    ) -> Result<i32> {
        let series = self.series::<C>(id, entry).await?;
        let before_all = series.replaced.as_ref().map(|(_, before)| before.as_ref());
        let origin = Origin {
            texts: Some(latest),
            fields: before_all.unwrap_or(Some(latest)),
            autosave_since: Some(series.since),
            kind: revision::Origin::Autosaved,
        };
        let revision = self.advance::<C>(id, entry, content, &origin).await?;
        if let Some((replaced, _)) = series.replaced {
            self.replace_revision(id, replaced).await?;
        }
        Ok(revision)
    }

    /// Writes the next revision of an entry, and makes it the latest; returns its number.
    pub(super) async fn advance<C: Content>(
        &mut self,
        id: EntryId,
        entry: &entry::Model,
        content: C::Model,
        origin: &Origin<'_, C::Model>,
    ) -> Result<i32> {
        self.half_done = true;
        self.locks.written(id.uuid);
        let revision = self.next_revision::<C>(id, entry).await?;
        let mut batch = self.revision_batch::<C>(id, revision, content, origin)?;
        let had_none = origin.texts.is_some_and(|before| {
            before.stamp().revision == entry.latest_revision && !reference::has_any::<C>(before)
        });
        if !had_none {
            batch.add(reference::pruning(
                id.uuid,
                revision,
                entry.published_revision,
            ));
        }
        reference::found(batch.execute(&self.tx).await)?;
        self.half_done = false;
        Ok(revision)
    }

    /// The content, if it can be saved. What the row `before` refers to may stay, whoever saves, and is left out where it
    /// exists no more; what it says in locales that the site does not have stays, too.
    pub(super) async fn validated<C: Content>(
        &self,
        key: Option<&str>,
        content: C::Model,
        before: Option<&C::Model>,
    ) -> Result<C::Model> {
        let mut problems = check::saved::<C>(&content, before, &self.app.site.locales);
        if let Some(fault) = key.and_then(check::key_fault) {
            problems.push(Problem::new(ProblemCode::Invalid, "key", fault));
        }
        if !problems.is_empty() {
            return Err(Error::Invalid(problems));
        }
        reference::checked::<C>(&self.tx, &self.principal, content, before).await
    }

    /// Allocates the next revision number of the entry and clears the flag of its latest row.
    ///
    /// # Errors
    ///
    /// A conflict if another change was first.
    async fn next_revision<C: Content>(&self, id: EntryId, entry: &entry::Model) -> Result<i32> {
        let greatest = Query::select()
            .expr(Expr::col(revision::Column::Number).max().add(1))
            .from(revision::Entity)
            .and_where(Expr::col(revision::Column::EntryId).eq(id.uuid))
            .to_owned();
        let moved = entry::Entity::update_many()
            .col_expr(
                entry::Column::LatestRevision,
                Expr::SubQuery(None, Box::new(greatest.into())),
            )
            .col_expr(entry::Column::UpdatedAt, Expr::value(self.now))
            .filter(entry::Column::Id.eq(id.uuid))
            .filter(entry::Column::LatestRevision.eq(entry.latest_revision))
            .into_query()
            .returning_col(entry::Column::LatestRevision)
            .to_owned();
        let latest = Condition::all()
            .add(Expr::col("entry_id").eq(id.uuid))
            .add(Expr::col("latest"));
        let mut batch = Batch::default();
        batch.add(setting_flag::<C>("latest", false, latest));
        let moved = batch.execute_with(&self.tx, moved).await?;
        // The entry is locked, so that nobody can have been faster who asks for the lock.
        let moved = moved.first().ok_or_else(|| {
            let seen = entry.latest_revision;
            stale(id, seen, seen + 1)
        })?;
        Ok(moved.try_get("", "latest_revision")?)
    }

    /// Returns what writes a revision of an entry: the revision, what it refers to, what it says, and the content.
    fn revision_batch<C: Content>(
        &self,
        id: EntryId,
        number: i32,
        mut content: C::Model,
        origin: &Origin<'_, C::Model>,
    ) -> Result<Batch> {
        let row = revision::ActiveModel {
            entry_id: Set(id.uuid),
            number: Set(number),
            saved_at: Set(self.now),
            saved_by: Set(self.principal.account_id()),
            message: Set(self.message.clone()),
            changed_fields: Set(changed_fields::<C>(origin.fields, &content)?),
            autosave_since: Set(origin.autosave_since),
            origin: Set(origin.kind),
            replaced_at: Set(None),
        };
        let mut batch = Batch::default();
        batch.add(revision::Entity::insert(row).into_query());
        sort_key::write::<C>(&mut content);
        let text_revisions = text_revisions::<C>(&content, origin.texts, number);
        content.set_stamp(Stamp {
            entry_id: id.uuid,
            revision: number,
            saved_at: self.now,
            text_revisions,
        });
        if let Some(references) = reference::recording::<C>(id.uuid, number, &content) {
            batch.add(references);
        }
        batch.add(search_text::recording::<C>(id.uuid, &content));
        batch.add(C::Entity::insert(content.into_active_model().reset_all()).into_query());
        Ok(batch)
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

/// Both changes in one, or where they clash.
fn merged<C: Content>(
    base: Option<Fields>,
    theirs: &Fields,
    yours: &Fields,
) -> Result<Fields, Vec<Clash>> {
    let columns = C::columns();
    match base {
        Some(base) => merge(&columns, &base, theirs, yours),
        None => match clashes_without_base(&columns, theirs, yours) {
            clashes if clashes.is_empty() => Ok(theirs.clone()),
            clashes => Err(clashes),
        },
    }
}

/// The content of a row, by the names of its fields.
pub(super) fn fields_of<M: serde::Serialize>(row: &M) -> Result<Fields> {
    match serde_json::to_value(row).map_err(Error::internal)? {
        serde_json::Value::Object(fields) => Ok(fields),
        _ => Err(Error::internal("a row is no object")),
    }
}

/// The row with this content.
pub(super) fn row_of<C: Content>(fields: Fields) -> Result<C::Model> {
    serde_json::from_value(serde_json::Value::Object(fields)).map_err(Error::internal)
}

/// The content of an entry without any.
pub(super) fn empty<C: Content>() -> Result<Fields> {
    fields_of(&C::Model::default())
}
