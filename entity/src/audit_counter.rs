//! `audit_counter`: the one row that hands out the sequence of the audit log, locked until its transaction commits.

use sea_orm::entity::prelude::*;

/// The last sequence that was handed out.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_counter")]
pub struct Model {
    /// Always 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    pub last_sequence: i64,
}

impl ActiveModelBehavior for ActiveModel {}
