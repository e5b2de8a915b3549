//! `signing_key`: what signs access tokens; all instances share it.

use sea_orm::entity::prelude::*;

use crate::secret::Secret;

/// A key pair for Ed25519.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "signing_key")]
pub struct Model {
    /// The `kid` of tokens.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// The 32 bytes of the private key, in base64url.
    pub private_key: Secret,
    pub created_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
