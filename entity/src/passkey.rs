//! `passkey`: a key that an account's owner holds in a device.

use sea_orm::entity::prelude::*;

/// A passkey. Nothing of it is secret: the private key never leaves the device.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "passkey")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub account_id: Uuid,
    /// What the device knows it by, in base64url; unique.
    pub credential_id: String,
    /// The public key and its counter, as JSON.
    pub credential: String,
    /// What its owner calls it.
    pub name: String,
    pub created_at: DateTimeUtc,
    pub last_used_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
