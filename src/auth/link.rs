//! Links for the owners of accounts: each for one account and one purpose, once, for a while.

use chrono::TimeDelta;
use entity::{Instant, account, account_link};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, DatabaseTransaction, EntityTrait, QueryFilter,
    prelude::Uuid,
};

use super::people;
use crate::{
    app::App,
    crypto::{Secret, token},
    error::{Error, ProblemCode, Result},
};

const PREFIX: &str = "kdi_";
/// How long a link holds.
pub const LIFE: TimeDelta = TimeDelta::hours(72);

/// What a link is for; it serves nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Coming to an account that one is invited to.
    Invitation,
    /// Setting a new password.
    PasswordReset,
    /// Giving the account another address.
    EmailChange,
}

impl Purpose {
    fn name(self) -> &'static str {
        match self {
            Self::Invitation => "invitation",
            Self::PasswordReset => "password_reset",
            Self::EmailChange => "email_change",
        }
    }

    /// Whether the account, as it stands, can be the subject of such a link: one that was joined by other means meanwhile is
    /// not joined again.
    fn serves(self, account: &account::Model) -> bool {
        let waits = account.joined_at.is_none();
        account.suspended_at.is_none() && waits == (self == Self::Invitation)
    }

    /// The page that knows what to do with the link.
    fn page(self) -> &'static str {
        match self {
            Self::Invitation => "invitation",
            Self::PasswordReset => "password-reset",
            Self::EmailChange => "email-change",
        }
    }
}

/// Makes a link in place of the one that the account had for this purpose; gives its address. The account's row must be
/// locked, or be a new one. The token follows `#`, so that no log of a proxy gets to see it.
pub(super) async fn make(
    app: &App,
    tx: &DatabaseTransaction,
    purpose: Purpose,
    account: Uuid,
    email: Option<String>,
) -> Result<Secret> {
    account_link::Entity::delete_many()
        .filter(account_link::Column::AccountId.eq(account))
        .filter(account_link::Column::Purpose.eq(purpose.name()))
        .exec(tx)
        .await?;
    let (token, now) = (token::new(PREFIX)?, app.clock.now());
    let row = account_link::ActiveModel {
        hash: Set(token::digest(&token)),
        account_id: Set(account),
        purpose: Set(purpose.name().to_owned()),
        email: Set(email),
        created_at: Set(now),
        expires_at: Set(now + LIFE),
    };
    account_link::Entity::insert(row)
        .exec_without_returning(tx)
        .await?;
    let (base, page) = (app.config.link_base(), purpose.page());
    Ok(Secret::new(format!("{base}/{page}#{}", token.expose())))
}

/// The link of a token and its account. Refuses tokens that do not hold, or not for this purpose, and those of accounts that
/// are suspended, all alike.
pub(super) async fn look(
    app: &App,
    purpose: Purpose,
    token: &Secret,
) -> Result<(account_link::Model, account::Model)> {
    let hash = token::digest(token);
    let named = standing(&hash, purpose, app.clock.now());
    let link = app.database.row(account_link::Entity::find().filter(named));
    let link: Option<account_link::Model> = link.await?;
    let link = link.filter(|link| app.clock.holds(link.expires_at, LIFE));
    let link = link.ok_or_else(spent)?;
    let account = app
        .database
        .row(account::Entity::find_by_id(link.account_id));
    let account: Option<account::Model> = account.await?;
    let account = account.filter(|account| purpose.serves(account));
    Ok((link, account.ok_or_else(spent)?))
}

/// Spends a link that was looked at, and gives its account, locked; of several that come at once, one succeeds.
pub(super) async fn spend(
    tx: &DatabaseTransaction,
    purpose: Purpose,
    link: &account_link::Model,
    now: Instant,
) -> Result<account::Model> {
    let account = people::find_locked(tx, link.account_id).await?;
    let account = account.filter(|account| purpose.serves(account));
    let account = account.ok_or_else(spent)?;
    let deleted = account_link::Entity::delete_many()
        .filter(standing(&link.hash, purpose, now))
        .exec(tx)
        .await?;
    if deleted.rows_affected == 1 {
        Ok(account)
    } else {
        Err(spent())
    }
}

/// Ends all links of an account.
pub(super) async fn end_all(tx: &DatabaseTransaction, account: Uuid) -> Result<()> {
    account_link::Entity::delete_many()
        .filter(account_link::Column::AccountId.eq(account))
        .exec(tx)
        .await?;
    Ok(())
}

/// Forgets links that nobody can use any more; returns how many.
pub async fn purge(app: &App) -> Result<u64> {
    let tx = app.database.begin().await?;
    let purged = account_link::Entity::delete_many()
        .filter(account_link::Column::ExpiresAt.lte(app.clock.now()))
        .exec(&tx)
        .await?;
    tx.commit().await?;
    Ok(purged.rows_affected)
}

fn standing(hash: &str, purpose: Purpose, now: Instant) -> Condition {
    Condition::all()
        .add(account_link::Column::Hash.eq(hash))
        .add(account_link::Column::Purpose.eq(purpose.name()))
        .add(account_link::Column::ExpiresAt.gt(now))
}

fn spent() -> Error {
    let message = "the link is not valid, or not any more";
    Error::invalid(ProblemCode::Credentials, "token", message)
}
