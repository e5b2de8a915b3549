//! `trusted_document`: GraphQL documents that operators trust, by the clients that send them.

use sea_orm::entity::prelude::*;

/// A document of one version of a client.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "trusted_document")]
pub struct Model {
    /// Which program sends it.
    #[sea_orm(primary_key, auto_increment = false)]
    pub client: String,
    /// Which version of that program; empty if nobody tells them apart.
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: String,
    /// What is sent in its place.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    /// The SHA-256 of the text, in hexadecimal digits.
    pub digest: String,
    /// The names of its operations.
    pub name: String,
    pub text: String,
    pub published_at: DateTimeUtc,
}

impl ActiveModelBehavior for ActiveModel {}
