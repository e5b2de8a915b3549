//! `mail`: what is yet to be sent.

use sea_orm::entity::prelude::*;

/// A message that waits for its turn.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mail")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Recipient and content, sealed.
    pub message: String,
    /// When it is tried next; while somebody tries, when others may.
    pub due_at: DateTimeUtc,
    /// How often sending it was tried.
    pub tries: i32,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
