//! Signing in with a passkey alone, and showing one in the place of the password.
//!
//! Nothing here that holds a token can be printed: no `Debug`.

use async_graphql::{Context, InputObject, Json, Object, SimpleObject};
use serde_json::Value;

use super::{
    account::reader, passkey::PasskeyCeremony, session::SignInPayload, transport::Transport,
};
use crate::{
    auth::factor::passkey_sign_in,
    content::{scalar::DateTime, user_error::UserError},
    crypto::Secret,
    error::Result,
};

/// Mutations that a passkey answers for.
#[derive(Default)]
pub struct PasskeySignInMutation;

#[Object]
impl PasskeySignInMutation {
    /// Asks the browser for any passkey of this site. Nobody need be named: it is the same for everybody.
    async fn begin_passkey_sign_in(&self, ctx: &Context<'_>) -> Result<BeginPasskeySignInPayload> {
        let reader = reader(ctx)?;
        let begun = Box::pin(passkey_sign_in::begin(&reader.app, &reader.client)).await;
        let (begun, user_errors) = UserError::split(begun)?;
        Ok(BeginPasskeySignInPayload {
            ceremony: begun.map(PasskeyCeremony::from),
            user_errors,
        })
    }

    /// Begins a session for whoever's passkey the browser has shown. The device has verified its owner, so that nothing more
    /// is needed.
    async fn finish_passkey_sign_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What the browser has shown.")] input: FinishPasskeySignInInput,
    ) -> Result<SignInPayload> {
        input.transport.check(ctx)?;
        let reader = reader(ctx)?;
        let (token, answer) = (Secret::new(input.ceremony), input.credential.0);
        let done = Box::pin(passkey_sign_in::finish(
            &reader.app,
            &reader.client,
            &token,
            &answer,
        ))
        .await;
        SignInPayload::of(ctx, input.transport, done)
    }

    /// Asks the browser of whoever is signed in for one of their passkeys.
    async fn begin_passkey_confirmation(
        &self,
        ctx: &Context<'_>,
    ) -> Result<BeginPasskeyConfirmationPayload> {
        let reader = reader(ctx)?;
        let begun = Box::pin(passkey_sign_in::begin_confirmation(
            &reader.app,
            &reader.principal,
        ))
        .await;
        let (begun, user_errors) = UserError::split(begun)?;
        Ok(BeginPasskeyConfirmationPayload {
            ceremony: begun.map(PasskeyCeremony::from),
            user_errors,
        })
    }

    /// Shows a passkey in the place of the password, which some mutations want to have been given in the last five minutes.
    async fn confirm_with_passkey(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What the browser has shown.")] input: ConfirmWithPasskeyInput,
    ) -> Result<ConfirmWithPasskeyPayload> {
        let reader = reader(ctx)?;
        let (app, client, principal) = (&reader.app, &reader.client, &reader.principal);
        let (token, answer) = (Secret::new(input.ceremony), input.credential.0);
        let until = Box::pin(passkey_sign_in::confirm(
            app, client, principal, &token, &answer,
        ))
        .await;
        let (until, user_errors) = UserError::split(until)?;
        Ok(ConfirmWithPasskeyPayload {
            confirmed_until: until.map(DateTime),
            user_errors,
        })
    }
}

/// A passkey that signs in.
#[derive(InputObject)]
struct FinishPasskeySignInInput {
    /// The token of the ceremony.
    ceremony: String,
    /// What the browser gave, by `toJSON()`.
    credential: Json<Value>,
    /// How the tokens of the session travel.
    #[graphql(default_with = "Transport::Bearer")]
    transport: Transport,
}

/// A passkey in the place of the password.
#[derive(InputObject)]
struct ConfirmWithPasskeyInput {
    /// The token of the ceremony.
    ceremony: String,
    /// What the browser gave, by `toJSON()`.
    credential: Json<Value>,
}

/// What became of beginning to sign in with a passkey.
#[derive(SimpleObject)]
struct BeginPasskeySignInPayload {
    /// What the browser is to be asked; null if there are errors.
    ceremony: Option<PasskeyCeremony>,
    /// What kept it from beginning.
    user_errors: Vec<UserError>,
}

/// What became of beginning to confirm with a passkey.
#[derive(SimpleObject)]
struct BeginPasskeyConfirmationPayload {
    /// What the browser is to be asked; null if there are errors.
    ceremony: Option<PasskeyCeremony>,
    /// What kept it from beginning.
    user_errors: Vec<UserError>,
}

/// What became of showing a passkey in the place of the password.
#[derive(SimpleObject)]
struct ConfirmWithPasskeyPayload {
    /// Until when it counts as a password that was given a moment ago; null if there are errors.
    confirmed_until: Option<DateTime>,
    /// What is wrong with the passkey.
    user_errors: Vec<UserError>,
}
