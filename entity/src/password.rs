//! `password`: what an account can sign in with.

use sea_orm::entity::prelude::*;

use crate::secret::Secret;

/// The password of an account, as its hash.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "password")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub account_id: Uuid,
    /// In the PHC string format.
    pub hash: Secret,
    pub changed_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
