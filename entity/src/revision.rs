//! `revision`: who saved which state of an entry, when and why.

use sea_orm::{FromJsonQueryResult, entity::prelude::*};
use serde::{Deserialize, Serialize};

/// One save.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "revision")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub entry_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i32,
    pub saved_at: DateTimeUtc,
    pub saved_by: Option<Uuid>,
    pub message: Option<String>,
    /// The paths in the API of what differs from the revision before.
    pub changed_fields: ChangedFields,
    /// Where it was saved by itself: when the first of the saves was whose place it took.
    pub autosave_since: Option<DateTimeUtc>,
    /// How it came about.
    pub origin: Origin,
    /// Since when another autosave stands in its place; it is then kept for a day, for those who have based a change on it.
    pub replaced_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}

/// How a revision came about.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Origin {
    /// Somebody saved it.
    #[default]
    Saved,
    /// An editor's program saved it by itself.
    Autosaved,
    /// It was saved on top of what others had saved meanwhile.
    Merged,
    /// An earlier revision was restored.
    Restored,
    /// Another entry was copied.
    Copied,
    /// One locale was published: it is what became public, or the draft that was saved again after it.
    LocalePublished,
    /// References to an entry that was erased were removed.
    Detached,
}

/// Paths of fields, such as `title.en`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(transparent)]
pub struct ChangedFields(pub Vec<String>);
