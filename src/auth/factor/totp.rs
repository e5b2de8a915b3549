//! Codes of an authenticator app as a factor.

use entity::totp;
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, DatabaseTransaction, EntityTrait, QueryFilter,
    prelude::{Expr, Uuid},
    sea_query::OnConflict,
};

use super::{
    super::{Client, Principal, attempt},
    AT_TOTP, Added,
    change::Changer,
    qr, recovery,
};
use crate::{
    app::App,
    auth::audit::{AuditAction, AuditEvent},
    crypto::{Secret, totp as codes},
    error::{Error, ProblemCode, Result},
};

/// What events call this factor.
const TARGET: &str = "totp";

/// What an authenticator app needs to know, to be shown once.
pub struct Begun {
    /// To be typed in, in base32.
    pub secret: Secret,
    /// To be opened on the device itself.
    pub uri: Secret,
    /// To be photographed: the same as SVG.
    pub qr_code: Secret,
}

/// Makes a secret for an authenticator app, in the place of one that was never confirmed.
pub async fn begin(app: &App, principal: &Principal, challenge: Option<&Secret>) -> Result<Begun> {
    let changer = Changer::of(app, principal, challenge).await?;
    let change = changer.begin(app).await?;
    if change.factors.totp_since.is_some() {
        let message = "there is an authenticator app already: remove it first";
        return Err(Error::invalid(ProblemCode::Taken, "", message));
    }
    let id = change.account.id;
    let secret = codes::new_secret()?;
    let row = totp::ActiveModel {
        account_id: Set(id),
        secret: Set(app.crypto.vault.seal(&place(id), &secret)?),
        confirmed_at: Set(None),
        last_step: Set(0),
    };
    let instead = OnConflict::column(totp::Column::AccountId)
        .update_columns([totp::Column::Secret, totp::Column::LastStep])
        .to_owned();
    totp::Entity::insert(row)
        .on_conflict(instead)
        .exec_without_returning(&change.tx)
        .await?;
    change.tx.commit().await?;
    let site = app.config.public_url.as_ref().and_then(|url| url.domain());
    let uri = codes::uri(&secret, site.unwrap_or("Kindling"), &change.account.email)?;
    let qr_code = qr::svg(&uri)?;
    Ok(Begun {
        secret,
        uri,
        qr_code,
    })
}

/// Makes the codes a factor, once one has shown that the app has the secret.
pub async fn confirm(
    app: &App,
    client: &Client,
    principal: &Principal,
    challenge: Option<&Secret>,
    code: &Secret,
) -> Result<Added> {
    let changer = Changer::of(app, principal, challenge).await?;
    let bucket = AT_TOTP.of(&changer.account()?.simple().to_string());
    attempt::count(app, std::slice::from_ref(&bucket)).await?;
    let change = changer.begin(app).await?;
    let (tx, id) = (&change.tx, change.account.id);
    let pending = totp::Entity::find_by_id(id).filter(totp::Column::ConfirmedAt.is_null());
    let pending = pending.one(tx).await?.ok_or_else(|| {
        let message = "there is nothing to confirm: call beginTotp";
        Error::invalid(ProblemCode::Invalid, "", message)
    })?;
    let secret = app.crypto.vault.open_sealed(&place(id), &pending.secret)?;
    let now = app.clock.now();
    let step = codes::step(&secret, code, now)?.ok_or_else(|| {
        let message = "the code is wrong, or not of now";
        Error::invalid(ProblemCode::Credentials, "code", message)
    })?;
    let confirmed = totp::ActiveModel {
        account_id: Set(id),
        confirmed_at: Set(Some(now)),
        last_step: Set(step),
        ..Default::default()
    };
    totp::Entity::update(confirmed).validate()?.exec(tx).await?;
    attempt::forget(tx, &bucket).await?;
    let recovery_codes = if change.factors.any() {
        Vec::new()
    } else {
        recovery::make(tx, id).await?
    };
    let event = AuditEvent::new(AuditAction::FactorAdded, Some(id)).at(TARGET.to_owned());
    let tokens = change.commit(app, client, event).await?;
    Ok(Added {
        account: id,
        recovery_codes,
        tokens,
    })
}

/// Takes the codes away as a factor; with the last factor go the recovery codes.
pub async fn remove(app: &App, client: &Client, principal: &Principal) -> Result<Uuid> {
    let change = Changer::of(app, principal, None).await?.begin(app).await?;
    if change.factors.totp_since.is_none() {
        let message = "there is no authenticator app";
        return Err(Error::invalid(ProblemCode::NotFound, "", message));
    }
    let is_any_left = !change.factors.passkeys.is_empty();
    change.check_left(is_any_left).await?;
    let id = change.account.id;
    totp::Entity::delete_by_id(id).exec(&change.tx).await?;
    if !is_any_left {
        recovery::forget(&change.tx, id).await?;
    }
    let event = AuditEvent::new(AuditAction::FactorRemoved, Some(id)).at(TARGET.to_owned());
    change.commit(app, client, event).await?;
    Ok(id)
}

/// Whether it is a code of the account, of a step of time of which none was taken yet, nor of a later one: of several that
/// come at once, one succeeds.
pub(super) async fn accept(
    app: &App,
    tx: &DatabaseTransaction,
    account: Uuid,
    code: &Secret,
) -> Result<bool> {
    let row = totp::Entity::find_by_id(account).filter(totp::Column::ConfirmedAt.is_not_null());
    let Some(row) = row.one(tx).await? else {
        return Ok(false);
    };
    let secret = app.crypto.vault.open_sealed(&place(account), &row.secret)?;
    let now = app.clock.now();
    let Some(step) = codes::step(&secret, code, now)? else {
        return Ok(false);
    };
    // A step that cannot have come yet was noted by a clock that was ahead.
    let is_new = Condition::any()
        .add(totp::Column::LastStep.lt(step))
        .add(totp::Column::LastStep.gt(codes::last_step(now)));
    let taken = totp::Entity::update_many()
        .col_expr(totp::Column::LastStep, Expr::value(step))
        .filter(totp::Column::AccountId.eq(account))
        .filter(is_new)
        .exec(tx)
        .await?;
    Ok(taken.rows_affected == 1)
}

/// Where the secret is sealed for.
fn place(account: Uuid) -> String {
    format!("totp:{account}")
}
