//! New passwords: one's own, and for those who have lost theirs.
//!
//! Nothing here that holds a password, a token or a link can be printed: no `Debug`.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::{
    account::{Account, reader},
    actor::named_account,
};
use crate::{
    auth::{own_password, password_reset},
    content::{scalar::DateTime, user_error::UserError},
    crypto::Secret,
    error::Result,
};

/// Mutations about passwords.
#[derive(Default)]
pub struct PasswordMutation;

#[Object]
impl PasswordMutation {
    /// Changes the password of whoever is signed in. All their other sessions end.
    async fn change_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The present password and the new one.")] input: ChangePasswordInput,
    ) -> Result<ChangePasswordPayload> {
        let reader = reader(ctx)?;
        let current = Secret::new(input.current_password);
        let new = Secret::new(input.password);
        let (app, client, who) = (&reader.app, &reader.client, &reader.principal);
        let changed = own_password::change(app, client, who, current, new).await;
        let (account, user_errors) = UserError::split(changed)?;
        Ok(ChangePasswordPayload {
            account: account.map(Account::from),
            user_errors,
        })
    }

    /// Asks for a link that sets a new password. It goes by mail to the address, if that belongs to an account; the answer is
    /// the same if it does not.
    async fn request_password_reset(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose password is lost.")] input: RequestPasswordResetInput,
    ) -> Result<RequestPasswordResetPayload> {
        let reader = reader(ctx)?;
        let requested = password_reset::request(&reader.app, &reader.client, &input.email).await;
        let (requested, user_errors) = UserError::split(requested)?;
        Ok(RequestPasswordResetPayload {
            requested_at: requested.map(DateTime),
            user_errors,
        })
    }

    /// Makes a link that sets a new password for an account, to hand over to its owner; one that was made before ends. For
    /// admins, with a fresh password.
    async fn create_password_reset_link(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "For whom.")] input: CreatePasswordResetLinkInput,
    ) -> Result<CreatePasswordResetLinkPayload> {
        let reader = reader(ctx)?;
        let (app, client, who) = (&reader.app, &reader.client, &reader.principal);
        let id = named_account(&input.account);
        let made = password_reset::create_link(app, client, who, id).await;
        let (made, user_errors) = UserError::split(made)?;
        let (account, link) = made.unzip();
        Ok(CreatePasswordResetLinkPayload {
            account: account.map(Account::from),
            link: link.map(|link| link.expose().to_owned()),
            user_errors,
        })
    }

    /// Sets a new password, with the token of a link. It works once, and ends all sessions of the account.
    async fn reset_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The token and the new password.")] input: ResetPasswordInput,
    ) -> Result<ResetPasswordPayload> {
        let reader = reader(ctx)?;
        let (token, password) = (Secret::new(input.token), Secret::new(input.password));
        let reset = password_reset::reset(&reader.app, &reader.client, &token, password).await;
        let (account, user_errors) = UserError::split(reset)?;
        Ok(ResetPasswordPayload {
            account: account.map(Account::from),
            user_errors,
        })
    }
}

/// The present password and the new one.
#[derive(InputObject)]
struct ChangePasswordInput {
    /// The password that holds now.
    current_password: String,
    /// The new password. 12 to 1,024 characters, and not easy to guess.
    password: String,
}

/// Whose password is lost.
#[derive(InputObject)]
struct RequestPasswordResetInput {
    /// The address of the account. Case does not count.
    email: String,
}

/// For whom a link is made.
#[derive(InputObject)]
struct CreatePasswordResetLinkInput {
    /// The id of the account.
    account: ID,
}

/// The token of a link and a new password.
#[derive(InputObject)]
struct ResetPasswordInput {
    /// What follows `#` in the link.
    token: String,
    /// The new password. 12 to 1,024 characters, and not easy to guess.
    password: String,
}

/// What became of changing one's password.
#[derive(SimpleObject)]
struct ChangePasswordPayload {
    /// Whose password it is; null if there are errors.
    account: Option<Account>,
    /// What kept the password from being changed.
    user_errors: Vec<UserError>,
}

/// What became of asking for a link.
#[derive(SimpleObject)]
struct RequestPasswordResetPayload {
    /// When the request was taken; null if there are errors. It does not mean that there is such an account.
    requested_at: Option<DateTime>,
    /// What kept the request from being taken.
    user_errors: Vec<UserError>,
}

/// What became of making a link.
#[derive(SimpleObject)]
struct CreatePasswordResetLinkPayload {
    /// The account; null if there are errors.
    account: Option<Account>,
    /// The link to hand over; null if there are errors. Keep it out of logs.
    link: Option<String>,
    /// What kept the link from being made.
    user_errors: Vec<UserError>,
}

/// What became of setting a new password.
#[derive(SimpleObject)]
struct ResetPasswordPayload {
    /// Whose password it is; null if there are errors.
    account: Option<Account>,
    /// What kept the password from being set. Nothing was changed.
    user_errors: Vec<UserError>,
}
