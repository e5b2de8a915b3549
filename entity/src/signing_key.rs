//! `signing_key`: what signs access tokens; all instances share it.

use sea_orm::entity::prelude::*;

/// A key pair for Ed25519.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "signing_key")]
pub struct Model {
    /// The `kid` of tokens.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// The 32 bytes of the private key, sealed.
    pub private_key: String,
    pub created_at: DateTimeUtc,
    /// From when on it signs.
    pub active_at: DateTimeUtc,
    /// From when on nothing that it signed holds.
    pub retires_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
