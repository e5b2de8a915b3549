//! Steps that another one must follow: whoever has done the first holds a token for the next.

use chrono::TimeDelta;
use entity::{Instant, challenge};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, DatabaseTransaction, EntityTrait, QueryFilter,
    prelude::Uuid,
};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    app::App,
    crypto::{Secret, token},
    error::{Error, ProblemCode, Result},
};

/// Tokens of challenges begin with this.
pub const PREFIX: &str = "kdc_";

/// What a challenge is for; it serves nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Coming to the end of signing in, after its first step.
    SignIn,
    /// Making a passkey.
    PasskeyRegistration,
    /// Signing in with a passkey alone.
    PasskeySignIn,
    /// Showing a passkey in the place of the password.
    PasskeyConfirmation,
    /// Coming back from an OpenID provider.
    Oidc,
}

/// The shortest life of any challenge: as long as a browser waits for its user.
pub const MIN_LIFE: TimeDelta = TimeDelta::minutes(5);

impl Purpose {
    fn name(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::PasskeyRegistration => "passkey_registration",
            Self::PasskeySignIn => "passkey_sign_in",
            Self::PasskeyConfirmation => "passkey_confirmation",
            Self::Oidc => "oidc",
        }
    }

    fn life(self) -> TimeDelta {
        match self {
            Self::SignIn | Self::Oidc => TimeDelta::minutes(10),
            Self::PasskeyRegistration | Self::PasskeySignIn | Self::PasskeyConfirmation => MIN_LIFE,
        }
    }
}

/// A challenge that holds.
#[derive(Clone, Debug)]
pub struct Challenge<T> {
    /// Who has begun it, where that is known.
    pub account: Option<Uuid>,
    /// What the step before left for the next one.
    pub state: T,
    hash: String,
}

/// Makes a challenge, with what its next step needs; returns its token and when that ends.
pub async fn make<T: Serialize>(
    app: &App,
    tx: &DatabaseTransaction,
    purpose: Purpose,
    account: Option<Uuid>,
    state: &T,
) -> Result<(Secret, Instant)> {
    make_for(app, tx, purpose, account, state, purpose.life()).await
}

/// The same, with a shorter life.
pub(super) async fn make_for<T: Serialize>(
    app: &App,
    tx: &DatabaseTransaction,
    purpose: Purpose,
    account: Option<Uuid>,
    state: &T,
    life: TimeDelta,
) -> Result<(Secret, Instant)> {
    let token = token::new(PREFIX)?;
    let hash = token::digest(&token);
    let state = Secret::new(serde_json::to_string(state).map_err(Error::internal)?);
    let expires_at = app.clock.now() + life;
    let row = challenge::ActiveModel {
        state: Set(Some(app.crypto.vault.seal(&place(&hash), &state)?)),
        hash: Set(hash),
        purpose: Set(purpose.name().to_owned()),
        account_id: Set(account),
        expires_at: Set(expires_at),
    };
    challenge::Entity::insert(row)
        .exec_without_returning(tx)
        .await?;
    Ok((token, expires_at))
}

/// The challenge of a token, which goes on standing. Refuses tokens that do not hold, or not for this purpose.
pub async fn look<T: DeserializeOwned>(
    app: &App,
    purpose: Purpose,
    token: &Secret,
) -> Result<Challenge<T>> {
    let hash = token::digest(token);
    let select = challenge::Entity::find().filter(standing(&hash, purpose, app.clock.now()));
    let row: Option<challenge::Model> = app.database.row(select).await?;
    let row = row.filter(|row| app.clock.holds(row.expires_at, purpose.life()));
    let row = row.ok_or_else(spent)?;
    let sealed = row.state.unwrap_or_default();
    let state = app.crypto.vault.open_sealed(&place(&hash), &sealed)?;
    Ok(Challenge {
        account: row.account_id,
        state: serde_json::from_str(state.expose()).map_err(Error::internal)?,
        hash,
    })
}

/// Ends a challenge that was looked at; of several that come at once, one succeeds.
pub async fn spend<T>(
    tx: &DatabaseTransaction,
    purpose: Purpose,
    challenge: &Challenge<T>,
    now: Instant,
) -> Result<()> {
    let deleted = challenge::Entity::delete_many()
        .filter(standing(&challenge.hash, purpose, now))
        .exec(tx)
        .await?;
    if deleted.rows_affected == 1 {
        Ok(())
    } else {
        Err(spent())
    }
}

/// Ends all that an account has begun: its credentials have been taken back.
pub(super) async fn end_all(tx: &DatabaseTransaction, account: Uuid) -> Result<()> {
    challenge::Entity::delete_many()
        .filter(challenge::Column::AccountId.eq(account))
        .exec(tx)
        .await?;
    Ok(())
}

/// Forgets challenges that nobody can come to the end of any more; returns how many.
pub async fn purge(app: &App) -> Result<u64> {
    let tx = app.database.begin().await?;
    let purged = challenge::Entity::delete_many()
        .filter(challenge::Column::ExpiresAt.lte(app.clock.now()))
        .exec(&tx)
        .await?;
    tx.commit().await?;
    Ok(purged.rows_affected)
}

fn standing(hash: &str, purpose: Purpose, now: Instant) -> Condition {
    Condition::all()
        .add(challenge::Column::Hash.eq(hash))
        .add(challenge::Column::Purpose.eq(purpose.name()))
        .add(challenge::Column::ExpiresAt.gt(now))
}

/// Where the state is sealed for.
fn place(hash: &str) -> String {
    format!("challenge:{hash}")
}

/// The token does not hold.
pub(super) fn spent() -> Error {
    let message = "this step is not valid, or not any more; begin again";
    Error::invalid(ProblemCode::Credentials, "challenge", message)
}
