//! `search_text`: what the latest revision of each entry says, folded.

use sea_orm::entity::prelude::*;

/// The texts of one entry.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "search_text")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub entry_id: Uuid,
    pub text: String,
}

impl ActiveModelBehavior for ActiveModel {}
