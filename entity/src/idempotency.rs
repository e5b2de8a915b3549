//! `idempotency`: what was answered to operations that came with a key, for a day.

use sea_orm::entity::prelude::*;

/// One operation.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "idempotency")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    /// SHA-256 of the key.
    #[sea_orm(primary_key, auto_increment = false)]
    pub key_hash: String,
    /// SHA-256 of the request.
    pub request_hash: String,
    /// The answer as it went over the wire; none while the operation runs, or if the server died before it was kept. Empty if the
    /// operation was done and its answer may not be kept.
    pub answer: Option<String>,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
