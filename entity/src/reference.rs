//! `reference`: which entry refers to which, for the latest and the public revision of the one that refers.

use sea_orm::entity::prelude::*;

/// One reference of one field.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "reference")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub owner_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub revision: i32,
    /// The field's name in the API.
    #[sea_orm(primary_key, auto_increment = false)]
    pub field: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub target_id: Uuid,
}

impl ActiveModelBehavior for ActiveModel {}
