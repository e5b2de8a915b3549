//! One revision of an entry as it comes from the database: the entry's life beside its content.

use std::{any::Any, sync::Arc};

use entity::{
    Instant, entry,
    entry_id::EntryId,
    stamp::{Stamp, Stamped},
};
use sea_orm::{DbErr, FromQueryResult, QueryResult, prelude::Uuid};

use super::Content;

/// A row of a content table, with what its entry says.
#[derive(Clone, Debug)]
pub struct Row<M> {
    /// Its life, for all types alike.
    pub entry: Life,
    /// Its content, in one revision.
    pub content: M,
}

/// What a read needs to know of the entry beside its content.
#[derive(Clone, Debug)]
pub struct Life {
    /// Name by which the outside world knows the entry.
    pub key: Option<String>,
    /// Place in lists of its type.
    pub position: String,
    /// The newest revision.
    pub latest_revision: i32,
    /// The public revision.
    pub published_revision: Option<i32>,
    /// When the public revision became public.
    pub published_at: Option<Instant>,
    /// When the entry was created.
    pub created_at: Instant,
    /// The account that created it.
    pub created_by: Option<Uuid>,
    /// Since when it lies in the trash.
    pub archived_at: Option<Instant>,
}

/// The columns of [`Life`], and the names under which a statement selects them.
pub(super) const LIFE: [(entry::Column, &str); 8] = [
    (entry::Column::Key, "entry_key"),
    (entry::Column::Position, "entry_position"),
    (entry::Column::LatestRevision, "entry_latest_revision"),
    (entry::Column::PublishedRevision, "entry_published_revision"),
    (entry::Column::PublishedAt, "entry_published_at"),
    (entry::Column::CreatedAt, "entry_created_at"),
    (entry::Column::CreatedBy, "entry_created_by"),
    (entry::Column::ArchivedAt, "entry_archived_at"),
];

impl<M: FromQueryResult> FromQueryResult for Row<M> {
    fn from_query_result(result: &QueryResult, prefix: &str) -> Result<Self, DbErr> {
        let entry = Life {
            key: result.try_get(prefix, "entry_key")?,
            position: result.try_get(prefix, "entry_position")?,
            latest_revision: result.try_get(prefix, "entry_latest_revision")?,
            published_revision: result.try_get(prefix, "entry_published_revision")?,
            published_at: result.try_get(prefix, "entry_published_at")?,
            created_at: result.try_get(prefix, "entry_created_at")?,
            created_by: result.try_get(prefix, "entry_created_by")?,
            archived_at: result.try_get(prefix, "entry_archived_at")?,
        };
        Ok(Self {
            entry,
            content: M::from_query_result(result, prefix)?,
        })
    }
}

impl<M: 'static> Row<M> {
    /// The bytes of its texts, and of the ids that it refers to.
    pub(super) fn texts<C: Content<Model = M>>(&self) -> usize {
        C::FIELDS
            .iter()
            .map(|field| field.bytes(&self.content))
            .sum()
    }
}

impl<M: Stamped> Row<M> {
    /// Which revision of which entry it is.
    pub fn stamp(&self) -> Stamp {
        self.content.stamp()
    }
}

/// A row of any content type.
#[derive(Clone)]
pub struct AnyRow {
    /// The entry.
    pub id: EntryId,
    pub(super) row: Arc<dyn Any + Send + Sync>,
}

impl AnyRow {
    /// Forgets the type of the row.
    pub fn new<C: Content>(row: Row<C::Model>) -> Self {
        Self {
            id: EntryId {
                content_type: C::TYPE,
                uuid: row.stamp().entry_id,
            },
            row: Arc::new(row),
        }
    }

    /// About how much it takes, in bytes.
    pub(super) fn size<C: Content>(&self) -> usize {
        let texts = self.typed::<C>().map_or(0, |row| row.texts::<C>());
        size_of::<Row<C::Model>>() + texts
    }

    /// Remembers the type of the row; none if it is another.
    pub fn typed<C: Content>(&self) -> Option<Arc<Row<C::Model>>> {
        Arc::clone(&self.row).downcast().ok()
    }
}
