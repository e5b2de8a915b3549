//! The first account: made by whoever holds the link that the server prints while there is none.

use chrono::TimeDelta;
use entity::{Instant, account, account::Role, setup_token};
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter};

use super::account::{NewAccount, checked, insert, is_none, tell_of_creation};
use crate::{
    app::App,
    auth::audit,
    crypto::{Secret, token},
    error::{Error, ProblemCode, Result},
};

/// How long a link holds.
pub const LIFE: TimeDelta = TimeDelta::hours(24);
const PREFIX: &str = "kds_";

/// A new token for a link, while nobody has an account.
pub async fn offer(app: &App) -> Result<Option<Secret>> {
    if !is_none(app).await? {
        return Ok(None);
    }
    let (token, now) = (token::new(PREFIX)?, app.clock.now());
    let row = setup_token::ActiveModel {
        hash: Set(token::digest(&token)),
        expires_at: Set(now + LIFE),
    };
    let tx = app.database.begin().await?;
    setup_token::Entity::delete_many()
        .filter(setup_token::Column::ExpiresAt.lte(now))
        .exec(&tx)
        .await?;
    setup_token::Entity::insert(row)
        .exec_without_returning(&tx)
        .await?;
    tx.commit().await?;
    Ok(Some(token))
}

/// Makes the first account, an admin, for whoever has a token; all tokens go with it. Of several that come at once,
/// one succeeds.
pub async fn accept(
    app: &App,
    token: &Secret,
    email: String,
    name: String,
    password: Secret,
) -> Result<account::Model> {
    let now = app.clock.now();
    let named = named(token, now);
    // A look beforehand, so that nobody makes the server hash passwords with a token that does not hold.
    let found = app
        .database
        .row::<_, setup_token::Model>(setup_token::Entity::find().filter(named.clone()));
    let found = found.await?;
    found
        .filter(|found| app.clock.holds(found.expires_at, LIFE))
        .ok_or_else(spent)?;
    let role = Role::Admin;
    let new = NewAccount {
        email,
        name,
        role,
        password,
    };
    let (account, password) = checked(app, new).await?;
    let tx = app.database.begin().await?;
    // From here on nobody else makes an account, and all that were made before are seen.
    audit::hold(&tx).await?;
    let deleted = setup_token::Entity::delete_many()
        .filter(named)
        .exec(&tx)
        .await?;
    let any = account::Entity::find().one(&tx).await?;
    if deleted.rows_affected != 1 || any.is_some() {
        return Err(spent());
    }
    setup_token::Entity::delete_many().exec(&tx).await?;
    insert(&tx, &account, Some(password)).await?;
    tell_of_creation(&tx, &account).await?;
    tx.commit().await?;
    Ok(account)
}

/// Forgets tokens that nobody can use any more.
pub async fn purge(app: &App) -> Result<()> {
    let tx = app.database.begin().await?;
    setup_token::Entity::delete_many()
        .filter(setup_token::Column::ExpiresAt.lte(app.clock.now()))
        .exec(&tx)
        .await?;
    tx.commit().await
}

fn named(token: &Secret, now: Instant) -> Condition {
    Condition::all()
        .add(setup_token::Column::Hash.eq(token::digest(token)))
        .add(setup_token::Column::ExpiresAt.gt(now))
}

fn spent() -> Error {
    let message = "the setup link is not valid, or not any more";
    Error::invalid(ProblemCode::Credentials, "token", message)
}
