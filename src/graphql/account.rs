//! Accounts: who is signed in, and the first of all.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use entity::account::{self, Role};
use sea_orm::EntityTrait;

use crate::{
    auth::{Principal, setup},
    content::{types::Reader, user_error::UserError},
    crypto::Secret,
    error::{Error, Result},
};

/// Root fields about whoever asks.
#[derive(Default)]
pub struct AccountQuery;

/// Somebody who can sign in.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Account {
    /// Identity, which never changes.
    pub(super) id: ID,
    /// The address to sign in with.
    email: String,
    /// What others are shown.
    name: String,
    /// What the account may do.
    role: AccountRole,
}

impl From<account::Model> for Account {
    fn from(account: account::Model) -> Self {
        Self {
            id: format!("account_{}", account.id.simple()).into(),
            email: account.email,
            name: account.name,
            role: account.role.into(),
        }
    }
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
    /// Who is signed in; null if nobody is, and for API tokens, which `currentToken` shows.
    async fn viewer(&self, ctx: &Context<'_>) -> Result<Option<Account>> {
        let reader = reader(ctx)?;
        let Principal::Account { id, .. } = &reader.principal else {
            return Ok(None);
        };
        let select = account::Entity::find_by_id(*id);
        let found: Vec<account::Model> = reader.snapshot.all(select).await?;
        Ok(found.into_iter().next().map(Account::from))
    }
}

/// Mutations about accounts.
#[derive(Default)]
pub struct AccountMutation;

#[Object]
impl AccountMutation {
    /// Makes the first account, an admin, with the token of the link that the server prints while there is no account.
    /// It works once.
    async fn create_first_admin(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who is to be the first admin.")] input: CreateFirstAdminInput,
    ) -> Result<CreateFirstAdminPayload> {
        let app = &reader(ctx)?.app;
        let (token, password) = (Secret::new(input.token), Secret::new(input.password));
        let made = setup::accept(app, &token, input.email, input.name, password).await;
        let (account, user_errors) = UserError::split(made)?;
        Ok(CreateFirstAdminPayload {
            account: account.map(Account::from),
            user_errors,
        })
    }
}

/// Who is to be the first admin.
#[derive(InputObject)]
struct CreateFirstAdminInput {
    /// What follows `#` in the link that the server printed.
    token: String,
    /// The address to sign in with. Case does not count.
    email: String,
    /// What others are shown. 1 to 200 characters on one line.
    name: String,
    /// The password to sign in with. 12 to 1,024 characters.
    password: String,
}

/// What became of the first admin.
#[derive(SimpleObject)]
struct CreateFirstAdminPayload {
    /// The new account; null if there are errors.
    account: Option<Account>,
    /// What kept the account from being made. Nothing was changed.
    user_errors: Vec<UserError>,
}

/// Who asks, and from what.
pub(super) fn reader<'ctx>(ctx: &Context<'ctx>) -> Result<&'ctx Reader> {
    ctx.data_opt::<Arc<Reader>>()
        .map(AsRef::as_ref)
        .ok_or_else(|| Error::internal("the operation has no reader"))
}
