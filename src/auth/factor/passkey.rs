//! Passkeys as a factor: making them, naming them, removing them.

use entity::{Instant, passkey};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, prelude::Uuid};
use serde_json::Value;

use super::{
    super::{
        Client, Principal,
        authority::begin_on_accounts,
        challenge::{self, Challenge, Purpose},
    },
    Added,
    ceremony::{self, Registration},
    change::Changer,
    recovery,
};
use crate::{
    app::App,
    auth::audit::{AuditAction, AuditEvent},
    crypto::Secret,
    error::{Error, Problem, ProblemCode, Result, on_constraint},
    id, identifier,
};

/// How many passkeys an account may have.
const MOST: usize = 20;
const LONGEST_NAME: usize = 100;

/// What a browser is to be asked.
pub struct Begun {
    /// The token that goes with its answer.
    pub token: Secret,
    /// When that ends.
    pub expires_at: Instant,
    /// The options for the browser.
    pub options: Value,
}

/// The id of a passkey in the API.
pub fn public_id(passkey: Uuid) -> String {
    format!("passkey_{}", passkey.simple())
}

/// Asks a browser to make a passkey.
pub async fn begin(app: &App, principal: &Principal, challenge: Option<&Secret>) -> Result<Begun> {
    let changer = Changer::of(app, principal, challenge).await?;
    let change = changer.begin(app).await?;
    check_number(&change.factors.passkeys)?;
    let (account, known) = (&change.account, &change.factors.passkeys);
    let (options, state) = ceremony::ask_to_register(app, account, known)?;
    let purpose = Purpose::PasskeyRegistration;
    let made = challenge::make(app, &change.tx, purpose, Some(account.id), &state).await?;
    change.tx.commit().await?;
    Ok(Begun {
        token: made.0,
        expires_at: made.1,
        options,
    })
}

/// Keeps the passkey that the browser has made, under this name.
pub async fn finish(
    app: &App,
    client: &Client,
    principal: &Principal,
    challenge: Option<&Secret>,
    made: Made,
) -> Result<(passkey::Model, Added)> {
    let changer = Changer::of(app, principal, challenge).await?;
    let name = checked_name(&made.name)?;
    let ceremony = asked(app, &made.token, changer.account()?).await?;
    let (credential_id, credential) = ceremony::registered(app, &ceremony.state, made.answer)?;
    let change = changer.begin(app).await?;
    check_number(&change.factors.passkeys)?;
    let (tx, now, account) = (&change.tx, app.clock.now(), change.account.id);
    challenge::spend(tx, Purpose::PasskeyRegistration, &ceremony, now).await?;
    let row = passkey::ActiveModel {
        id: Set(id::new()),
        account_id: Set(account),
        credential_id: Set(credential_id),
        credential: Set(credential),
        name: Set(name),
        created_at: Set(now),
        last_used_at: Set(None),
    };
    let kept = passkey::Entity::insert(row).exec_with_returning(tx).await;
    let kept = on_constraint(kept, "passkey_credential_id_key", || {
        let message = "this passkey is kept already";
        Problem::new(ProblemCode::Taken, "credential", message)
    })?;
    let recovery_codes = if change.factors.any() {
        Vec::new()
    } else {
        recovery::make(tx, account).await?
    };
    let event = AuditEvent::new(AuditAction::FactorAdded, Some(account)).at(public_id(kept.id));
    let tokens = change.commit(app, client, event).await?;
    let added = Added {
        account,
        recovery_codes,
        tokens,
    };
    Ok((kept, added))
}

/// What a browser has made.
pub struct Made {
    /// The token that went with the options.
    pub token: Secret,
    /// What the owner is to know the passkey by.
    pub name: String,
    /// The browser's answer.
    pub answer: Value,
}

/// Calls one's own passkey something else.
pub async fn rename(
    app: &App,
    principal: &Principal,
    passkey: Uuid,
    name: &str,
) -> Result<passkey::Model> {
    let (account, _) = principal.signed_in()?;
    let name = checked_name(name)?;
    let tx = begin_on_accounts(app, principal, &[]).await?;
    let renamed = passkey::Entity::update_many()
        .col_expr(passkey::Column::Name, sea_orm::prelude::Expr::value(name))
        .filter(passkey::Column::Id.eq(passkey))
        .filter(passkey::Column::AccountId.eq(account))
        .exec_with_returning(&tx)
        .await?;
    let renamed = renamed.into_iter().next().ok_or_else(unknown)?;
    tx.commit().await?;
    Ok(renamed)
}

/// Removes one's own passkey; with the last factor go the recovery codes.
pub async fn remove(
    app: &App,
    client: &Client,
    principal: &Principal,
    passkey: Uuid,
) -> Result<Uuid> {
    let change = Changer::of(app, principal, None).await?.begin(app).await?;
    let passkeys = &change.factors.passkeys;
    if !passkeys.iter().any(|row| row.id == passkey) {
        return Err(unknown());
    }
    let is_any_left = passkeys.len() > 1 || change.factors.totp_since.is_some();
    change.check_left(is_any_left).await?;
    let id = change.account.id;
    passkey::Entity::delete_by_id(passkey)
        .exec(&change.tx)
        .await?;
    if !is_any_left {
        recovery::forget(&change.tx, id).await?;
    }
    let event = AuditEvent::new(AuditAction::FactorRemoved, Some(id)).at(public_id(passkey));
    change.commit(app, client, event).await?;
    Ok(id)
}

/// What the browser of this account was asked for.
async fn asked(app: &App, token: &Secret, account: Uuid) -> Result<Challenge<Registration>> {
    let asked = challenge::look(app, Purpose::PasskeyRegistration, token).await;
    let asked: Challenge<Registration> = asked.map_err(super::passkey_sign_in::at_ceremony)?;
    if asked.account == Some(account) {
        Ok(asked)
    } else {
        Err(super::passkey_sign_in::no_ceremony())
    }
}

fn check_number(passkeys: &[passkey::Model]) -> Result<()> {
    if passkeys.len() < MOST {
        return Ok(());
    }
    let message = format!("an account has at most {MOST} passkeys: remove one first");
    Err(Error::invalid(ProblemCode::Invalid, "", message))
}

fn checked_name(name: &str) -> Result<String> {
    let name = identifier::normalize(identifier::trim_line(name));
    let is_right = !name.is_empty()
        && name.chars().count() <= LONGEST_NAME
        && !name.contains(char::is_control);
    if is_right {
        return Ok(name.into_owned());
    }
    let message = format!("must have 1 to {LONGEST_NAME} characters on one line");
    Err(Error::invalid(ProblemCode::Invalid, "name", message))
}

fn unknown() -> Error {
    Error::invalid(ProblemCode::NotFound, "id", "this passkey does not exist")
}
