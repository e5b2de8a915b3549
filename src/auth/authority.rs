//! Authority: whether the credentials of a principal still hold at the moment of use.
//!
//! Authentication happens once the body of a request is complete, and trusts what was read up to half a second ago
//! ([`crate::recent`]). So each writing transaction on behalf of a principal begins here: it checks the session or token,
//! the account and its role again, with their rows locked until the commit. What revokes a credential changes or locks one of
//! these rows: it takes effect before the transaction, which is then refused, or waits for its end.
//!
//! Lock order of all transactions: accounts by id; refresh token; session or API token; idempotency key; everything else; event
//! counter.

use std::collections::BTreeSet;

use entity::{account, api_token as api_tokens, refresh_token, session as sessions};
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    prelude::Uuid,
    sea_query::{IntoTableRef, LockType},
};

use super::{Principal, api_token, preview_link, session};
use crate::{
    app::App,
    database::{Transaction, only},
    error::{Error, Result},
};

/// Begins a transaction in which the credentials of the principal hold until its end. Locks their rows in share mode, so that
/// changes by one account do not wait for each other.
///
/// # Errors
///
/// [`Error::Unauthenticated`] if the credentials were revoked or have expired, or if the account has another role than the
/// one that the principal was authenticated with.
pub async fn begin(app: &App, principal: &Principal) -> Result<Transaction> {
    let mut tx = app.database.begin().await?;
    lock(app, &tx, principal).await?;
    take_claim(app, &mut tx).await?;
    Ok(tx)
}

/// The same for a transaction that changes accounts or what belongs to them: locks the account of the principal and these
/// others exclusively, in the order of their ids, so that admins who change each other wait instead of deadlocking. An
/// account that does not exist is not locked.
pub(super) async fn begin_on_accounts(
    app: &App,
    principal: &Principal,
    others: &[Uuid],
) -> Result<Transaction> {
    let own = principal.account_id().into_iter();
    let ids: BTreeSet<Uuid> = own.chain(others.iter().copied()).collect();
    let mut tx = app.database.begin().await?;
    account::Entity::find()
        .filter(account::Column::Id.is_in(ids))
        .order_by_asc(account::Column::Id)
        .lock_exclusive()
        .all(&tx)
        .await?;
    lock(app, &tx, principal).await?;
    take_claim(app, &mut tx).await?;
    Ok(tx)
}

/// Takes the idempotency key that the operation came with: whatever it changes is done once. After the rows of the credentials,
/// because the row of the key refers to that of the account.
async fn take_claim(app: &App, tx: &mut Transaction) -> Result<()> {
    match &app.claim {
        Some(claim) => claim.take(tx, &app.clock).await,
        None => Ok(()),
    }
}

/// Locks the rows of the principal's credentials in share mode; refuses credentials that no longer hold. PostgreSQL locks the
/// tables in the order in which they are named.
async fn lock(app: &App, tx: &Transaction, principal: &Principal) -> Result<()> {
    let now = app.clock.now();
    let is_valid = match principal {
        Principal::Anonymous | Principal::Preview { .. } | Principal::System => true,
        Principal::Account { id, role, session } => {
            let mut select = session::active(session.id, session.token, now);
            let tables = [
                account::Entity.into_table_ref(),
                refresh_token::Entity.into_table_ref(),
                sessions::Entity.into_table_ref(),
            ];
            QuerySelect::query(&mut select).lock_with_tables(LockType::Share, tables);
            let active: Option<session::Active> = only(&**tx, select).await?;
            active.is_some_and(|active| active.is_of(*id, *role))
        }
        Principal::ApiToken {
            account: id,
            role,
            digest,
            ..
        } => {
            let mut select = api_token::active(digest);
            let tables = [
                account::Entity.into_table_ref(),
                api_tokens::Entity.into_table_ref(),
            ];
            QuerySelect::query(&mut select).lock_with_tables(LockType::Share, tables);
            let active: Option<api_token::Active> = only(&**tx, select).await?;
            active
                .is_some_and(|active| active.holds(digest, &app.clock) && active.is_of(*id, *role))
        }
    };
    confirmed(is_valid)
}

/// Checks that the credentials of the principal still hold, for reads that took long. Locks nothing.
///
/// # Errors
///
/// As [`begin`].
pub async fn check(app: &App, principal: &Principal) -> Result<()> {
    let now = app.clock.now();
    let is_valid = match principal {
        Principal::Anonymous | Principal::System => true,
        Principal::Preview { id, .. } => preview_link::holds(app, *id).await?,
        Principal::Account { id, role, session } => {
            let select = session::active(session.id, session.token, now);
            let active: Option<session::Active> = app.database.row(select).await?;
            active.is_some_and(|active| active.is_of(*id, *role))
        }
        Principal::ApiToken {
            account: id,
            role,
            digest,
            ..
        } => {
            let select = api_token::active(digest);
            let active: Option<api_token::Active> = app.database.row(select).await?;
            active
                .is_some_and(|active| active.holds(digest, &app.clock) && active.is_of(*id, *role))
        }
    };
    confirmed(is_valid)
}

fn confirmed(is_valid: bool) -> Result<()> {
    if is_valid {
        Ok(())
    } else {
        Err(Error::Unauthenticated)
    }
}
