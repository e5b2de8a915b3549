//! `reset_request`: an address that somebody wants a new password for.

use sea_orm::entity::prelude::*;

/// A request for a new password, of which nobody knows yet whether there is such an account.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "reset_request")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// The address, sealed.
    pub address: String,
    /// The network of whoever asked; may be empty.
    pub network: String,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
