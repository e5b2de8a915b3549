//! Sessions: how they begin, what continues them, and whether they stand.

use chrono::{SubsecRound, TimeDelta};
use entity::{Instant, account, refresh_token, session};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, DatabaseTransaction, EntityTrait, ExprTrait, FromQueryResult,
    QueryFilter, QuerySelect, Select,
    prelude::{Expr, Uuid},
};

use super::{Client, Principal, Role, Session};
use crate::{
    app::App,
    auth::audit::{self, AuditAction, AuditEvent},
    clock::Clock,
    crypto::{Secret, jwt::Claims, token},
    database::Transaction,
    error::{Error, ProblemCode, Result},
    id,
    telemetry::{metrics::SignInStep, outage},
};

/// How long an access token holds, at most: it ends with its session.
const ACCESS_LIFE: TimeDelta = TimeDelta::minutes(15);
/// How long a session can be continued after it last was.
pub const REFRESH_LIFE: TimeDelta = TimeDelta::days(30);
const REFRESH_PREFIX: &str = "kdr_";
/// A session that is used is seen again after so long.
const SEEN_EVERY: TimeDelta = TimeDelta::minutes(5);
/// A spent token that comes again within this time was sent twice at once, and does no harm. Later it is a retry, or a theft.
const AT_ONCE: TimeDelta = TimeDelta::seconds(2);

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

/// The id of a session in the API.
pub fn public_id(session: Uuid) -> String {
    format!("session_{}", session.simple())
}

/// Begins a session for whoever has shown who they are, and commits, with these events before that of the session. Nothing
/// else makes sessions: whoever calls this must have asked for every factor that the account needs.
pub(super) async fn begin(
    app: &App,
    tx: Transaction,
    account: account::Model,
    client: &Client,
    mut events: Vec<AuditEvent>,
) -> Result<Tokens> {
    let now = app.clock.now();
    let row = session::ActiveModel {
        id: Set(id::new()),
        account_id: Set(account.id),
        created_at: Set(now),
        password_at: Set(now),
        last_seen_at: Set(now),
        expires_at: Set(now + REFRESH_LIFE),
        ended_at: Set(None),
        device: Set(client.device().to_owned()),
        network: Set(client.network()),
    };
    let session = session::Entity::insert(row)
        .exec_with_returning(&tx)
        .await?;
    let id = account.id;
    let tokens = issue(app, &tx, session.id, account, None).await?;
    let event = AuditEvent::new(AuditAction::SignedIn, Some(id))
        .at(public_id(session.id))
        .from(client.network());
    events.push(event);
    audit::append(&tx, events, Some(id), now).await?;
    tx.commit().await?;
    app.telemetry.metrics.sign_ins.count(SignInStep::Succeeded);
    Ok(tokens)
}

/// Continues a session with a refresh token, which is spent by that. A lost answer can be asked for again while nothing of
/// it was used. A spent token that comes after that has been stolen, by whoever came first or by whoever comes now: its
/// session ends.
pub async fn refresh(app: &App, token: &Secret) -> Result<Tokens> {
    let now = app.clock.now();
    let tx = app.database.begin().await?;
    let select = refresh_token::Entity::find_by_id(token::digest(token))
        .filter(refresh_token::Column::ExpiresAt.gt(now));
    let row = select.lock_exclusive().one(&tx).await?;
    let row = row.filter(|row| app.clock.holds(row.expires_at, REFRESH_LIFE));
    let row = row.ok_or_else(no_token)?;
    let account = standing_account(app, &tx, row.session_id).await?;
    match row.used_at {
        None => {
            refresh_token::Entity::update_many()
                .col_expr(refresh_token::Column::UsedAt, Expr::value(now))
                .filter(refresh_token::Column::Id.eq(row.id))
                .exec(&tx)
                .await?;
        }
        Some(used_at) if (now - used_at).abs() < AT_ONCE => return Err(used_just_now()),
        Some(_) => {
            if !take_back_unused_child(&tx, row.id).await? {
                return end_stolen(app, tx, row.session_id, account.id).await;
            }
            app.recent.clear();
        }
    }
    session::Entity::update_many()
        .col_expr(session::Column::ExpiresAt, Expr::value(now + REFRESH_LIFE))
        .filter(session::Column::Id.eq(row.session_id))
        .exec(&tx)
        .await?;
    let tokens = issue(app, &tx, row.session_id, account, Some(row.id)).await?;
    tx.commit().await?;
    Ok(tokens)
}

/// The account of a session that stands.
async fn standing_account(
    app: &App,
    tx: &DatabaseTransaction,
    session: Uuid,
) -> Result<account::Model> {
    let session = session::Entity::find_by_id(session)
        .filter(session::Column::EndedAt.is_null())
        .one(tx)
        .await?;
    let session = session.filter(|session| app.clock.holds(session.expires_at, REFRESH_LIFE));
    let session = session.ok_or_else(no_token)?;
    let account = account::Entity::find_by_id(session.account_id)
        .filter(account::Column::SuspendedAt.is_null());
    account.one(tx).await?.ok_or_else(no_token)
}

/// Removes the token that was given for a spent one, if neither it nor its access token has been used.
async fn take_back_unused_child(tx: &DatabaseTransaction, parent: Uuid) -> Result<bool> {
    let unused = Condition::all()
        .add(refresh_token::Column::ParentId.eq(parent))
        .add(refresh_token::Column::UsedAt.is_null())
        .add(refresh_token::Column::AccessUsedAt.is_null());
    let removed = refresh_token::Entity::delete_many().filter(unused);
    Ok(removed.exec(tx).await?.rows_affected == 1)
}

async fn end_stolen(app: &App, tx: Transaction, session: Uuid, account: Uuid) -> Result<Tokens> {
    let now = app.clock.now();
    super::end::end(&tx, session::Column::Id.eq(session), now).await?;
    let event =
        AuditEvent::new(AuditAction::RefreshTokenReused, Some(account)).at(public_id(session));
    audit::append(&tx, vec![event], None, now).await?;
    tx.commit().await?;
    app.recent.clear();
    tracing::warn!(%session, "a spent refresh token came again; its session has ended");
    Err(no_token())
}

/// An active session, with the current role of its account.
#[derive(Clone, FromQueryResult)]
pub(super) struct Active {
    password_at: Instant,
    last_seen_at: Instant,
    /// When the session ends if nobody continues it.
    expires_at: Instant,
    /// When the refresh token ends that was issued with the access token. The access token itself may say that it ends in a year
    /// to which a clock was set for a while; this moment is put right where it is stored.
    token_expires_at: Instant,
    access_used_at: Option<Instant>,
    account_id: Uuid,
    role: Role,
}

impl Active {
    /// Whether it belongs to this account, which has this role.
    pub(super) fn is_of(&self, account: Uuid, role: Role) -> bool {
        (self.account_id, self.role) == (account, role)
    }

    /// Whether session and access token hold still.
    fn holds(&self, clock: &Clock) -> bool {
        let issued_at = self.token_expires_at - REFRESH_LIFE;
        clock.holds(self.expires_at, REFRESH_LIFE) && !clock.has_passed(issued_at, ACCESS_LIFE)
    }
}

/// Who holds this access token. Whether its session stands is known for half a second, so that its end and a change of role
/// hold everywhere within a second.
pub async fn authenticate(app: &App, token: &Secret) -> Result<Principal> {
    let claims = app.crypto.keys.verify(token, app.clock.now()).await?;
    let claims = claims.ok_or(Error::Unauthenticated)?;
    let name = format!("session:{}:{}", claims.session, claims.token);
    let active = app.recent.get(name, read_active(app, &claims)).await?;
    let active = active
        .filter(|active: &Active| active.account_id == claims.account && active.holds(&app.clock));
    let active = active.ok_or(Error::Unauthenticated)?;
    Ok(Principal::Account {
        id: active.account_id,
        role: active.role,
        session: Session {
            id: claims.session,
            token: claims.token,
            password_at: active.password_at,
        },
    })
}

/// Selects the session with its account as [`Active`], if the session is active, its account is not suspended, and this
/// refresh token of it was not revoked.
pub(super) fn active(session: Uuid, token: Uuid, now: Instant) -> Select<session::Entity> {
    let mut select = session::Entity::find_by_id(session)
        .filter(session::Column::EndedAt.is_null())
        .filter(session::Column::ExpiresAt.gt(now))
        .filter(account::Column::SuspendedAt.is_null())
        .filter(refresh_token::Column::Id.eq(token))
        .select_only()
        .columns([
            session::Column::PasswordAt,
            session::Column::LastSeenAt,
            session::Column::ExpiresAt,
            session::Column::AccountId,
        ])
        .column_as(refresh_token::Column::ExpiresAt, "token_expires_at")
        .column(refresh_token::Column::AccessUsedAt)
        .column(account::Column::Role);
    let of_session = Expr::col((session::Entity, session::Column::AccountId))
        .equals((account::Entity, account::Column::Id));
    let of_token = Expr::col((session::Entity, session::Column::Id))
        .equals((refresh_token::Entity, refresh_token::Column::SessionId));
    QuerySelect::query(&mut select)
        .inner_join(account::Entity, of_session)
        .inner_join(refresh_token::Entity, of_token);
    select
}

async fn read_active(app: &App, claims: &Claims) -> Result<Option<Active>> {
    let now = app.clock.now();
    let select = active(claims.session, claims.token, now);
    let active = app.database.row::<_, Active>(select).await?;
    if let Some(active) = &active
        && (active.access_used_at.is_none() || (now - active.last_seen_at).abs() > SEEN_EVERY)
        && let Err(error) = mark_used(app, claims, now).await
    {
        // Reading goes on where nothing can be written.
        if !outage::report(&error) {
            tracing::warn!(%error, "that a session is used could not be noted");
        }
    }
    Ok(active)
}

async fn mark_used(app: &App, claims: &Claims, now: Instant) -> Result<()> {
    let tx = app.database.begin().await?;
    refresh_token::Entity::update_many()
        .col_expr(refresh_token::Column::AccessUsedAt, Expr::value(now))
        .filter(refresh_token::Column::Id.eq(claims.token))
        .filter(refresh_token::Column::AccessUsedAt.is_null())
        .exec(&tx)
        .await?;
    session::Entity::update_many()
        .col_expr(session::Column::LastSeenAt, Expr::value(now))
        .filter(session::Column::Id.eq(claims.session))
        .exec(&tx)
        .await?;
    tx.commit().await
}

/// How long sessions stay to be looked at after they have ended.
const KEPT_AFTER_END: TimeDelta = TimeDelta::days(30);

/// Forgets sessions that ended long ago, and tokens that no longer hold; returns how many sessions.
pub async fn purge(app: &App) -> Result<u64> {
    let now = app.clock.now();
    let before = now - KEPT_AFTER_END;
    let tx = app.database.begin().await?;
    // First the rows of others, as everywhere: refreshing locks a token before its session.
    refresh_token::Entity::delete_many()
        .filter(refresh_token::Column::ExpiresAt.lte(now))
        .exec(&tx)
        .await?;
    let over = Condition::any()
        .add(session::Column::EndedAt.lte(before))
        .add(session::Column::ExpiresAt.lte(before));
    let purged = session::Entity::delete_many()
        .filter(over)
        .exec(&tx)
        .await?;
    tx.commit().await?;
    Ok(purged.rows_affected)
}

/// New tokens for a session; the access token ends with a whole second, as its claims do.
async fn issue(
    app: &App,
    tx: &DatabaseTransaction,
    session: Uuid,
    account: account::Model,
    parent: Option<Uuid>,
) -> Result<Tokens> {
    let now = app.clock.now();
    let (id, refresh) = (id::new(), token::new(REFRESH_PREFIX)?);
    let refresh_expires_at = now + REFRESH_LIFE;
    let row = refresh_token::ActiveModel {
        hash: Set(token::digest(&refresh)),
        id: Set(id),
        session_id: Set(session),
        parent_id: Set(parent),
        expires_at: Set(refresh_expires_at),
        access_used_at: Set(None),
        used_at: Set(None),
    };
    refresh_token::Entity::insert(row)
        .exec_without_returning(tx)
        .await?;
    let access_expires_at = now.trunc_subsecs(0) + ACCESS_LIFE;
    let claims = Claims {
        account: account.id,
        session,
        token: id,
        issued_at: now,
        expires_at: access_expires_at,
    };
    let access = app.crypto.keys.sign(&claims, now).await?;
    Ok(Tokens {
        account,
        access,
        access_expires_at,
        refresh,
        refresh_expires_at,
    })
}

fn no_token() -> Error {
    let message = "the refresh token is not valid, or not any more; sign in again";
    Error::invalid(ProblemCode::Credentials, "refreshToken", message)
}

fn used_just_now() -> Error {
    let message = "the refresh token was used a moment ago; take the tokens that it gave then, or try again in two seconds";
    Error::invalid(ProblemCode::Credentials, "refreshToken", message)
}
