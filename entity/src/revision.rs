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
    /// Since when another autosave stands in its place; it is then kept for a day, for those who have based a change on it.
    pub replaced_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}

/// Paths of fields, such as `title.en`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(transparent)]
pub struct ChangedFields(pub Vec<String>);
