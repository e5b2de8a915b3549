//! Taking all factors from somebody who has lost them. For admins.

use entity::{account, passkey, session, totp};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, prelude::Uuid};

use super::{
    super::{
        Client, Principal, Right, authority::begin_on_accounts, end::end, session::public_id,
        sign_in::require_fresh, step::locked,
    },
    recovery,
};
use crate::{
    app::App,
    auth::audit::{self, AuditAction, AuditEvent},
    error::{Error, ProblemCode, Result},
};

/// Removes all factors of an account, and ends its sessions. Where the role needs a factor, the next sign-in makes one.
pub async fn reset(
    app: &App,
    client: &Client,
    principal: &Principal,
    account: Uuid,
) -> Result<account::Model> {
    principal.require(Right::ManageAccounts)?;
    require_fresh(app, principal).await?;
    let now = app.clock.now();
    let tx = begin_on_accounts(app, principal, &[account]).await?;
    let row = locked(&tx, account).await?.ok_or_else(|| {
        let message = "this account does not exist";
        Error::invalid(ProblemCode::NotFound, "account", message)
    })?;
    totp::Entity::delete_by_id(account).exec(&tx).await?;
    passkey::Entity::delete_many()
        .filter(passkey::Column::AccountId.eq(account))
        .exec(&tx)
        .await?;
    recovery::forget(&tx, account).await?;
    let ended = end(&tx, session::Column::AccountId.eq(account), now).await?;
    let ended = ended.into_iter().map(|session| {
        AuditEvent::new(AuditAction::SessionEnded, Some(account)).at(public_id(session))
    });
    let reset = AuditEvent::new(AuditAction::FactorsReset, Some(account)).from(client.network());
    let events = ended.chain([reset]).collect();
    audit::append(&tx, events, principal.account_id(), now).await?;
    tx.commit().await?;
    app.recent.clear();
    Ok(row)
}
