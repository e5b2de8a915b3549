//! `api_token`: what a machine shows in place of an account. The token itself is known to its holder alone.

use std::collections::BTreeSet;

use sea_orm::{ActiveEnum, FromJsonQueryResult, entity::prelude::*};
use serde::{Deserialize, Serialize};

use crate::entry::ContentType;

/// An API token.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "api_token")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    /// Its maker, whose rights bound it.
    pub account_id: Uuid,
    pub name: String,
    /// The digest of the token.
    pub hash: String,
    /// The digest of the token before the last rotation.
    pub previous_hash: Option<String>,
    /// How long that one goes on.
    pub previous_expires_at: Option<DateTimeUtc>,
    pub scopes: Scopes,
    /// The types that it is limited to; none for all.
    pub types: Option<Types>,
    pub created_at: DateTimeUtc,
    pub expires_at: Option<DateTimeUtc>,
    /// When it was last used, to some minutes.
    pub last_used_at: Option<DateTimeUtc>,
    pub revoked_at: Option<DateTimeUtc>,
}

impl ActiveModelBehavior for ActiveModel {}

/// What a token was made for.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Reads drafts.
    Drafts,
    /// Looks back.
    History,
    /// Writes drafts.
    Write,
    /// Decides what is public.
    Publish,
    /// Follows what happens to content.
    Events,
}

/// A set of scopes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(transparent)]
pub struct Scopes(pub BTreeSet<Scope>);

/// A set of content types.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(try_from = "BTreeSet<String>", into = "BTreeSet<String>")]
pub struct Types(pub BTreeSet<ContentType>);

impl TryFrom<BTreeSet<String>> for Types {
    type Error = DbErr;

    fn try_from(names: BTreeSet<String>) -> Result<Self, DbErr> {
        let types = names.iter().map(ContentType::try_from_value);
        types.collect::<Result<_, _>>().map(Self)
    }
}

impl From<Types> for BTreeSet<String> {
    fn from(types: Types) -> Self {
        types.0.iter().map(ActiveEnum::to_value).collect()
    }
}
