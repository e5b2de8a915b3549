//! `site`: the identity of the site, by which a media store is bound to its database.

use sea_orm::entity::prelude::*;

/// The one row.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "site")]
pub struct Model {
    /// 1.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i32,
    pub site_id: Uuid,
    /// When a media store was bound to the database; none before that.
    pub media_bound_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}
