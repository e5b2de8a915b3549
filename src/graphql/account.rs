//! Signing in and out, and who is signed in.

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use entity::account::Role;

use crate::{content::types::Reader, error::Result};

/// Root fields about whoever asks.
#[derive(Default)]
pub struct AccountQuery;

/// Somebody who can sign in.
#[derive(Clone, Debug, SimpleObject)]
pub struct Account {
    /// Identity, which never changes.
    id: ID,
    /// The address to sign in with.
    email: String,
    /// What others are shown.
    name: String,
    /// What the account may do.
    role: AccountRole,
}

/// What an account was made for; a role is a set of rights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(name = "Role", remote = "Role")]
pub enum AccountRole {
    /// Writes drafts.
    Contributor,
    /// Publishes what is their own.
    Author,
    /// Looks after all content.
    Editor,
    /// Looks after people and settings, too.
    Admin,
}

#[Object]
impl AccountQuery {
    /// Who is signed in; null if nobody is.
    async fn viewer(&self, ctx: &Context<'_>) -> Result<Option<Account>> {
        let _reader = ctx.data_opt::<std::sync::Arc<Reader>>();
        Ok(None)
    }
}

/// Mutations about accounts and sessions.
#[derive(Default)]
pub struct AccountMutation;

#[Object]
impl AccountMutation {
    /// Ends the session.
    async fn sign_out(&self, _ctx: &Context<'_>) -> Result<bool> {
        Ok(true)
    }
}
