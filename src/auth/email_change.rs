//! Another address for an account: whoever can read its mail confirms it. Nobody is told whether it belongs to somebody.

use chrono::TimeDelta;
use entity::{Instant, account};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, prelude::Uuid,
};

use super::{
    Client, Principal,
    account::{checked_address, is_taken},
    attempt::{self, Budget},
    authority::begin_on_accounts,
    end,
    link::{self, Purpose},
    people::{find_locked, finish, locked, require_admin},
    sign_in::confirm_password,
};
use crate::{
    app::App,
    auth::audit::{self, AuditAction, AuditEvent},
    crypto::Secret,
    error::{Error, ProblemCode, Result, on_constraint},
    job::mail,
    mail::words,
};

/// Changes of address that an account asks for, each of which sends two mails.
const REQUESTS: Budget = Budget {
    name: "email_change:account",
    free: 5,
    first_wait: TimeDelta::minutes(1),
    longest_wait: TimeDelta::hours(1),
};

/// Sends a link to the address that whoever asks is to have, and a notice to the one that they have; returns when that was.
pub async fn request(
    app: &App,
    client: &Client,
    principal: &Principal,
    new_email: &str,
    password: Secret,
) -> Result<Instant> {
    let (id, _) = principal.signed_in()?;
    if app.config.smtp_url.is_none() {
        let message = "this server sends no mail: ask an admin for a link";
        return Err(Error::invalid(ProblemCode::Invalid, "", message));
    }
    let email = checked(new_email)?;
    confirm_password(app, client, principal, password).await?;
    attempt::count(app, &[REQUESTS.of(&id.simple().to_string())]).await?;
    let tx = begin_on_accounts(app, principal, &[]).await?;
    let account = find_locked(&tx, id).await?.ok_or(Error::Unauthenticated)?;
    let site = &app.site.name;
    let is_free = !is_known(&tx, &email).await?;
    let link = link::make(app, &tx, Purpose::EmailChange, id, Some(email.clone())).await?;
    // The owner of an account is not written to for others who would like to have its address.
    if is_free {
        let letter = words::email_change(site, link);
        mail::put(app, &tx, &email, &letter).await?;
    }
    let notice = words::email_change_requested(site);
    mail::put(app, &tx, &account.email, &notice).await?;
    let event = AuditEvent::new(AuditAction::EmailChangeRequested, Some(id)).from(client.network());
    finish(app, tx, principal, vec![event]).await?;
    Ok(app.clock.now())
}

/// Makes a link that gives an account another address, for an admin to hand over.
pub async fn create_link(
    app: &App,
    client: &Client,
    principal: &Principal,
    account: Uuid,
    new_email: &str,
) -> Result<(account::Model, Secret)> {
    require_admin(app, principal).await?;
    let email = checked(new_email)?;
    let tx = begin_on_accounts(app, principal, &[account]).await?;
    let account = locked(&tx, account).await?;
    if account.suspended_at.is_some() {
        let message = "is suspended: reactivate it first";
        return Err(Error::invalid(ProblemCode::Invalid, "account", message));
    }
    if is_known(&tx, &email).await? {
        let message = "belongs to an account";
        return Err(Error::invalid(ProblemCode::Taken, "newEmail", message));
    }
    let link = link::make(app, &tx, Purpose::EmailChange, account.id, Some(email)).await?;
    let event =
        AuditEvent::new(AuditAction::EmailChangeRequested, Some(account.id)).from(client.network());
    finish(app, tx, principal, vec![event]).await?;
    Ok((account, link))
}

/// Gives the account of a link its new address, and ends its sessions and links. The old address is told.
pub async fn confirm(app: &App, client: &Client, token: &Secret) -> Result<account::Model> {
    let (found, _) = link::look(app, Purpose::EmailChange, token).await?;
    let now = app.clock.now();
    let tx = app.database.begin().await?;
    let before = link::spend(&tx, Purpose::EmailChange, &found, now).await?;
    let id = before.id;
    link::end_all(&tx, id).await?;
    let ended = end::end_all(&tx, id, None, now).await?;
    let letter = words::email_changed(&app.site.name);
    mail::put(app, &tx, &before.email, &letter).await?;
    // Nobody else takes an address from here on, so that two who want the same never wait for each other.
    audit::hold(&tx).await?;
    let email = found
        .email
        .ok_or_else(|| Error::internal("a link has no address"))?;
    let changed = account::ActiveModel {
        id: Set(id),
        email: Set(email),
        ..Default::default()
    };
    let update = account::Entity::update(changed).validate()?.exec(&tx).await;
    let account = on_constraint(update, "account_email_key", is_taken)?;
    let event = AuditEvent::new(AuditAction::EmailChanged, Some(id)).from(client.network());
    let events = [vec![event], ended].concat();
    audit::append(&tx, events, Some(id), now).await?;
    tx.commit().await?;
    app.recent.clear();
    Ok(account)
}

fn checked(email: &str) -> Result<String> {
    let mut problems = Vec::new();
    let email = checked_address(&mut problems, "newEmail", email);
    if problems.is_empty() {
        Ok(email)
    } else {
        Err(Error::Invalid(problems))
    }
}

async fn is_known(tx: &DatabaseTransaction, email: &str) -> Result<bool> {
    let select = account::Entity::find().filter(account::Column::Email.eq(email));
    Ok(select.one(tx).await?.is_some())
}
