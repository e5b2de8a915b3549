//! New passwords for those who have lost theirs. Whoever asks is not told whether there is such an account: not by the answer,
//! and not by its time, as a request is only enqueued and answered later.

use chrono::TimeDelta;
use entity::{account, password};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, prelude::Uuid};
use serde::{Deserialize, Serialize};

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
    database::{Transaction, only},
    error::{Error, ProblemCode, Result},
    id,
    job::{self, Job, Retry, Run, mail},
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
    let request = AnswerRequest {
        address: app.crypto.vault.seal(&place(id), &Secret::new(address))?,
        network,
    };
    let tx = app.database.begin().await?;
    job::enqueue_as(app, &tx, id, &request).await?;
    tx.commit().await?;
    Ok(now)
}

/// Answers a request: a mail goes to whoever has such an account.
#[derive(Serialize, Deserialize)]
pub struct AnswerRequest {
    /// The address, sealed for the id of the job.
    address: String,
    network: String,
}

impl Job for AnswerRequest {
    const NAME: &'static str = "password_reset";
    /// About as long as anybody waits for the mail.
    const RETRY: Retry = Retry {
        first_wait: TimeDelta::seconds(5),
        max_wait: TimeDelta::minutes(5),
        max_attempts: Some(20),
    };

    async fn run(self, run: Run) -> Result<()> {
        let (app, vault) = (&run.app, &run.app.crypto.vault);
        let tx = app.database.begin().await?;
        run.complete(&tx).await?;
        if !app.clock.has_passed(run.created_at, FORGOTTEN_AFTER) {
            let address = vault.open_sealed(&place(run.id), &self.address)?;
            answer(app, &tx, &address, self.network).await?;
        }
        tx.commit().await
    }
}

async fn answer(app: &App, tx: &Transaction, address: &Secret, network: String) -> Result<()> {
    let by_address = account::Entity::find()
        .filter(account::Column::Email.eq(address.expose()))
        .filter(account::Column::JoinedAt.is_not_null())
        .filter(account::Column::SuspendedAt.is_null())
        .lock_exclusive();
    let account: Option<account::Model> = only(&**tx, by_address).await?;
    let Some(account) = account else {
        return Ok(());
    };
    // Who signs in by other means gets no password by this.
    let password = password::Entity::find_by_id(account.id).one(&**tx).await?;
    if password.is_none() {
        return Ok(());
    }
    let link = link::make(app, tx, Purpose::PasswordReset, account.id, None).await?;
    let letter = words::password_reset(&app.site.name, link);
    mail::put(app, tx, &account.email, &letter).await?;
    let event =
        AuditEvent::new(AuditAction::PasswordResetRequested, Some(account.id)).from(network);
    audit::append(tx, vec![event], None, app.clock.now()).await
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
    mail::put(app, &tx, &account.email, &letter).await?;
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
