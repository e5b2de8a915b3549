//! Another password for whoever is signed in.

use entity::account;
use sea_orm::EntityTrait;

use super::{
    Client, Principal,
    account::set_password,
    authority::begin_on_accounts,
    end, link, people, policy,
    sign_in::{confirm_password, freshen},
};
use crate::{
    app::App,
    auth::audit::{AuditAction, AuditEvent},
    crypto::Secret,
    error::{Error, Result},
    job::mail,
    mail::words,
};

/// Changes the password of whoever asks, who must know the present one. All other sessions of the account end, and all its
/// links.
pub async fn change(
    app: &App,
    client: &Client,
    principal: &Principal,
    current: Secret,
    new: Secret,
) -> Result<account::Model> {
    let (id, session) = principal.signed_in()?;
    let confirmed = confirm_password(app, client, principal, current).await;
    confirmed.map_err(|error| at(error, "currentPassword"))?;
    let found = app.database.row(account::Entity::find_by_id(id));
    let account: Option<account::Model> = found.await?;
    policy::check(app, &new, &account.ok_or(Error::Unauthenticated)?).await?;
    let hash = app.crypto.passwords.hash(new).await?;
    let now = app.clock.now();
    let tx = begin_on_accounts(app, principal, &[]).await?;
    let account = people::find_locked(&tx, id).await?;
    let account = account.ok_or(Error::Unauthenticated)?;
    freshen(&tx, session.id, now).await?;
    set_password(&tx, id, hash, now).await?;
    link::end_all(&tx, id).await?;
    let event = AuditEvent::new(AuditAction::PasswordChanged, Some(id)).from(client.network());
    let ended = end::end_all(&tx, id, Some(session.id), now).await?;
    let letter = words::password_changed(&app.site.name);
    mail::put(app, &tx, &account.email, &letter).await?;
    people::finish(app, tx, principal, [vec![event], ended].concat()).await?;
    Ok(account)
}

/// The same problems at another path.
fn at(error: Error, path: &str) -> Error {
    let Error::Invalid(mut problems) = error else {
        return error;
    };
    for problem in &mut problems {
        path.clone_into(&mut problem.path);
    }
    Error::Invalid(problems)
}
