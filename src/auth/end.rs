//! How sessions end: by signing out, here or everywhere, and by everything that takes an account's credentials back.

use entity::{Instant, session};
use sea_orm::{
    ColumnTrait, Condition, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    prelude::{Expr, Uuid},
    sea_query::IntoCondition,
};

use super::{
    Principal, Right, api_token, authority::begin_on_accounts, challenge, preview_link,
    session::public_id,
};
use crate::{
    app::App,
    auth::audit::{self, AuditAction, AuditEvent},
    error::{Error, ProblemCode, Result},
};

/// How many sessions of an account are shown, the last seen first.
const MOST_SHOWN: u64 = 100;

/// Ends the session of whoever asks, at once and everywhere; returns when that was.
pub async fn sign_out(app: &App, principal: &Principal) -> Result<Instant> {
    let (account, session) = principal.signed_in()?;
    end_where(app, principal, account, session::Column::Id.eq(session.id)).await?;
    Ok(app.clock.now())
}

/// The sessions of an account that stand, the last seen first: one's own, or for admins anybody's.
pub async fn sessions(
    app: &App,
    principal: &Principal,
    account: Option<Uuid>,
) -> Result<Vec<session::Model>> {
    let account = whose(principal, account)?;
    let select = session::Entity::find()
        .filter(session::Column::AccountId.eq(account))
        .filter(session::Column::EndedAt.is_null())
        .filter(session::Column::ExpiresAt.gt(app.clock.now()))
        .order_by_desc(session::Column::LastSeenAt)
        .order_by_desc(session::Column::Id)
        .limit(MOST_SHOWN);
    app.database.rows(select).await
}

/// Ends a session: one's own, or for admins anybody's. To everybody else it does not exist.
pub async fn end_session(app: &App, principal: &Principal, session: Uuid) -> Result<()> {
    let (own, _) = principal.signed_in()?;
    let row: Option<session::Model> = app
        .database
        .row(session::Entity::find_by_id(session))
        .await?;
    let mine = |row: &session::Model| row.account_id == own || may_manage(principal);
    let row = row.filter(mine).ok_or_else(|| {
        let message = "this session does not exist";
        Error::invalid(ProblemCode::NotFound, "id", message)
    })?;
    let named = session::Column::Id.eq(session);
    end_where(app, principal, row.account_id, named).await
}

/// Ends all sessions of an account, the present one too: one's own, or for admins anybody's. With `keys_too` its API tokens
/// and preview links end as well. Returns how many sessions ended.
pub async fn sign_out_everywhere(
    app: &App,
    principal: &Principal,
    account: Option<Uuid>,
    keys_too: bool,
) -> Result<usize> {
    let account = whose(principal, account)?;
    let now = app.clock.now();
    let tx = begin_on_accounts(app, principal, &[account]).await?;
    let mut events = end_all(&tx, account, None, now).await?;
    let count = events.len();
    if keys_too {
        events.extend(revoke_keys(&tx, account, now).await?);
    }
    audit::append(&tx, events, principal.account_id(), now).await?;
    tx.commit().await?;
    app.recent.clear();
    Ok(count)
}

/// Takes back what an account has given to machines and readers: API tokens and preview links. Returns what is to be told.
pub(super) async fn revoke_keys(
    tx: &DatabaseTransaction,
    account: Uuid,
    now: Instant,
) -> Result<Vec<AuditEvent>> {
    let tokens = api_token::revoke_all(tx, account, now).await?;
    let links = preview_link::revoke_all(tx, account, now).await?;
    Ok([tokens, links].concat())
}

/// The account that is named, or one's own; refuses those who may not look after it.
pub(super) fn whose(principal: &Principal, account: Option<Uuid>) -> Result<Uuid> {
    let (own, _) = principal.signed_in()?;
    match account {
        Some(account) if account != own => {
            principal.require(Right::ManageAccounts)?;
            Ok(account)
        }
        _ => Ok(own),
    }
}

fn may_manage(principal: &Principal) -> bool {
    principal.require(Right::ManageAccounts).is_ok()
}

async fn end_where(
    app: &App,
    principal: &Principal,
    account: Uuid,
    named: impl IntoCondition,
) -> Result<()> {
    let now = app.clock.now();
    let tx = begin_on_accounts(app, principal, &[account]).await?;
    let ended = end(&tx, named, now).await?;
    let events = ended
        .into_iter()
        .map(|session| ended_event(account, session));
    audit::append(&tx, events.collect(), principal.account_id(), now).await?;
    tx.commit().await?;
    app.recent.clear();
    Ok(())
}

fn ended_event(account: Uuid, session: Uuid) -> AuditEvent {
    AuditEvent::new(AuditAction::SessionEnded, Some(account)).at(public_id(session))
}

/// Ends the sessions that the condition names and that stand; returns which. Whoever calls this empties `app.recent` after
/// the commit.
pub(super) async fn end(
    tx: &DatabaseTransaction,
    named: impl IntoCondition,
    now: Instant,
) -> Result<Vec<Uuid>> {
    let ended = session::Entity::update_many()
        .col_expr(session::Column::EndedAt, Expr::value(now))
        .filter(named.into_condition())
        .filter(session::Column::EndedAt.is_null())
        .exec_with_returning(tx)
        .await?;
    Ok(ended.into_iter().map(|session| session.id).collect())
}

/// Ends the sessions of an account, but for one if that is named, and every way to a new one that it has begun; returns what
/// is to be told of it. Whoever calls this empties `app.recent` after the commit.
pub(super) async fn end_all(
    tx: &DatabaseTransaction,
    account: Uuid,
    but: Option<Uuid>,
    now: Instant,
) -> Result<Vec<AuditEvent>> {
    challenge::end_all(tx, account).await?;
    let named = Condition::all()
        .add(session::Column::AccountId.eq(account))
        .add_option(but.map(|but| session::Column::Id.ne(but)));
    let ended = end(tx, named, now).await?.into_iter();
    Ok(ended.map(|session| ended_event(account, session)).collect())
}
