//! Passkeys of an account.
//!
//! Nothing here that holds a token can be printed: no `Debug`.

use async_graphql::{Context, ID, InputObject, Json, Object, SimpleObject};
use entity::passkey as table;
use sea_orm::prelude::Uuid;
use serde_json::Value;

use super::{
    account::reader,
    factor::{Factors, shown},
    session::SessionTokens,
    transport::Transport,
};
use crate::{
    auth::factor::passkey::{self, Begun, Made, public_id},
    content::{scalar::DateTime, user_error::UserError},
    crypto::Secret,
    error::Result,
};

/// A key that is held in a device: a phone, a computer, a security key.
#[derive(Clone, Debug, SimpleObject)]
pub(super) struct Passkey {
    /// Identity, which never changes.
    id: ID,
    /// What its owner calls it.
    name: String,
    /// Since when it is a factor.
    created_at: DateTime,
    /// When it was last used, if ever.
    last_used_at: Option<DateTime>,
}

impl From<table::Model> for Passkey {
    fn from(passkey: table::Model) -> Self {
        Self {
            id: public_id(passkey.id).into(),
            name: passkey.name,
            created_at: DateTime(passkey.created_at),
            last_used_at: passkey.last_used_at.map(DateTime),
        }
    }
}

/// Mutations about passkeys.
#[derive(Default)]
pub struct PasskeyMutation;

#[Object]
impl PasskeyMutation {
    /// Asks the browser to make a passkey. It becomes a factor by `finishPasskeyRegistration`. Needs a fresh password, or the
    /// challenge of a sign-in that must make a factor.
    async fn begin_passkey_registration(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who begins.")] input: BeginPasskeyRegistrationInput,
    ) -> Result<BeginPasskeyRegistrationPayload> {
        let reader = reader(ctx)?;
        let challenge = input.challenge.map(Secret::new);
        let begun = Box::pin(passkey::begin(
            &reader.app,
            &reader.principal,
            challenge.as_ref(),
        ))
        .await;
        let (begun, user_errors) = UserError::split(begun)?;
        Ok(BeginPasskeyRegistrationPayload {
            ceremony: begun.map(PasskeyCeremony::from),
            user_errors,
        })
    }

    /// Keeps the passkey that the browser has made. All other sessions of the account end.
    async fn finish_passkey_registration(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What the browser has made.")] input: FinishPasskeyRegistrationInput,
    ) -> Result<FinishPasskeyRegistrationPayload> {
        input.transport.check(ctx)?;
        let reader = reader(ctx)?;
        let (app, client, principal) = (&reader.app, &reader.client, &reader.principal);
        let challenge = input.challenge.map(Secret::new);
        let made = Made {
            token: Secret::new(input.ceremony),
            name: input.name,
            answer: input.credential.0,
        };
        let kept = Box::pin(passkey::finish(
            app,
            client,
            principal,
            challenge.as_ref(),
            made,
        ))
        .await;
        let (kept, user_errors) = UserError::split(kept)?;
        let (passkey, added) = kept.unzip();
        let (codes, tokens) = added
            .map(|added| (shown(added.recovery_codes), added.tokens))
            .unzip();
        let tokens = tokens.flatten();
        let session = tokens.map(|tokens| SessionTokens::given(ctx, input.transport, tokens));
        Ok(FinishPasskeyRegistrationPayload {
            passkey: passkey.map(Passkey::from),
            recovery_codes: codes,
            session: session.transpose()?,
            user_errors,
        })
    }

    /// Calls a passkey of whoever asks something else.
    async fn rename_passkey(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which passkey, and its name.")] input: RenamePasskeyInput,
    ) -> Result<RenamePasskeyPayload> {
        let reader = reader(ctx)?;
        let id = parse_id(&input.id);
        let renamed = Box::pin(passkey::rename(
            &reader.app,
            &reader.principal,
            id,
            &input.name,
        ))
        .await;
        let (passkey, user_errors) = UserError::split(renamed)?;
        Ok(RenamePasskeyPayload {
            passkey: passkey.map(Passkey::from),
            user_errors,
        })
    }

    /// Takes a passkey of whoever asks away as a factor, and the recovery codes with the last factor. All other sessions of the
    /// account end. Needs a fresh password.
    async fn remove_passkey(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which passkey.")] input: RemovePasskeyInput,
    ) -> Result<RemovePasskeyPayload> {
        let reader = reader(ctx)?;
        let (app, client, id) = (&reader.app, &reader.client, parse_id(&input.id));
        let removed = Box::pin(passkey::remove(app, client, &reader.principal, id)).await;
        let (account, user_errors) = UserError::split(removed)?;
        let factors = match account {
            Some(account) => Some(Factors::of(reader, account).await?),
            None => None,
        };
        Ok(RemovePasskeyPayload {
            factors,
            user_errors,
        })
    }
}

/// The passkey that a text names; one that nobody has if it names none.
fn parse_id(id: &ID) -> Uuid {
    let uuid = id.strip_prefix("passkey_").map(Uuid::try_parse);
    let uuid = uuid.and_then(Result::ok).unwrap_or_default();
    if public_id(uuid) == id.as_str() {
        uuid
    } else {
        Uuid::nil()
    }
}

/// Who begins to make a passkey.
#[derive(InputObject)]
struct BeginPasskeyRegistrationInput {
    /// The token of the challenge, where signing in must make a factor; left out by those who are signed in.
    challenge: Option<String>,
}

/// A passkey that a browser has made.
#[derive(InputObject)]
struct FinishPasskeyRegistrationInput {
    /// The token of the challenge, as `beginPasskeyRegistration` got it.
    challenge: Option<String>,
    /// The token of the ceremony.
    ceremony: String,
    /// What to call it: 1 to 100 characters on one line.
    name: String,
    /// What the browser gave, by `toJSON()`.
    credential: Json<Value>,
    /// How the tokens of the session travel, where signing in comes to its end by this.
    #[graphql(default_with = "Transport::Bearer")]
    transport: Transport,
}

/// What to call a passkey.
#[derive(InputObject)]
struct RenamePasskeyInput {
    /// Which one.
    id: ID,
    /// 1 to 100 characters on one line.
    name: String,
}

/// Which passkey is to go.
#[derive(InputObject)]
struct RemovePasskeyInput {
    /// Which one.
    id: ID,
}

/// What a browser is to be asked. Its answer goes back with the token, once.
#[derive(SimpleObject)]
pub(super) struct PasskeyCeremony {
    /// What goes with the answer.
    token: String,
    /// When it ends.
    expires_at: DateTime,
    /// For `PublicKeyCredential.parseCreationOptionsFromJSON` where a passkey is made, and otherwise for
    /// `PublicKeyCredential.parseRequestOptionsFromJSON`.
    options: Json<Value>,
}

impl From<Begun> for PasskeyCeremony {
    fn from(begun: Begun) -> Self {
        Self {
            token: begun.token.expose().to_owned(),
            expires_at: DateTime(begun.expires_at),
            options: Json(begun.options),
        }
    }
}

/// What became of beginning to make a passkey.
#[derive(SimpleObject)]
struct BeginPasskeyRegistrationPayload {
    /// What the browser is to be asked; null if there are errors.
    ceremony: Option<PasskeyCeremony>,
    /// What kept it from beginning.
    user_errors: Vec<UserError>,
}

/// What became of a passkey that a browser has made.
#[derive(SimpleObject)]
struct FinishPasskeyRegistrationPayload {
    /// The passkey; null if there are errors.
    passkey: Option<Passkey>,
    /// The recovery codes, shown this once. None if this is not the first factor: those that there are go on holding.
    recovery_codes: Option<Vec<String>>,
    /// The session, where signing in came to its end by this.
    session: Option<SessionTokens>,
    /// What kept it from becoming a factor. Nothing was changed.
    user_errors: Vec<UserError>,
}

/// What became of giving a passkey a name.
#[derive(SimpleObject)]
struct RenamePasskeyPayload {
    /// The passkey; null if there are errors.
    passkey: Option<Passkey>,
    /// What is wrong with the name.
    user_errors: Vec<UserError>,
}

/// What became of taking a passkey away.
#[derive(SimpleObject)]
struct RemovePasskeyPayload {
    /// The factors that are left; null if there are errors.
    factors: Option<Factors>,
    /// What kept it from going. Nothing was changed.
    user_errors: Vec<UserError>,
}
