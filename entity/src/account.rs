//! `account`: somebody who can sign in.

use sea_orm::entity::prelude::*;

/// An account.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "account")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// In lower case; unique.
    pub email: String,
    pub name: String,
    pub role: Role,
    pub created_at: DateTimeUtc,
    /// When its owner came; none while the invitation waits.
    pub joined_at: Option<DateTimeUtc>,
    /// Since when nobody can sign in with it.
    pub suspended_at: Option<DateTimeUtc>,
    /// The folded form of the name, in which it is looked for.
    pub name_folded: String,
}

impl ActiveModelBehavior for ActiveModel {}

/// What an account was made for; a role is a set of rights.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Role {
    /// Writes drafts.
    Contributor,
    /// Publishes what is their own.
    Author,
    /// Looks after all content.
    Editor,
    /// Looks after people and settings, too.
    Admin,
}
