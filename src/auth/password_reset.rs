//! New passwords for those who have lost theirs. Whoever asks is not told whether there is such an account: not by the answer,
//! and not by its time, as a request is only written down and looked at later.

use chrono::TimeDelta;
use entity::{account, password, reset_request};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, prelude::Uuid,
};

use super::{
    Client, Principal,
    account::{address, set_password},
    attempt::{self, Budget},
    authority::begin_on_accounts,
    end,
    link::{self, Purpose},
    people::{finish, locked, require_admin},
    policy,
};
use crate::{
    app::App,
    auth::audit::{self, AuditAction, AuditEvent},
    crypto::{Secret, token},
    database::only,
    error::{Error, ProblemCode, Result},
    id,
    mail::words,
};

/// Requests for one address.
const AT_ADDRESS: Budget = Budget {
    name: "reset:address",
    free: 5,
    first_wait: TimeDelta::minutes(1),
    longest_wait: TimeDelta::minutes(30),
};
/// Requests from one network.
const FROM_NETWORK: Budget = Budget {
    name: "reset:network",
    free: 30,
    first_wait: TimeDelta::seconds(10),
    longest_wait: TimeDelta::minutes(10),
};
/// How many requests are answered at once.
const AT_ONCE: u64 = 50;
/// Nobody waits for the mail any longer than this.
const FORGOTTEN_AFTER: TimeDelta = TimeDelta::hours(1);

/// Asks for a link by mail; returns when that was.
pub async fn request(app: &App, client: &Client, email: &str) -> Result<entity::Instant> {
    let refused = |path: &str, message: &str| Error::invalid(ProblemCode::Invalid, path, message);
    if app.config.smtp_url.is_none() {
        let message = "this server sends no mail: ask an admin for a link";
        return Err(refused("", message));
    }
    let Some(address) = address(email) else {
        return Err(refused("email", "must be an e-mail address"));
    };
    let network = client.network();
    let mut buckets = vec![AT_ADDRESS.of(&token::digest(&Secret::new(address.as_str())))];
    if !network.is_empty() {
        buckets.push(FROM_NETWORK.of(&network));
    }
    attempt::count(app, &buckets).await?;
    let (id, now) = (id::new(), app.clock.now());
    let row = reset_request::ActiveModel {
        id: Set(id),
        address: Set(app.crypto.vault.seal(&place(id), &Secret::new(address))?),
        network: Set(network),
        created_at: Set(now),
    };
    let tx = app.database.begin().await?;
    reset_request::Entity::insert(row)
        .exec_without_returning(&tx)
        .await?;
    tx.commit().await?;
    Ok(now)
}

/// Answers the requests that wait: a mail goes to those who have such an account.
pub async fn answer(app: &App) -> Result<()> {
    let waiting = reset_request::Entity::find()
        .order_by_asc(reset_request::Column::Id)
        .limit(AT_ONCE);
    for request in app.database.rows(waiting).await? {
        answer_one(app, request).await?;
    }
    Ok(())
}

async fn answer_one(app: &App, request: reset_request::Model) -> Result<()> {
    let tx = app.database.begin().await?;
    let removed = reset_request::Entity::delete_by_id(request.id);
    if removed.exec(&tx).await?.rows_affected != 1 {
        // Another instance answers it.
        return Ok(());
    }
    let opened = app
        .crypto
        .vault
        .open_sealed(&place(request.id), &request.address);
    if let Ok(address) = opened {
        let by_address = account::Entity::find()
            .filter(account::Column::Email.eq(address.expose()))
            .filter(account::Column::JoinedAt.is_not_null())
            .filter(account::Column::SuspendedAt.is_null())
            .lock_exclusive();
        let account: Option<account::Model> = only(&tx, by_address).await?;
        // Who signs in by other means gets no password by this.
        let has_password = match &account {
            Some(account) => password::Entity::find_by_id(account.id)
                .one(&tx)
                .await?
                .is_some(),
            None => false,
        };
        if let Some(account) = account.filter(|_| has_password) {
            let link = link::make(app, &tx, Purpose::PasswordReset, account.id, None).await?;
            let letter = words::password_reset(&app.site.name, link);
            app.outbox().put(&tx, &account.email, &letter).await?;
            let event = AuditEvent::new(AuditAction::PasswordResetRequested, Some(account.id))
                .from(request.network);
            audit::append(&tx, vec![event], None, app.clock.now()).await?;
        }
    }
    tx.commit().await
}

/// Forgets requests that nobody answered in time.
pub async fn purge(app: &App) -> Result<()> {
    let before = app.clock.now() - FORGOTTEN_AFTER;
    let tx = app.database.begin().await?;
    reset_request::Entity::delete_many()
        .filter(reset_request::Column::CreatedAt.lte(before))
        .exec(&tx)
        .await?;
    tx.commit().await
}

/// Makes a link for an account, for an admin to hand over; the one before it ends.
pub async fn create_link(
    app: &App,
    client: &Client,
    principal: &Principal,
    account: Uuid,
) -> Result<(account::Model, Secret)> {
    require_admin(app, principal).await?;
    let tx = begin_on_accounts(app, principal, &[account]).await?;
    let account = locked(&tx, account).await?;
    let refused = |message| Err(Error::invalid(ProblemCode::Invalid, "account", message));
    if account.suspended_at.is_some() {
        return refused("is suspended: reactivate it first");
    }
    if account.joined_at.is_none() {
        return refused("has not been joined yet: send the invitation again instead");
    }
    let link = link::make(app, &tx, Purpose::PasswordReset, account.id, None).await?;
    let event = AuditEvent::new(AuditAction::PasswordResetRequested, Some(account.id))
        .from(client.network());
    finish(app, tx, principal, vec![event]).await?;
    Ok((account, link))
}

/// Sets a new password with a link. Sessions, links, API tokens and preview links of the account end: somebody else may have
/// had it. Of several that come at once, one succeeds.
pub async fn reset(
    app: &App,
    client: &Client,
    token: &Secret,
    password: Secret,
) -> Result<account::Model> {
    let (found, account) = link::look(app, Purpose::PasswordReset, token).await?;
    policy::check(app, &password, &account).await?;
    let hash = app.crypto.passwords.hash(password).await?;
    let now = app.clock.now();
    let tx = app.database.begin().await?;
    let account = link::spend(&tx, Purpose::PasswordReset, &found, now).await?;
    set_password(&tx, account.id, hash, now).await?;
    link::end_all(&tx, account.id).await?;
    let event =
        AuditEvent::new(AuditAction::PasswordReset, Some(account.id)).from(client.network());
    let ended = end::end_all(&tx, account.id, None, now).await?;
    let revoked = end::revoke_keys(&tx, account.id, now).await?;
    let letter = words::password_changed(&app.site.name);
    app.outbox().put(&tx, &account.email, &letter).await?;
    let events = [vec![event], ended, revoked].concat();
    audit::append(&tx, events, Some(account.id), now).await?;
    tx.commit().await?;
    app.recent.clear();
    Ok(account)
}

/// Where the address of a request is sealed for.
fn place(id: Uuid) -> String {
    format!("reset_request:{}", id.simple())
}
