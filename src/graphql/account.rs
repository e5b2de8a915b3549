//! Accounts: who is signed in, and the first of all.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use entity::{
    Instant,
    account::{self, Role},
};
use sea_orm::EntityTrait;

use super::{actor::account_id, factor::Factors};
use crate::{
    auth::{
        Principal,
        directory::{Status, last_seen},
        setup,
    },
    content::{scalar::DateTime, types::Reader, user_error::UserError},
    crypto::Secret,
    error::{Error, Result},
};

/// Root fields about whoever asks.
#[derive(Default)]
pub struct AccountQuery;

/// Somebody who can sign in, or is to.
#[derive(Clone, Debug)]
pub struct Account {
    row: account::Model,
    seen: Seen,
    /// Its second factors, if they have been looked up.
    factors: Option<Factors>,
}

/// When an account was last seen.
#[derive(Clone, Copy, Debug)]
enum Seen {
    /// That has not been looked up.
    Unasked,
    /// Then, or never.
    At(Option<Instant>),
}

/// Somebody who can sign in, or is to.
#[Object]
impl Account {
    /// Identity, which never changes.
    async fn id(&self) -> ID {
        account_id(self.row.id)
    }

    /// The address to sign in with.
    async fn email(&self) -> &str {
        &self.row.email
    }

    /// What others are shown.
    async fn name(&self) -> &str {
        &self.row.name
    }

    /// What the account may do.
    async fn role(&self) -> AccountRole {
        self.row.role.into()
    }

    /// The second factors; null where they are neither one's own nor to be looked after.
    async fn factors(&self, ctx: &Context<'_>) -> Result<Option<Factors>> {
        match &self.factors {
            Some(factors) => Ok(Some(factors.clone())),
            None => Factors::visible(reader(ctx)?, self.row.id).await,
        }
    }

    /// Where the account stands.
    async fn status(&self) -> AccountStatus {
        Status::of(&self.row).into()
    }

    /// When the account was made, or its owner was invited.
    async fn created_at(&self) -> DateTime {
        DateTime(self.row.created_at)
    }

    /// When the account was last used, to some minutes; null if that was never, or too long ago to be known.
    async fn last_seen_at(&self, ctx: &Context<'_>) -> Result<Option<DateTime>> {
        let seen = match self.seen {
            Seen::At(seen) => seen,
            Seen::Unasked => {
                let id = self.row.id;
                let seen = last_seen(&reader(ctx)?.snapshot, [id].into_iter()).await?;
                seen.get(&id).copied()
            }
        };
        Ok(seen.map(DateTime))
    }
}

impl Account {
    /// The same account, last seen then.
    pub(super) fn seen(account: account::Model, seen: Option<Instant>) -> Self {
        Self {
            row: account,
            seen: Seen::At(seen),
            factors: None,
        }
    }

    /// The same account with these factors, for whoever may look after them.
    #[must_use]
    pub(super) fn with_factors(self, factors: Option<Factors>) -> Self {
        Self { factors, ..self }
    }
}

impl From<account::Model> for Account {
    fn from(account: account::Model) -> Self {
        Self {
            row: account,
            seen: Seen::Unasked,
            factors: None,
        }
    }
}

/// Where an account stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Status")]
pub enum AccountStatus {
    /// Its owner has been invited, and has not come yet.
    Invited,
    /// Its owner can sign in.
    Active,
    /// Nobody can sign in with it.
    Suspended,
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
    /// The password to sign in with. 12 to 1,024 characters, and not easy to guess.
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

/// Who asks, and from what, where people are shown.
pub(super) fn reader<'ctx>(ctx: &Context<'ctx>) -> Result<&'ctx Reader> {
    let reader = ctx.data_opt::<Arc<Reader>>().map(AsRef::as_ref);
    reader.ok_or_else(|| Error::internal("the operation has no reader"))
}
