//! `revision`: who saved which state of an entry, when and why.

use sea_orm::entity::prelude::*;

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
}

impl ActiveModelBehavior for ActiveModel {}
