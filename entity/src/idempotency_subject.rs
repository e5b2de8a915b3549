//! `idempotency_subject`: the entries that a kept answer shows.

use sea_orm::entity::prelude::*;

/// One subject of one answer.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "idempotency_subject")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub key_hash: String,
    /// The id of an entry.
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject_id: Uuid,
}

impl ActiveModelBehavior for ActiveModel {}
