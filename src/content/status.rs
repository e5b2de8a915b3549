//! Where an entry stands in its life: derived in one place, in Rust and in SQL.

use async_graphql::Enum;
use entity::entry::Column;
use sea_orm::{ColumnTrait, Condition, ExprTrait, prelude::Expr};

use super::row::Life;

/// Where an entry stands in its life. It follows from what happened to the entry, and is stored nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum EntryStatus {
    /// It never was public.
    Draft,
    /// It is public, and nothing newer was saved.
    Published,
    /// It is public, and a newer draft waits.
    Changed,
    /// It was public once, and is no more.
    Unpublished,
    /// It lies in the trash.
    Archived,
}

impl EntryStatus {
    /// Derives the status.
    pub fn of(life: &Life) -> Self {
        match (life.archived_at, life.published_revision, life.published_at) {
            (Some(_), _, _) => Self::Archived,
            (None, Some(revision), _) if revision == life.latest_revision => Self::Published,
            (None, Some(_), _) => Self::Changed,
            (None, None, Some(_)) => Self::Unpublished,
            (None, None, None) => Self::Draft,
        }
    }

    /// The entries that have the status.
    pub fn condition(self) -> Condition {
        let here = Condition::all().add(Column::ArchivedAt.is_null());
        let latest = Expr::col((entity::entry::Entity, Column::LatestRevision));
        match self {
            Self::Archived => Condition::all().add(Column::ArchivedAt.is_not_null()),
            Self::Published => here.add(Column::PublishedRevision.into_expr().eq(latest)),
            Self::Changed => here.add(Column::PublishedRevision.into_expr().ne(latest)),
            Self::Unpublished => here
                .add(Column::PublishedRevision.is_null())
                .add(Column::PublishedAt.is_not_null()),
            Self::Draft => here
                .add(Column::PublishedRevision.is_null())
                .add(Column::PublishedAt.is_null()),
        }
    }
}
