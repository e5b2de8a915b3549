//! What admins do with accounts: names, roles, suspension, erasing. Somebody who may look after people always stays.

use entity::{account, account::Role};
use sea_orm::{
    ActiveEnum, ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, PaginatorTrait,
    QueryFilter, QuerySelect, Select, prelude::Uuid,
};

use super::{
    Client, Principal, Right,
    account::checked_name,
    authority::begin_on_accounts,
    end, link, network,
    sign_in::{forget_attempts, require_fresh},
};
use crate::{
    app::App,
    auth::audit::{self, AuditAction, AuditEvent},
    database::{Transaction, only},
    error::{Error, ProblemCode, Result},
    fold::fold,
};

/// Gives an account another name: one's own, or for admins anybody's.
pub async fn rename(
    app: &App,
    client: &Client,
    principal: &Principal,
    account: Option<Uuid>,
    name: &str,
) -> Result<account::Model> {
    let id = end::whose(principal, account)?;
    let mut problems = Vec::new();
    let name = checked_name(&mut problems, name);
    if !problems.is_empty() {
        return Err(Error::Invalid(problems));
    }
    let tx = begin_on_accounts(app, principal, &[id]).await?;
    locked(&tx, id).await?;
    let changed = account::ActiveModel {
        id: Set(id),
        name_folded: Set(fold(&name)),
        name: Set(name),
        ..Default::default()
    };
    let account = account::Entity::update(changed)
        .validate()?
        .exec(&tx)
        .await?;
    let event = AuditEvent::new(AuditAction::AccountUpdated, Some(id)).from(client.network());
    finish(app, tx, principal, vec![event]).await?;
    Ok(account)
}

/// Gives an account another role, and ends its sessions.
pub async fn change_role(
    app: &App,
    client: &Client,
    principal: &Principal,
    id: Uuid,
    role: Role,
) -> Result<account::Model> {
    require_admin(app, principal).await?;
    let tx = begin_on_accounts(app, principal, &[id]).await?;
    let account = locked(&tx, id).await?;
    if account.role == role {
        return Ok(account);
    }
    let changed = account::ActiveModel {
        id: Set(id),
        role: Set(role),
        ..Default::default()
    };
    let account = account::Entity::update(changed)
        .validate()?
        .exec(&tx)
        .await?;
    let event = AuditEvent::new(AuditAction::RoleChanged, Some(id))
        .at(format!("role_{}", role.to_value()))
        .from(client.network());
    let ended = end::end_all(&tx, id, None, app.clock.now()).await?;
    keep_an_admin(&tx).await?;
    finish(app, tx, principal, [vec![event], ended].concat()).await?;
    Ok(account)
}

/// Suspends an account: nobody can sign in with it, and everything that opens something for it ends.
pub async fn suspend(
    app: &App,
    client: &Client,
    principal: &Principal,
    id: Uuid,
) -> Result<account::Model> {
    require_admin(app, principal).await?;
    let tx = begin_on_accounts(app, principal, &[id]).await?;
    let account = locked(&tx, id).await?;
    if account.suspended_at.is_some() {
        return Ok(account);
    }
    let now = app.clock.now();
    let changed = account::ActiveModel {
        id: Set(id),
        suspended_at: Set(Some(now)),
        ..Default::default()
    };
    let account = account::Entity::update(changed)
        .validate()?
        .exec(&tx)
        .await?;
    let event = AuditEvent::new(AuditAction::AccountSuspended, Some(id)).from(client.network());
    link::end_all(&tx, id).await?;
    let ended = end::end_all(&tx, id, None, now).await?;
    let revoked = end::revoke_keys(&tx, id, now).await?;
    keep_an_admin(&tx).await?;
    finish(app, tx, principal, [vec![event], ended, revoked].concat()).await?;
    Ok(account)
}

/// Lets an account that was suspended be signed in with again.
pub async fn reactivate(
    app: &App,
    client: &Client,
    principal: &Principal,
    id: Uuid,
) -> Result<account::Model> {
    require_admin(app, principal).await?;
    let tx = begin_on_accounts(app, principal, &[id]).await?;
    let account = locked(&tx, id).await?;
    if account.suspended_at.is_none() {
        return Ok(account);
    }
    let changed = account::ActiveModel {
        id: Set(id),
        suspended_at: Set(None),
        ..Default::default()
    };
    let account = account::Entity::update(changed)
        .validate()?
        .exec(&tx)
        .await?;
    let event = AuditEvent::new(AuditAction::AccountReactivated, Some(id)).from(client.network());
    finish(app, tx, principal, vec![event]).await?;
    Ok(account)
}

/// Erases an account for ever. What it did stays, under its id, and without the network addresses that it came from.
pub async fn erase(app: &App, client: &Client, principal: &Principal, id: Uuid) -> Result<Uuid> {
    require_admin(app, principal).await?;
    let tx = begin_on_accounts(app, principal, &[id]).await?;
    let account = locked(&tx, id).await?;
    account::Entity::delete_by_id(id).exec(&tx).await?;
    network::forget(&tx, id).await?;
    forget_attempts(&tx, &account.email).await?;
    keep_an_admin(&tx).await?;
    let mut event = AuditEvent::new(AuditAction::AccountErased, Some(id));
    if principal.account_id() != Some(id) {
        event = event.from(client.network());
    }
    finish(app, tx, principal, vec![event]).await?;
    app.database.expect_wal_truncation();
    Ok(id)
}

/// Refuses those who may not look after people, or have not shown who they are a moment ago.
pub(super) async fn require_admin(app: &App, principal: &Principal) -> Result<()> {
    principal.require(Right::ManageAccounts)?;
    require_fresh(app, principal).await
}

/// The account, which nobody else changes before the transaction ends; refuses ids that nobody has.
pub(super) async fn locked(tx: &DatabaseTransaction, id: Uuid) -> Result<account::Model> {
    find_locked(tx, id).await?.ok_or_else(|| {
        let message = "this account does not exist";
        Error::invalid(ProblemCode::NotFound, "account", message)
    })
}

/// The same, if it is there. It must be locked before the counter of the audit log is held.
pub(super) async fn find_locked(
    tx: &DatabaseTransaction,
    id: Uuid,
) -> Result<Option<account::Model>> {
    only(tx, account::Entity::find_by_id(id).lock_exclusive()).await
}

/// Writes the events and commits. The next request goes by what holds now.
pub(super) async fn finish(
    app: &App,
    tx: Transaction,
    principal: &Principal,
    events: Vec<AuditEvent>,
) -> Result<()> {
    let actor = principal.account_id();
    audit::append(&tx, events, actor, app.clock.now()).await?;
    tx.commit().await?;
    app.recent.clear();
    Ok(())
}

/// Those who may look after people.
pub(super) fn admins() -> Select<account::Entity> {
    account::Entity::find()
        .filter(account::Column::Role.eq(Role::Admin))
        .filter(account::Column::JoinedAt.is_not_null())
        .filter(account::Column::SuspendedAt.is_null())
}

/// Refuses to leave nobody who may look after people. It holds the counter of the audit log, so that two admins who put each other out
/// at once do so one after the other, and the second one sees what the first one did.
async fn keep_an_admin(tx: &DatabaseTransaction) -> Result<()> {
    audit::hold(tx).await?;
    if admins().count(tx).await? > 0 {
        return Ok(());
    }
    let message = "is the last admin: make somebody else one first";
    Err(Error::invalid(ProblemCode::Invalid, "account", message))
}
