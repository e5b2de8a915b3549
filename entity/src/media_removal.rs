//! `media_removal`: files of erased assets that are yet to be removed from the media store.

use sea_orm::entity::prelude::*;

/// One file.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "media_removal")]
pub struct Model {
    /// Its key in the media store.
    #[sea_orm(primary_key, auto_increment = false)]
    pub storage_key: String,
    pub requested_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
