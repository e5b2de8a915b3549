//! `role_policy`: what accounts of a role must have.

use sea_orm::entity::prelude::*;

use crate::account::Role;

/// What holds for all accounts of a role; each role has a row.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "role_policy")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub role: Role,
    pub requires_second_factor: bool,
}

impl ActiveModelBehavior for ActiveModel {}
