//! The step of signing in that follows the first one, where there must be one.

use entity::{Instant, account, password};
use sea_orm::{DatabaseTransaction, EntityTrait, QuerySelect, prelude::Uuid, sea_query::LockType};
use serde::{Deserialize, Serialize};

use super::{
    challenge::{self, Challenge, Purpose},
    factor::{Ceremony, FactorKind, Factors, ask_passkeys},
    sign_in::SignIn,
};
use crate::{
    app::App,
    crypto::Secret,
    database::Transaction,
    error::{Error, ProblemCode, Result},
    telemetry::metrics::SignInStep,
};

/// What the step was begun with. A first step that has not asked for anything yet leaves null in its place.
#[derive(Serialize, Deserialize)]
pub(super) struct Asked {
    /// When the password was set that the account had at the first step. Whether it still has that one is not decided by which
    /// moment is the later one: clocks are set back.
    password_of: Option<Instant>,
    /// What the browser was asked for, if the account has passkeys.
    pub(super) ceremony: Option<Ceremony>,
}

/// Asks for a factor, or for making one if there is none. Commits.
pub(super) async fn ask(
    app: &App,
    tx: Transaction,
    account: Uuid,
    factors: Option<&Factors>,
) -> Result<SignIn> {
    let mut kinds = factors.map(Factors::kinds).unwrap_or_default();
    let (mut ceremony, mut passkey_options) = (None, None);
    if kinds.contains(&FactorKind::Passkey) {
        let passkeys = factors.map_or(&[][..], |factors| &factors.passkeys);
        match ask_passkeys(app, passkeys) {
            Ok((options, state)) => (ceremony, passkey_options) = (Some(state), Some(options)),
            // The public address has lost its name since they were made. The other factors go on serving.
            Err(Error::Invalid(_)) => kinds.retain(|kind| *kind != FactorKind::Passkey),
            Err(error) => return Err(error),
        }
    }
    let password_of = password_of(&tx, account).await?;
    let asked = Some(Asked {
        password_of,
        ceremony,
    });
    let made = challenge::make(app, &tx, Purpose::SignIn, Some(account), &asked).await?;
    tx.commit().await?;
    app.telemetry.metrics.sign_ins.count(SignInStep::Challenged);
    let (token, expires_at) = made;
    Ok(SignIn::Challenge {
        token,
        expires_at,
        must_enrol: factors.is_none(),
        factors: kinds,
        passkey_options,
    })
}

/// The step that a token stands for.
pub(super) async fn look(app: &App, token: &Secret) -> Result<Challenge<Option<Asked>>> {
    challenge::look(app, Purpose::SignIn, token).await
}

/// The account with its row locked, if it can be signed in with.
pub(super) async fn standing(
    tx: &DatabaseTransaction,
    account: Uuid,
) -> Result<Option<account::Model>> {
    let account = locked(tx, account).await?;
    Ok(account.filter(|account| account.joined_at.is_some() && account.suspended_at.is_none()))
}

/// The account with its row locked: nobody else signs in with it, or changes its factors, until the end of the transaction.
pub(super) async fn locked(
    tx: &DatabaseTransaction,
    account: Uuid,
) -> Result<Option<account::Model>> {
    let select = account::Entity::find_by_id(account).lock(LockType::NoKeyUpdate);
    select.one(tx).await.map_err(Error::from)
}

/// Refuses a step whose first one was done with a password that is no more.
pub(super) async fn check_age(
    tx: &DatabaseTransaction,
    account: Uuid,
    challenge: &Challenge<Option<Asked>>,
) -> Result<()> {
    let Some(asked) = &challenge.state else {
        return Ok(());
    };
    if password_of(tx, account).await? == asked.password_of {
        Ok(())
    } else {
        Err(challenge::spent())
    }
}

/// When the password of an account was set, if it has one.
async fn password_of(tx: &DatabaseTransaction, account: Uuid) -> Result<Option<Instant>> {
    let password = password::Entity::find_by_id(account).one(tx).await?;
    Ok(password.map(|password| password.changed_at))
}

/// There is no factor, and the role needs one.
pub(super) fn enrol_first() -> Error {
    let message = "your role needs a second factor: make one with this challenge, by beginTotp or \
                   beginPasskeyRegistration";
    Error::invalid(ProblemCode::Required, "factor", message)
}

/// None was given.
pub(super) fn factor_needed() -> Error {
    let message = "this account has a second factor: give one of those that the challenge names";
    Error::invalid(ProblemCode::Required, "factor", message)
}

/// One was given, but not the right one.
pub(super) fn wrong_factor() -> Error {
    let message = "this factor is wrong, or was used before";
    Error::invalid(ProblemCode::Credentials, "factor", message)
}
