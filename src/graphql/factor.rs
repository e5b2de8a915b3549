//! Second factors of an account: an authenticator app and recovery codes.
//!
//! Nothing here that holds a secret can be printed: no `Debug`.

use async_graphql::{Context, InputObject, Object, SimpleObject};
use sea_orm::prelude::Uuid;

use super::{account::reader, passkey::Passkey, session::SessionTokens, transport::Transport};
use crate::{
    auth::{
        Right,
        factor::{self, recovery, totp},
    },
    content::{scalar::DateTime, types::Reader, user_error::UserError},
    crypto::Secret,
    error::Result,
};

/// The second factors of an account.
#[derive(Clone, Debug, SimpleObject)]
pub(super) struct Factors {
    /// Since when codes of an authenticator app are one; null if they are none.
    totp_since: Option<DateTime>,
    /// The passkeys, the oldest first; at most 20.
    passkeys: Vec<Passkey>,
    /// How many recovery codes are left, of ten.
    recovery_codes_left: usize,
}

impl Factors {
    /// Those of an account, as they are now.
    pub(super) async fn of(reader: &Reader, account: Uuid) -> Result<Self> {
        let afresh = reader.afresh();
        let factors = factor::read(&afresh.snapshot, account).await?;
        afresh.snapshot.close().await;
        Ok(factors.into())
    }
}

impl From<factor::Factors> for Factors {
    fn from(factors: factor::Factors) -> Self {
        Self {
            totp_since: factors.totp_since.map(DateTime),
            passkeys: factors.passkeys.into_iter().map(Passkey::from).collect(),
            recovery_codes_left: factors.recovery_codes,
        }
    }
}

impl Factors {
    /// Those of an account; nothing where they are neither one's own nor to be looked after.
    pub(super) async fn visible(reader: &Reader, account: Uuid) -> Result<Option<Self>> {
        let may_manage = reader.principal.require(Right::ManageAccounts).is_ok();
        let own = reader.principal.signed_in().ok().map(|(own, _)| own);
        if own != Some(account) && !may_manage {
            return Ok(None);
        }
        let factors = factor::read(&reader.snapshot, account).await?;
        Ok(Some(factors.into()))
    }
}

/// Mutations about authenticator apps and recovery codes.
#[derive(Default)]
pub struct FactorMutation;

#[Object]
impl FactorMutation {
    /// Makes a secret for an authenticator app. It becomes a factor by `confirmTotp`. Needs a fresh password, or the challenge
    /// of a sign-in that must make a factor.
    async fn begin_totp(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who begins.")] input: BeginTotpInput,
    ) -> Result<BeginTotpPayload> {
        let reader = reader(ctx)?;
        let challenge = input.challenge.map(Secret::new);
        let begun = Box::pin(totp::begin(
            &reader.app,
            &reader.principal,
            challenge.as_ref(),
        ))
        .await;
        let (begun, user_errors) = UserError::split(begun)?;
        Ok(BeginTotpPayload {
            enrolment: begun.map(TotpEnrolment::from),
            user_errors,
        })
    }

    /// Makes codes of the authenticator app a factor, with one of them. All other sessions of the account end.
    async fn confirm_totp(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A code of the app.")] input: ConfirmTotpInput,
    ) -> Result<ConfirmTotpPayload> {
        input.transport.check(ctx)?;
        let reader = reader(ctx)?;
        let (app, client, principal) = (&reader.app, &reader.client, &reader.principal);
        let (challenge, code) = (input.challenge.map(Secret::new), Secret::new(input.code));
        let added = Box::pin(totp::confirm(
            app,
            client,
            principal,
            challenge.as_ref(),
            &code,
        ))
        .await;
        let (added, user_errors) = UserError::split(added)?;
        let Some(added) = added else {
            return Ok(ConfirmTotpPayload {
                factors: None,
                recovery_codes: None,
                session: None,
                user_errors,
            });
        };
        let tokens = added.tokens;
        let session = tokens.map(|tokens| SessionTokens::given(ctx, input.transport, tokens));
        Ok(ConfirmTotpPayload {
            factors: Some(Factors::of(reader, added.account).await?),
            recovery_codes: Some(shown(added.recovery_codes)),
            session: session.transpose()?,
            user_errors,
        })
    }

    /// Takes the authenticator app away as a factor, and the recovery codes with the last factor. All other sessions of the
    /// account end. Needs a fresh password.
    async fn remove_totp(&self, ctx: &Context<'_>) -> Result<RemoveTotpPayload> {
        let reader = reader(ctx)?;
        let removed = Box::pin(totp::remove(&reader.app, &reader.client, &reader.principal)).await;
        let (account, user_errors) = UserError::split(removed)?;
        let factors = match account {
            Some(account) => Some(Factors::of(reader, account).await?),
            None => None,
        };
        Ok(RemoveTotpPayload {
            factors,
            user_errors,
        })
    }

    /// Makes ten new recovery codes; those before hold no more. All other sessions of the account end. Needs a fresh password.
    async fn regenerate_recovery_codes(
        &self,
        ctx: &Context<'_>,
    ) -> Result<RegenerateRecoveryCodesPayload> {
        let reader = reader(ctx)?;
        let made = Box::pin(recovery::regenerate(
            &reader.app,
            &reader.client,
            &reader.principal,
        ))
        .await;
        let (made, user_errors) = UserError::split(made)?;
        Ok(RegenerateRecoveryCodesPayload {
            recovery_codes: made.map(shown),
            user_errors,
        })
    }
}

/// The codes, for those who must see them.
pub(super) fn shown(codes: Vec<Secret>) -> Vec<String> {
    let codes = codes.into_iter();
    codes.map(|code| code.expose().to_owned()).collect()
}

/// Who begins with an authenticator app.
#[derive(InputObject)]
struct BeginTotpInput {
    /// The token of the challenge, where signing in must make a factor; left out by those who are signed in.
    challenge: Option<String>,
}

/// A code of an authenticator app.
#[derive(InputObject)]
struct ConfirmTotpInput {
    /// The token of the challenge, as `beginTotp` got it.
    challenge: Option<String>,
    /// The six digits that the app shows.
    code: String,
    /// How the tokens of the session travel, where signing in comes to its end by this.
    #[graphql(default_with = "Transport::Bearer")]
    transport: Transport,
}

/// What an authenticator app must know. It is shown once.
#[derive(SimpleObject)]
struct TotpEnrolment {
    /// To be typed into the app: base32.
    secret: String,
    /// To be opened on the device of the app: `otpauth://…`.
    uri: String,
    /// To be photographed: the same as a QR code, in SVG.
    qr_code: String,
}

impl From<totp::Begun> for TotpEnrolment {
    fn from(begun: totp::Begun) -> Self {
        Self {
            secret: begun.secret.expose().to_owned(),
            uri: begun.uri.expose().to_owned(),
            qr_code: begun.qr_code.expose().to_owned(),
        }
    }
}

/// What became of beginning with an authenticator app.
#[derive(SimpleObject)]
struct BeginTotpPayload {
    /// What the app must know; null if there are errors.
    enrolment: Option<TotpEnrolment>,
    /// What kept it from beginning.
    user_errors: Vec<UserError>,
}

/// What became of confirming an authenticator app.
#[derive(SimpleObject)]
struct ConfirmTotpPayload {
    /// The factors that there are now; null if there are errors.
    factors: Option<Factors>,
    /// The recovery codes, shown this once. None if this is not the first factor: those that there are go on holding.
    recovery_codes: Option<Vec<String>>,
    /// The session, where signing in came to its end by this.
    session: Option<SessionTokens>,
    /// What kept it from becoming a factor. Nothing was changed.
    user_errors: Vec<UserError>,
}

/// What became of taking an authenticator app away.
#[derive(SimpleObject)]
struct RemoveTotpPayload {
    /// The factors that are left; null if there are errors.
    factors: Option<Factors>,
    /// What kept it from going. Nothing was changed.
    user_errors: Vec<UserError>,
}

/// What became of making new recovery codes.
#[derive(SimpleObject)]
struct RegenerateRecoveryCodesPayload {
    /// The codes, shown this once; null if there are errors.
    recovery_codes: Option<Vec<String>>,
    /// What kept them from being made. Nothing was changed.
    user_errors: Vec<UserError>,
}
