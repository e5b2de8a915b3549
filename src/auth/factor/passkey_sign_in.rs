//! A passkey alone: it signs in by itself, and takes the place of a fresh password. The device has verified its owner, so
//! that it is two factors in one.

use chrono::TimeDelta;
use entity::Instant;
use sea_orm::prelude::Uuid;
use serde_json::Value;

use super::{
    super::{
        Client, FRESH, Principal,
        attempt::{self, Budget},
        authority::begin_on_accounts,
        challenge::{self, Challenge, Purpose},
        session::begin as begin_session,
        sign_in::{SignIn, freshen, tell_of_failure},
        step::standing,
    },
    ceremony::{self, Ceremony},
    held,
    passkey::Begun,
};
use crate::{
    app::App,
    crypto::Secret,
    error::{Error, ProblemCode, Result},
};

/// Ceremonies that are begun from one network. A page may begin one whenever it is opened, so there are many.
const FROM_NETWORK: Budget = Budget {
    name: "ceremony:network",
    free: 300,
    first_wait: TimeDelta::seconds(1),
    longest_wait: TimeDelta::seconds(30),
};

/// Asks a browser for any passkey of this site. It is the same for everybody.
pub async fn begin(app: &App, client: &Client) -> Result<Begun> {
    let network = client.network();
    if !network.is_empty() {
        attempt::count(app, &[FROM_NETWORK.of(&network)]).await?;
    }
    let (options, state) = ceremony::ask(app, &[])?;
    let tx = app.database.begin().await?;
    let made = challenge::make(app, &tx, Purpose::PasskeySignIn, None, &state).await?;
    tx.commit().await?;
    Ok(Begun {
        token: made.0,
        expires_at: made.1,
        options,
    })
}

/// Signs in whoever the browser's answer shows.
pub async fn finish(app: &App, client: &Client, token: &Secret, answer: &Value) -> Result<SignIn> {
    let purpose = Purpose::PasskeySignIn;
    let ceremony = challenge::look(app, purpose, token).await;
    let ceremony: Challenge<Ceremony> = ceremony.map_err(at_ceremony)?;
    // Spent whatever comes of it, so that nobody fills the log with one token.
    let (tx, now) = (app.database.begin().await?, app.clock.now());
    let spent = challenge::spend(&tx, purpose, &ceremony, now).await;
    spent.map_err(at_ceremony)?;
    tx.commit().await?;
    let Some(owner) = ceremony::owner(app, answer).await? else {
        tell_of_failure(app, client, None).await?;
        return Err(wrong());
    };
    let tx = app.database.begin().await?;
    let account = standing(&tx, owner).await?;
    let holds = ceremony::accept(app, &tx, owner, &ceremony.state, answer).await?;
    let Some(account) = account.filter(|_| holds) else {
        drop(tx);
        tell_of_failure(app, client, Some(owner)).await?;
        return Err(wrong());
    };
    let network = client.network();
    if !network.is_empty() {
        attempt::forgive(&tx, &FROM_NETWORK.of(&network), now).await?;
    }
    let tokens = begin_session(app, tx, account, client, Vec::new()).await?;
    Ok(SignIn::Session(Box::new(tokens)))
}

/// Asks the browser of whoever is signed in for one of their passkeys.
pub async fn begin_confirmation(app: &App, principal: &Principal) -> Result<Begun> {
    let (account, _) = principal.signed_in()?;
    let tx = begin_on_accounts(app, principal, &[]).await?;
    let passkeys = held(&tx, account).await?.passkeys;
    if passkeys.is_empty() {
        let message = "you have no passkey; use confirmPassword, or sign in again";
        return Err(Error::invalid(ProblemCode::NotFound, "", message));
    }
    let (options, state) = ceremony::ask(app, &passkeys)?;
    let purpose = Purpose::PasskeyConfirmation;
    let made = challenge::make(app, &tx, purpose, Some(account), &state).await?;
    tx.commit().await?;
    Ok(Begun {
        token: made.0,
        expires_at: made.1,
        options,
    })
}

/// Takes a passkey in the place of the password, for what needs that fresh; returns until when it counts as such.
pub async fn confirm(
    app: &App,
    client: &Client,
    principal: &Principal,
    token: &Secret,
    answer: &Value,
) -> Result<Instant> {
    let (account, session) = principal.signed_in()?;
    let purpose = Purpose::PasskeyConfirmation;
    let ceremony = confirmation(app, token, account).await?;
    let tx = begin_on_accounts(app, principal, &[]).await?;
    let now = app.clock.now();
    let holds = ceremony::accept(app, &tx, account, &ceremony.state, answer).await?;
    if !holds {
        drop(tx);
        tell_of_failure(app, client, Some(account)).await?;
        return Err(wrong());
    }
    let spent = challenge::spend(&tx, purpose, &ceremony, now).await;
    spent.map_err(at_ceremony)?;
    freshen(&tx, session.id, now).await?;
    tx.commit().await?;
    app.recent.clear();
    Ok(now + FRESH)
}

async fn confirmation(app: &App, token: &Secret, account: Uuid) -> Result<Challenge<Ceremony>> {
    let asked = challenge::look(app, Purpose::PasskeyConfirmation, token).await;
    let asked: Challenge<Ceremony> = asked.map_err(at_ceremony)?;
    if asked.account == Some(account) {
        Ok(asked)
    } else {
        Err(no_ceremony())
    }
}

/// The same error, where the token of a ceremony stands.
pub(super) fn at_ceremony(error: Error) -> Error {
    match error {
        Error::Invalid(_) => no_ceremony(),
        error => error,
    }
}

pub(super) fn no_ceremony() -> Error {
    let message = "this ceremony is not valid, or not any more; begin again";
    Error::invalid(ProblemCode::Credentials, "ceremony", message)
}

fn wrong() -> Error {
    let message = "the passkey is not one of an account that can sign in";
    Error::invalid(ProblemCode::Credentials, "credential", message)
}
