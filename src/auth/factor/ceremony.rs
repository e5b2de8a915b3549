//! Passkeys as `WebAuthn` has them: what browsers are asked, and whether their answers hold.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use entity::{account, passkey};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QuerySelect,
    prelude::Uuid,
};
use serde_json::{Value, json};
use url::Url;
use webauthn_rs::prelude::{
    CredentialID, DiscoverableAuthentication, DiscoverableKey, Passkey, PasskeyRegistration,
    PublicKeyCredential, RegisterPublicKeyCredential, Webauthn, WebauthnBuilder,
};

use crate::{
    app::App,
    error::{Error, ProblemCode, Result},
};

/// What a browser was asked for, to compare its answer with.
pub type Ceremony = DiscoverableAuthentication;
/// The same, where a passkey is to be made.
pub(super) type Registration = PasskeyRegistration;

/// The site that passkeys belong to: that of the public address, and of nothing that a request says.
fn site(app: &App) -> Result<Webauthn> {
    let port = app.config.listen.port();
    let url = match &app.config.public_url {
        Some(url) => url.clone(),
        None => Url::parse(&format!("http://localhost:{port}")).map_err(Error::internal)?,
    };
    let no_name = || {
        let message = "passkeys need a server whose setting public_url has the name of a host";
        Error::invalid(ProblemCode::Invalid, "", message)
    };
    let domain = url.domain().ok_or_else(no_name)?;
    let builder = WebauthnBuilder::new(domain, &url).map_err(Error::internal)?;
    builder.rp_name("Kindling").build().map_err(Error::internal)
}

/// The options with which a browser makes a passkey for the account, on a device that has none of these.
pub(super) fn ask_to_register(
    app: &App,
    account: &account::Model,
    known: &[passkey::Model],
) -> Result<(Value, Registration)> {
    let known: Vec<CredentialID> = known.iter().filter_map(credential_id).collect();
    let (asked, state) = site(app)?
        .start_passkey_registration(account.id, &account.email, &account.name, Some(known))
        .map_err(Error::internal)?;
    let mut options = serde_json::to_value(asked.public_key).map_err(Error::internal)?;
    // A device that can keep it serves without the e-mail address, too; one that cannot is a second factor all the same.
    options["authenticatorSelection"]["residentKey"] = json!("preferred");
    Ok((options, state))
}

/// The passkey that a browser has made, by its id in base64url and as it is kept.
pub(super) fn registered(
    app: &App,
    state: &Registration,
    answer: Value,
) -> Result<(String, String)> {
    let wrong = || {
        let message = "the browser's answer does not fit what it was asked for";
        Error::invalid(ProblemCode::Credentials, "credential", message)
    };
    let answer: RegisterPublicKeyCredential =
        serde_json::from_value(answer).map_err(|_| wrong())?;
    let made = site(app)?.finish_passkey_registration(&answer, state);
    let made = made.map_err(|error| {
        tracing::debug!(%error, "a passkey was refused");
        wrong()
    })?;
    let kept = serde_json::to_string(&made).map_err(Error::internal)?;
    Ok((URL_SAFE_NO_PAD.encode(made.cred_id()), kept))
}

/// The options with which a browser shows one of these passkeys, or any of the site if there are none.
pub(in super::super) fn ask(app: &App, known: &[passkey::Model]) -> Result<(Value, Ceremony)> {
    let (asked, state) = site(app)?
        .start_discoverable_authentication()
        .map_err(Error::internal)?;
    let mut options = serde_json::to_value(asked.public_key).map_err(Error::internal)?;
    let known = known
        .iter()
        .map(|passkey| json!({"type": "public-key", "id": passkey.credential_id}));
    options["allowCredentials"] = known.collect();
    Ok((options, state))
}

/// Whose passkey the answer claims to be of: the owner that is kept, and that the device names.
pub(super) async fn owner(app: &App, answer: &Value) -> Result<Option<Uuid>> {
    let Some(answer) = read(answer) else {
        return Ok(None);
    };
    let select =
        passkey::Entity::find().filter(passkey::Column::CredentialId.eq(shown_id(&answer)));
    let row: Option<passkey::Model> = app.database.row(select).await?;
    let row = row.filter(|row| answer.get_user_unique_id() == Some(row.account_id.as_bytes()));
    Ok(row.map(|row| row.account_id))
}

/// Whether the answer was made for the ceremony with a passkey of the account, which is locked, and with the device having
/// verified its owner. A counter that does not grow tells of a copy, and is refused.
pub(super) async fn accept(
    app: &App,
    tx: &DatabaseTransaction,
    account: Uuid,
    ceremony: &Ceremony,
    answer: &Value,
) -> Result<bool> {
    let Some(answer) = read(answer) else {
        return Ok(false);
    };
    let select = passkey::Entity::find()
        .filter(passkey::Column::CredentialId.eq(shown_id(&answer)))
        .filter(passkey::Column::AccountId.eq(account));
    let Some(row) = select.lock_exclusive().one(tx).await? else {
        return Ok(false);
    };
    let named = answer.get_user_unique_id();
    if named.is_some_and(|named| named != account.as_bytes()) {
        return Ok(false);
    }
    let mut kept: Passkey = serde_json::from_str(&row.credential).map_err(Error::internal)?;
    let key = DiscoverableKey::from(&kept);
    let shown = site(app)?.finish_discoverable_authentication_v2(&answer, ceremony.clone(), &key);
    let shown = match shown {
        Ok(shown) if shown.user_verified() => shown,
        Ok(_) => return Ok(false),
        Err(error) => {
            tracing::debug!(%error, "a passkey was refused");
            return Ok(false);
        }
    };
    kept.update_credential(&shown);
    let used = passkey::ActiveModel {
        id: Set(row.id),
        credential: Set(serde_json::to_string(&kept).map_err(Error::internal)?),
        last_used_at: Set(Some(app.clock.now())),
        ..Default::default()
    };
    passkey::Entity::update(used).validate()?.exec(tx).await?;
    Ok(true)
}

fn read(answer: &Value) -> Option<PublicKeyCredential> {
    serde_json::from_value(answer.clone()).ok()
}

fn shown_id(answer: &PublicKeyCredential) -> String {
    URL_SAFE_NO_PAD.encode(answer.get_credential_id())
}

fn credential_id(passkey: &passkey::Model) -> Option<CredentialID> {
    URL_SAFE_NO_PAD.decode(&passkey.credential_id).ok()
}
