//! Recovery codes: ten for an account, each good for one sign-in in the place of a lost factor.

use entity::recovery_code;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, prelude::Uuid,
};

use super::{
    super::{Client, Principal},
    change::Changer,
};
use crate::{
    app::App,
    auth::audit::{AuditAction, AuditEvent},
    crypto::{Secret, recovery_code as code},
    error::{Error, ProblemCode, Result},
};

/// How many an account gets.
pub const CODES: usize = 10;

/// New codes in the place of those that there are; they are shown this once.
pub async fn regenerate(app: &App, client: &Client, principal: &Principal) -> Result<Vec<Secret>> {
    let change = Changer::of(app, principal, None).await?.begin(app).await?;
    if !change.factors.any() {
        let message = "there is no second factor that recovery codes could take the place of";
        return Err(Error::invalid(ProblemCode::Invalid, "", message));
    }
    let id = change.account.id;
    let codes = make(&change.tx, id).await?;
    let event = AuditEvent::new(AuditAction::RecoveryCodesMade, Some(id));
    change.commit(app, client, event).await?;
    Ok(codes)
}

/// Makes codes in the place of those that there are.
pub(super) async fn make(tx: &DatabaseTransaction, account: Uuid) -> Result<Vec<Secret>> {
    forget(tx, account).await?;
    let codes: Vec<Secret> = (0..CODES).map(|_| code::new()).collect::<Result<_>>()?;
    let rows = codes.iter().map(|made| recovery_code::ActiveModel {
        hash: Set(code::digest(made)),
        account_id: Set(account),
    });
    recovery_code::Entity::insert_many(rows)
        .exec_without_returning(tx)
        .await?;
    Ok(codes)
}

/// Removes all codes of an account.
pub(super) async fn forget(tx: &DatabaseTransaction, account: Uuid) -> Result<()> {
    recovery_code::Entity::delete_many()
        .filter(recovery_code::Column::AccountId.eq(account))
        .exec(tx)
        .await?;
    Ok(())
}

/// Whether it is a code of the account, which is spent by that: of several that come at once, one succeeds.
pub(super) async fn accept(
    tx: &DatabaseTransaction,
    account: Uuid,
    given: &Secret,
) -> Result<bool> {
    let deleted = recovery_code::Entity::delete_many()
        .filter(recovery_code::Column::Hash.eq(code::digest(given)))
        .filter(recovery_code::Column::AccountId.eq(account))
        .exec(tx)
        .await?;
    Ok(deleted.rows_affected == 1)
}
