//! Invitations: an admin says who is to have an account, and whoever holds the link comes to it.

use entity::{account, account::Role};
use sea_orm::{ActiveValue::Set, EntityTrait};

use super::{
    Client, Principal,
    account::{checked_account, checked_name, insert, set_password},
    authority::begin_on_accounts,
    link::{self, Purpose},
    people::{finish, locked, require_admin},
    policy,
};
use crate::{
    app::App,
    auth::audit::{self, AuditAction, AuditEvent},
    crypto::Secret,
    database::Transaction,
    error::{Error, Problem, ProblemCode, Result},
    fold::fold,
    job::mail,
    mail::words,
};

/// An account that somebody is invited to, and the link for them if it has not gone by mail.
pub struct Invited {
    /// The account.
    pub account: account::Model,
    /// The address of the link, for whoever invites.
    pub link: Option<Secret>,
}

/// Who is to have an account.
#[derive(Clone, Debug)]
pub struct Invitation<'a> {
    /// The address to sign in with.
    pub email: &'a str,
    /// What others are shown.
    pub name: &'a str,
    /// What the account may do.
    pub role: Role,
}

/// How a link gets to whom it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// By mail; where the settings name no mail server, whoever asks is given it.
    Mail,
    /// Whoever asks is given it.
    Hand,
}

/// Invites somebody.
pub async fn invite(
    app: &App,
    client: &Client,
    principal: &Principal,
    invitation: &Invitation<'_>,
    delivery: Delivery,
) -> Result<Invited> {
    require_admin(app, principal).await?;
    let mut problems = Vec::new();
    let person = (invitation.email, invitation.name, invitation.role);
    let account = checked_account(app, &mut problems, person);
    if !problems.is_empty() {
        return Err(Error::Invalid(problems));
    }
    let tx = begin_on_accounts(app, principal, &[]).await?;
    audit::hold(&tx).await?;
    insert(&tx, &account, None).await?;
    let link = link::make(app, &tx, Purpose::Invitation, account.id, None).await?;
    let link = delivered(app, &tx, delivery, &account, link).await?;
    let event =
        AuditEvent::new(AuditAction::AccountInvited, Some(account.id)).from(client.network());
    finish(app, tx, principal, vec![event]).await?;
    Ok(Invited { account, link })
}

/// Makes a new link for somebody who was invited and has not come yet; the one before it ends.
pub async fn resend(
    app: &App,
    client: &Client,
    principal: &Principal,
    account: sea_orm::prelude::Uuid,
    delivery: Delivery,
) -> Result<Invited> {
    require_admin(app, principal).await?;
    let tx = begin_on_accounts(app, principal, &[account]).await?;
    let account = locked(&tx, account).await?;
    let refused = |message| Err(Error::invalid(ProblemCode::Invalid, "account", message));
    if account.suspended_at.is_some() {
        return refused("is suspended: reactivate it first");
    }
    if account.joined_at.is_some() {
        return refused("has been joined: send a link for a new password instead");
    }
    let link = link::make(app, &tx, Purpose::Invitation, account.id, None).await?;
    let link = delivered(app, &tx, delivery, &account, link).await?;
    let event =
        AuditEvent::new(AuditAction::AccountInvited, Some(account.id)).from(client.network());
    finish(app, tx, principal, vec![event]).await?;
    Ok(Invited { account, link })
}

/// Comes to the account that a link invites to, with a password, and with another name if one is given. Of several that come
/// at once, one succeeds.
pub async fn accept(
    app: &App,
    client: &Client,
    token: &Secret,
    name: Option<&str>,
    password: Secret,
) -> Result<account::Model> {
    let (found, mut account) = link::look(app, Purpose::Invitation, token).await?;
    let mut problems: Vec<Problem> = Vec::new();
    if let Some(name) = name {
        account.name = checked_name(&mut problems, name);
    }
    problems.extend(policy::problem(app, &password, &account).await?);
    if !problems.is_empty() {
        return Err(Error::Invalid(problems));
    }
    let hash = app.crypto.passwords.hash(password).await?;
    let now = app.clock.now();
    let tx = app.database.begin().await?;
    let id = link::spend(&tx, Purpose::Invitation, &found, now).await?.id;
    let joined = account::ActiveModel {
        id: Set(id),
        name_folded: Set(fold(&account.name)),
        name: Set(account.name),
        joined_at: Set(Some(now)),
        ..Default::default()
    };
    let account = account::Entity::update(joined)
        .validate()?
        .exec(&tx)
        .await?;
    set_password(&tx, id, hash, now).await?;
    link::end_all(&tx, id).await?;
    let event = AuditEvent::new(AuditAction::AccountJoined, Some(id)).from(client.network());
    audit::append(&tx, vec![event], Some(id), now).await?;
    tx.commit().await?;
    Ok(account)
}

/// Puts the link into the mail, or gives it back.
async fn delivered(
    app: &App,
    tx: &Transaction,
    delivery: Delivery,
    account: &account::Model,
    link: Secret,
) -> Result<Option<Secret>> {
    if delivery == Delivery::Hand || app.config.smtp_url.is_none() {
        return Ok(Some(link));
    }
    let letter = words::invitation(&app.site.name, link);
    mail::put(app, tx, &account.email, &letter).await?;
    Ok(None)
}
