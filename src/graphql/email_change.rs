//! Another e-mail address for an account.
//!
//! Nothing here that holds a password, a token or a link can be printed: no `Debug`.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::{
    account::{Account, reader},
    actor::named_account,
};
use crate::{
    auth::email_change,
    content::{scalar::DateTime, user_error::UserError},
    crypto::Secret,
    error::Result,
};

/// Mutations about addresses.
#[derive(Default)]
pub struct EmailChangeMutation;

#[Object]
impl EmailChangeMutation {
    /// Asks for another address for the account of whoever is signed in: a link goes to that address, and a notice to the
    /// present one. If the address belongs to somebody already, no link comes; the answer is the same.
    async fn request_email_change(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The new address, and the password once more.")]
        input: RequestEmailChangeInput,
    ) -> Result<RequestEmailChangePayload> {
        let reader = reader(ctx)?;
        let password = Secret::new(input.password);
        let (app, client, who) = (&reader.app, &reader.client, &reader.principal);
        let email = &input.new_email;
        let requested = email_change::request(app, client, who, email, password).await;
        let (requested, user_errors) = UserError::split(requested)?;
        Ok(RequestEmailChangePayload {
            requested_at: requested.map(DateTime),
            user_errors,
        })
    }

    /// Makes a link that gives an account another address, to hand over to its owner; one that was made before ends. For
    /// admins, with a fresh password.
    async fn create_email_change_link(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "For whom, and which address.")] input: CreateEmailChangeLinkInput,
    ) -> Result<CreateEmailChangeLinkPayload> {
        let reader = reader(ctx)?;
        let (app, client, who) = (&reader.app, &reader.client, &reader.principal);
        let id = named_account(&input.account);
        let made = email_change::create_link(app, client, who, id, &input.new_email).await;
        let (made, user_errors) = UserError::split(made)?;
        let (account, link) = made.unzip();
        Ok(CreateEmailChangeLinkPayload {
            account: account.map(Account::from),
            link: link.map(|link| link.expose().to_owned()),
            user_errors,
        })
    }

    /// Gives an account its new address, with the token of the link. It works once, and ends all sessions of the account.
    async fn confirm_email_change(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The token.")] input: ConfirmEmailChangeInput,
    ) -> Result<ConfirmEmailChangePayload> {
        let reader = reader(ctx)?;
        let token = Secret::new(input.token);
        let changed = email_change::confirm(&reader.app, &reader.client, &token).await;
        let (account, user_errors) = UserError::split(changed)?;
        Ok(ConfirmEmailChangePayload {
            account: account.map(Account::from),
            user_errors,
        })
    }
}

/// The address that one is to have, and one's password.
#[derive(InputObject)]
struct RequestEmailChangeInput {
    /// The new address. Case does not count.
    new_email: String,
    /// The password of whoever is signed in.
    password: String,
}

/// For whom a link is made, and for which address.
#[derive(InputObject)]
struct CreateEmailChangeLinkInput {
    /// The id of the account.
    account: ID,
    /// The new address. Case does not count.
    new_email: String,
}

/// The token of a link.
#[derive(InputObject)]
struct ConfirmEmailChangeInput {
    /// What follows `#` in the link.
    token: String,
}

/// What became of asking for another address.
#[derive(SimpleObject)]
struct RequestEmailChangePayload {
    /// When the request was taken; null if there are errors.
    requested_at: Option<DateTime>,
    /// What kept the request from being taken.
    user_errors: Vec<UserError>,
}

/// What became of making a link.
#[derive(SimpleObject)]
struct CreateEmailChangeLinkPayload {
    /// The account, still with its present address; null if there are errors.
    account: Option<Account>,
    /// The link to hand over; null if there are errors. Keep it out of logs.
    link: Option<String>,
    /// What kept the link from being made.
    user_errors: Vec<UserError>,
}

/// What became of another address.
#[derive(SimpleObject)]
struct ConfirmEmailChangePayload {
    /// The account with its new address; null if there are errors.
    account: Option<Account>,
    /// What kept the address from being changed. Nothing was changed.
    user_errors: Vec<UserError>,
}
