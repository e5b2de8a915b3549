//! Sessions: from signing in, by password, over tokens that continue them, to signing out.

use chrono::{SubsecRound, TimeDelta};
use entity::{Instant, account, refresh_token, session};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, DatabaseTransaction, EntityTrait, ExprTrait, FromQueryResult,
    QueryFilter, QuerySelect,
    prelude::{Expr, Uuid},
};

use super::{FRESH, Principal, Role, Session, account::address};
use crate::{
    app::App,
    crypto::{Secret, jwt::Claims, password::has_right_length, token},
    error::{Error, ProblemCode, Result},
    id,
};

/// How long an access token holds, at most: it ends with its session.
const ACCESS_LIFE: TimeDelta = TimeDelta::minutes(15);
/// How long a session can be continued after it last was.
const REFRESH_LIFE: TimeDelta = TimeDelta::days(30);
const REFRESH_PREFIX: &str = "kdr_";

/// What somebody who is signed in holds.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// Who is signed in.
    pub account: account::Model,
    /// Goes with every request.
    pub access: Secret,
    /// When the access token ends.
    pub access_expires_at: Instant,
    /// Gives new tokens, once.
    pub refresh: Secret,
    /// When the refresh token ends.
    pub refresh_expires_at: Instant,
}

/// Begins a session. Whether the address or the password is wrong, neither the answer nor its time tells.
pub async fn sign_in(app: &App, email: &str, password: Secret) -> Result<Tokens> {
    if !has_right_length(&password) {
        return Err(wrong_password());
    }
    let account = match address(email) {
        Some(email) => by_email(app, &email).await?,
        None => None,
    };
    let hash = account
        .as_ref()
        .map(|account| account.password_hash.clone());
    let is_right = app.passwords.verify(password, hash).await?;
    let account = account.filter(|_| is_right).ok_or_else(wrong_password)?;
    let now = app.clock.now();
    let row = session::ActiveModel {
        id: Set(id::new()),
        account_id: Set(account.id),
        created_at: Set(now),
        password_at: Set(now),
        ended_at: Set(None),
    };
    let tx = app.database.begin().await?;
    let session = session::Entity::insert(row)
        .exec_with_returning(&tx)
        .await?;
    let tokens = issue(app, &tx, session.id, account, now).await?;
    tx.commit().await?;
    Ok(tokens)
}

/// Continues a session with a refresh token, which is spent by that. One that was spent before has been stolen, by whoever
/// came first or by whoever comes now: its session ends.
pub async fn refresh(app: &App, token: &Secret) -> Result<Tokens> {
    let (hash, now) = (token::digest(token), app.clock.now());
    let tx = app.database.begin().await?;
    let unspent = Condition::all()
        .add(refresh_token::Column::Hash.eq(&hash))
        .add(refresh_token::Column::UsedAt.is_null())
        .add(refresh_token::Column::ExpiresAt.gt(now));
    let spent = refresh_token::Entity::update_many()
        .col_expr(refresh_token::Column::UsedAt, Expr::value(now))
        .filter(unspent)
        .exec(&tx)
        .await?;
    let row = refresh_token::Entity::find_by_id(hash).one(&tx).await?;
    let row = row.ok_or_else(no_token)?;
    if spent.rows_affected != 1 {
        if row.used_at.is_some() {
            end(&tx, row.session_id, now).await?;
            tx.commit().await?;
            tracing::warn!(session = %row.session_id, "a spent refresh token came again; its session has ended");
        }
        return Err(no_token());
    }
    let standing = session::Entity::find_by_id(row.session_id)
        .filter(session::Column::EndedAt.is_null())
        .one(&tx)
        .await?
        .ok_or_else(no_token)?;
    let account = account::Entity::find_by_id(standing.account_id)
        .one(&tx)
        .await?
        .ok_or_else(no_token)?;
    let tokens = issue(app, &tx, standing.id, account, now).await?;
    tx.commit().await?;
    Ok(tokens)
}

/// Ends the session of whoever asks, at once and everywhere; returns when that was.
pub async fn sign_out(app: &App, principal: &Principal) -> Result<Instant> {
    let (_, session) = principal.signed_in()?;
    let now = app.clock.now();
    let tx = app.database.begin().await?;
    end(&tx, session.id, now).await?;
    tx.commit().await?;
    Ok(now)
}

/// Takes the password once more, for what needs it fresh; returns until when it counts as such.
pub async fn confirm_password(
    app: &App,
    principal: &Principal,
    password: Secret,
) -> Result<Instant> {
    let (account, session) = principal.signed_in()?;
    let select = account::Entity::find_by_id(account);
    let account = app.database.row::<_, account::Model>(select).await?;
    let account = account.ok_or(Error::Unauthenticated)?;
    let is_right = has_right_length(&password)
        && app
            .passwords
            .verify(password, Some(account.password_hash))
            .await?;
    if !is_right {
        let message = "the password is wrong";
        return Err(Error::invalid(
            ProblemCode::Credentials,
            "password",
            message,
        ));
    }
    let now = app.clock.now();
    let tx = app.database.begin().await?;
    session::Entity::update_many()
        .col_expr(session::Column::PasswordAt, Expr::value(now))
        .filter(session::Column::Id.eq(session.id))
        .exec(&tx)
        .await?;
    tx.commit().await?;
    Ok(now + FRESH)
}

/// A session that stands, with what its account may do now.
#[derive(FromQueryResult)]
struct Standing {
    password_at: Instant,
    account_id: Uuid,
    role: Role,
}

/// Who holds this access token. The database is asked each time, so that the end of a session and a change of role hold
/// at once.
pub async fn authenticate(app: &App, token: &Secret) -> Result<Principal> {
    let claims = app.keys.verify(token, app.clock.now()).await?;
    let claims = claims.ok_or(Error::Unauthenticated)?;
    let mut select = session::Entity::find_by_id(claims.session)
        .filter(session::Column::AccountId.eq(claims.account))
        .filter(session::Column::EndedAt.is_null())
        .select_only()
        .columns([session::Column::PasswordAt, session::Column::AccountId])
        .column(account::Column::Role);
    let of_session = Expr::col((session::Entity, session::Column::AccountId))
        .equals((account::Entity, account::Column::Id));
    QuerySelect::query(&mut select).inner_join(account::Entity, of_session);
    let standing = app.database.row::<_, Standing>(select).await?;
    let standing = standing.ok_or(Error::Unauthenticated)?;
    Ok(Principal::Account {
        id: standing.account_id,
        role: standing.role,
        session: Session {
            id: claims.session,
            password_at: standing.password_at,
        },
    })
}

async fn by_email(app: &App, email: &str) -> Result<Option<account::Model>> {
    let select = account::Entity::find().filter(account::Column::Email.eq(email));
    app.database.row(select).await
}

/// New tokens for a session; the access token ends with a whole second, as its claims do.
async fn issue(
    app: &App,
    tx: &DatabaseTransaction,
    session: Uuid,
    account: account::Model,
    now: Instant,
) -> Result<Tokens> {
    let refresh = token::new(REFRESH_PREFIX)?;
    let refresh_expires_at = now + REFRESH_LIFE;
    let row = refresh_token::ActiveModel {
        hash: Set(token::digest(&refresh)),
        session_id: Set(session),
        expires_at: Set(refresh_expires_at),
        used_at: Set(None),
    };
    refresh_token::Entity::insert(row)
        .exec_without_returning(tx)
        .await?;
    let access_expires_at = now.trunc_subsecs(0) + ACCESS_LIFE;
    let claims = Claims {
        account: account.id,
        session,
        issued_at: now,
        expires_at: access_expires_at,
    };
    let access = app.keys.sign(&claims)?;
    Ok(Tokens {
        account,
        access,
        access_expires_at,
        refresh,
        refresh_expires_at,
    })
}

async fn end(tx: &DatabaseTransaction, session: Uuid, now: Instant) -> Result<()> {
    session::Entity::update_many()
        .col_expr(session::Column::EndedAt, Expr::value(now))
        .filter(session::Column::Id.eq(session))
        .filter(session::Column::EndedAt.is_null())
        .exec(tx)
        .await?;
    Ok(())
}

fn wrong_password() -> Error {
    let message = "the e-mail address or the password is wrong";
    Error::invalid(ProblemCode::Credentials, "", message)
}

fn no_token() -> Error {
    let message = "the refresh token is not valid, or not any more; sign in again";
    Error::invalid(ProblemCode::Credentials, "refreshToken", message)
}
