//! `entry_count`: how many entries of each type there are.

use sea_orm::entity::prelude::*;

use crate::entry::ContentType;

/// The counts of one type; a type without entries may have no row.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "entry_count")]
pub struct Model {
    /// The type.
    #[sea_orm(primary_key, auto_increment = false)]
    pub r#type: ContentType,
    /// Entries that are not in the trash.
    pub listed: i64,
    /// Public entries.
    pub public: i64,
}

impl ActiveModelBehavior for ActiveModel {}
