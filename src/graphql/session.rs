//! Signing in, staying signed in, and signing out.
//!
//! Nothing here that holds a password or a token can be printed: no `Debug`.

use async_graphql::{Context, Enum, InputObject, Json, Object, OneofObject, SimpleObject};
use serde_json::Value;

use super::{
    account::{Account, reader},
    transport::{self, Transport},
};
use crate::{
    auth::{
        end,
        factor::{Factor, FactorKind},
        session::{self, Tokens},
        sign_in::{self, SignIn},
    },
    content::{scalar::DateTime, user_error::UserError},
    crypto::Secret,
    error::{Error, ProblemCode, Result},
};

/// Mutations about sessions.
#[derive(Default)]
pub struct SessionMutation;

#[Object]
impl SessionMutation {
    /// Begins a session.
    async fn sign_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who signs in.")] input: SignInInput,
    ) -> Result<SignInPayload> {
        input.transport.check(ctx)?;
        let reader = reader(ctx)?;
        let password = Secret::new(input.password);
        let done = Box::pin(sign_in::sign_in(
            &reader.app,
            &reader.client,
            &input.email,
            password,
        ))
        .await;
        SignInPayload::of(ctx, input.transport, done)
    }

    /// Comes to the end of signing in, with the challenge that `signIn` or another first step gave.
    async fn complete_sign_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What follows the first step.")] input: CompleteSignInInput,
    ) -> Result<SignInPayload> {
        input.transport.check(ctx)?;
        let reader = reader(ctx)?;
        let challenge = Secret::new(input.challenge);
        let factor = input.factor.map(Factor::from);
        let (app, client) = (&reader.app, &reader.client);
        let done = Box::pin(sign_in::complete(app, client, &challenge, factor.as_ref())).await;
        SignInPayload::of(ctx, input.transport, done)
    }

    /// Continues a session, also after its access token has ended. It gives new tokens, the way the old ones came, and spends
    /// the refresh token: if that comes again, the session ends.
    async fn refresh_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which session to continue.")] input: RefreshSessionInput,
    ) -> Result<RefreshSessionPayload> {
        let (transport, token) = match input.refresh_token {
            Some(token) => (Transport::Bearer, Some(Secret::new(token))),
            None => (Transport::Cookie, transport::browser(ctx).refresh),
        };
        let tokens = match token {
            Some(token) => session::refresh(&reader(ctx)?.app, &token).await,
            None => Err(no_refresh_token()),
        };
        let (tokens, user_errors) = UserError::split(tokens)?;
        let session = tokens.map(|tokens| SessionTokens::given(ctx, transport, tokens));
        Ok(RefreshSessionPayload {
            session: session.transpose()?,
            user_errors,
        })
    }

    /// Ends the session of whoever asks, at once: none of its tokens holds any more.
    async fn sign_out(&self, ctx: &Context<'_>) -> Result<SignOutPayload> {
        let reader = reader(ctx)?;
        let ended = end::sign_out(&reader.app, &reader.principal).await;
        let (ended, user_errors) = UserError::split(ended)?;
        if ended.is_some() {
            transport::clear(ctx);
        }
        Ok(SignOutPayload {
            ended_at: ended.map(DateTime),
            user_errors,
        })
    }

    /// Gives the password once more, which some mutations want to have been done in the last five minutes.
    async fn confirm_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The password.")] input: ConfirmPasswordInput,
    ) -> Result<ConfirmPasswordPayload> {
        let reader = reader(ctx)?;
        let password = Secret::new(input.password);
        let (app, client) = (&reader.app, &reader.client);
        let until = Box::pin(sign_in::confirm_password(
            app,
            client,
            &reader.principal,
            password,
        ))
        .await;
        let (until, user_errors) = UserError::split(until)?;
        Ok(ConfirmPasswordPayload {
            confirmed_until: until.map(DateTime),
            user_errors,
        })
    }
}

/// Who signs in.
#[derive(InputObject)]
struct SignInInput {
    /// The address of the account. Case does not count.
    email: String,
    /// Its password. 12 to 1,024 characters.
    password: String,
    /// How the tokens of the session travel.
    #[graphql(default_with = "Transport::Bearer")]
    transport: Transport,
}

/// What follows the first step of signing in.
#[derive(InputObject)]
struct CompleteSignInInput {
    /// The token of the challenge.
    challenge: String,
    /// One of the factors that the challenge names; left out where it names none.
    factor: Option<SecondFactorInput>,
    /// How the tokens of the session travel.
    #[graphql(default_with = "Transport::Bearer")]
    transport: Transport,
}

/// A second factor, as it is shown.
#[derive(OneofObject)]
enum SecondFactorInput {
    /// The code that the authenticator app shows: six digits.
    TotpCode(String),
    /// A recovery code, which is spent by that.
    RecoveryCode(String),
    /// What the browser gave for the challenge's `passkeyOptions`, by `toJSON()`.
    Passkey(Json<Value>),
}

impl From<SecondFactorInput> for Factor {
    fn from(given: SecondFactorInput) -> Self {
        match given {
            SecondFactorInput::TotpCode(code) => Self::TotpCode(Secret::new(code)),
            SecondFactorInput::RecoveryCode(code) => Self::RecoveryCode(Secret::new(code)),
            SecondFactorInput::Passkey(Json(answer)) => Self::Passkey(answer),
        }
    }
}

/// A step of signing in that is yet to come.
#[derive(SimpleObject)]
struct SignInChallenge {
    /// What `completeSignIn` takes.
    token: String,
    /// When it ends.
    expires_at: DateTime,
    /// The kinds of factors of which `completeSignIn` takes one.
    factors: Vec<SecondFactor>,
    /// Whether the role needs a second factor and there is none: `beginTotp` and `beginPasskeyRegistration` take the token as
    /// their `challenge`, and what confirms the factor begins the session.
    must_enrol: bool,
    /// For `PublicKeyCredential.parseRequestOptionsFromJSON` and `navigator.credentials.get` of a browser; null without passkeys.
    passkey_options: Option<Json<Value>>,
}

/// The kinds of factors that can follow the first step of signing in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "FactorKind")]
enum SecondFactor {
    /// A code of an authenticator app.
    Totp,
    /// A passkey, which the browser asks for.
    Passkey,
    /// A code that was given with the first factor, for when that is lost.
    RecoveryCode,
}

/// Which session to continue.
#[derive(InputObject)]
struct RefreshSessionInput {
    /// The last refresh token that the session gave; left out where it came in a cookie.
    refresh_token: Option<String>,
}

/// A password, once more.
#[derive(InputObject)]
struct ConfirmPasswordInput {
    /// The password of whoever is signed in.
    password: String,
}

/// What somebody who is signed in holds. Keep it out of logs and addresses.
#[derive(SimpleObject)]
pub(super) struct SessionTokens {
    /// Goes with every request, as `Authorization: Bearer …`. Null if it went into a cookie.
    access_token: Option<String>,
    /// When the access token ends, unless its session ends before.
    access_token_expires_at: DateTime,
    /// Gives new tokens by `refreshSession`, once. Null if it went into a cookie.
    refresh_token: Option<String>,
    /// When the refresh token ends.
    refresh_token_expires_at: DateTime,
    /// Who is signed in.
    account: Account,
}

impl SessionTokens {
    /// The tokens, on their way.
    pub(super) fn given(ctx: &Context<'_>, transport: Transport, tokens: Tokens) -> Result<Self> {
        let (access_token, refresh_token) = transport.hand_over(ctx, &tokens)?;
        Ok(Self {
            access_token,
            access_token_expires_at: DateTime(tokens.access_expires_at),
            refresh_token,
            refresh_token_expires_at: DateTime(tokens.refresh_expires_at),
            account: tokens.account.into(),
        })
    }
}

fn no_refresh_token() -> Error {
    let message = "there is no refresh token, neither here nor in a cookie; sign in";
    Error::invalid(ProblemCode::Required, "refreshToken", message)
}

/// What became of signing in: a session, or a challenge, or errors.
#[derive(SimpleObject)]
pub(super) struct SignInPayload {
    /// The new session.
    session: Option<SessionTokens>,
    /// What must follow before there is a session.
    challenge: Option<SignInChallenge>,
    /// What kept the session from beginning.
    user_errors: Vec<UserError>,
}

impl SignInPayload {
    pub(super) fn of(
        ctx: &Context<'_>,
        transport: Transport,
        done: Result<SignIn>,
    ) -> Result<Self> {
        let (done, user_errors) = UserError::split(done)?;
        let (session, challenge) = match done {
            None => (None, None),
            Some(SignIn::Session(tokens)) => {
                (Some(SessionTokens::given(ctx, transport, *tokens)?), None)
            }
            Some(SignIn::Challenge {
                token,
                expires_at,
                factors,
                must_enrol,
                passkey_options,
            }) => {
                let challenge = SignInChallenge {
                    token: token.expose().to_owned(),
                    expires_at: DateTime(expires_at),
                    factors: factors.into_iter().map(SecondFactor::from).collect(),
                    must_enrol,
                    passkey_options: passkey_options.map(Json),
                };
                (None, Some(challenge))
            }
        };
        Ok(Self {
            session,
            challenge,
            user_errors,
        })
    }
}

/// What became of continuing a session.
#[derive(SimpleObject)]
struct RefreshSessionPayload {
    /// The session with its new tokens; null if there are errors.
    session: Option<SessionTokens>,
    /// What kept the session from going on.
    user_errors: Vec<UserError>,
}

/// What became of signing out.
#[derive(SimpleObject)]
struct SignOutPayload {
    /// When the session ended.
    ended_at: Option<DateTime>,
    /// What kept the session from ending.
    user_errors: Vec<UserError>,
}

/// What became of giving the password once more.
#[derive(SimpleObject)]
struct ConfirmPasswordPayload {
    /// Until when the password counts as given a moment ago; null if there are errors.
    confirmed_until: Option<DateTime>,
    /// What is wrong with the password.
    user_errors: Vec<UserError>,
}
