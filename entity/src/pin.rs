//! `pin`: what keeps a revision from being deleted or replaced.

use sea_orm::entity::prelude::*;

/// One reason to keep one revision.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "pin")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub entry_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub revision: i32,
    /// What holds it: a release, a schedule, or a review.
    #[sea_orm(primary_key, auto_increment = false)]
    pub holder_id: Uuid,
    pub kind: PinKind,
}

impl ActiveModelBehavior for ActiveModel {}

/// The kinds of holders.
#[derive(Copy, Clone, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum PinKind {
    Release,
    Schedule,
    Review,
}
