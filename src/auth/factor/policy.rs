//! Which roles need a second factor.

use std::collections::HashMap;

use entity::{Instant, account, account::Role, passkey, role_policy, session, totp};
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QuerySelect, QueryTrait,
    prelude::Expr,
    sea_query::{LockType, SelectStatement},
};

use super::super::{
    Principal, Right, authority::begin_on_accounts, end::end, session::public_id,
    sign_in::require_fresh,
};
use crate::{
    app::App,
    auth::audit::{self, AuditAction, AuditEvent},
    database::Snapshot,
    error::{Error, Result},
};

/// What holds for each role. For admins.
pub async fn all(snapshot: &Snapshot, principal: &Principal) -> Result<Vec<role_policy::Model>> {
    principal.require(Right::ManageAccounts)?;
    let mut policies: Vec<role_policy::Model> = snapshot.all(role_policy::Entity::find()).await?;
    policies.sort_by_key(|policy| policy.role);
    Ok(policies)
}

/// Whether the role needs a second factor; that stays so until the end of the transaction.
pub(super) async fn is_required(tx: &DatabaseTransaction, role: Role) -> Result<bool> {
    let policy = role_policy::Entity::find_by_id(role).lock(LockType::Share);
    let policy = policy.one(tx).await?;
    let policy = policy.ok_or_else(|| Error::internal("a role has no policy"))?;
    Ok(policy.requires_second_factor)
}

/// Sets whether a role needs a second factor. If it does from now on, the sessions of those who have none end.
pub async fn set(
    app: &App,
    principal: &Principal,
    role: Role,
    required: bool,
) -> Result<role_policy::Model> {
    principal.require(Right::ManageAccounts)?;
    require_fresh(app, principal).await?;
    let now = app.clock.now();
    let tx = begin_on_accounts(app, principal, &[]).await?;
    // Whoever signs in holds this row until they have their session, and so is seen below.
    role_policy::Entity::update_many()
        .col_expr(
            role_policy::Column::RequiresSecondFactor,
            Expr::value(required),
        )
        .filter(role_policy::Column::Role.eq(role))
        .exec(&tx)
        .await?;
    let mut events = Vec::new();
    if required {
        events.extend(end_without_factor(&tx, role, now).await?);
    }
    let action = if required {
        AuditAction::FactorRequired
    } else {
        AuditAction::FactorNotRequired
    };
    events.push(AuditEvent::new(action, None).at(format!("role_{}", name(role))));
    audit::append(&tx, events, principal.account_id(), now).await?;
    tx.commit().await?;
    app.recent.clear();
    Ok(role_policy::Model {
        role,
        requires_second_factor: required,
    })
}

/// Ends the sessions of those of a role who have no factor; gives what there is to tell.
async fn end_without_factor(
    tx: &DatabaseTransaction,
    role: Role,
    now: Instant,
) -> Result<Vec<AuditEvent>> {
    let named = || session::Column::AccountId.in_subquery(without(role));
    let standing = session::Entity::find()
        .filter(named())
        .filter(session::Column::EndedAt.is_null());
    let owners = standing.all(tx).await?.into_iter();
    let owners: HashMap<_, _> = owners.map(|row| (row.id, row.account_id)).collect();
    let ended = end(tx, named(), now).await?.into_iter();
    let event = |session| {
        let owner = owners.get(&session).copied();
        AuditEvent::new(AuditAction::SessionEnded, owner).at(public_id(session))
    };
    Ok(ended.map(event).collect())
}

/// The accounts of a role that have no factor.
fn without(role: Role) -> SelectStatement {
    let with_totp = totp::Entity::find()
        .select_only()
        .column(totp::Column::AccountId)
        .filter(totp::Column::ConfirmedAt.is_not_null());
    let with_passkey = passkey::Entity::find()
        .select_only()
        .column(passkey::Column::AccountId);
    account::Entity::find()
        .select_only()
        .column(account::Column::Id)
        .filter(account::Column::Role.eq(role))
        .filter(account::Column::Id.not_in_subquery(with_totp.into_query()))
        .filter(account::Column::Id.not_in_subquery(with_passkey.into_query()))
        .into_query()
}

fn name(role: Role) -> &'static str {
    match role {
        Role::Contributor => "contributor",
        Role::Author => "author",
        Role::Editor => "editor",
        Role::Admin => "admin",
    }
}
