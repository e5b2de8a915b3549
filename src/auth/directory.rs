//! Who has an account: where each stands, and when it was last seen.

use std::collections::HashMap;

use entity::{Instant, account, session};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, ExprTrait, FromQueryResult, QueryFilter, QuerySelect,
    prelude::{Expr, Uuid},
};

use crate::{database::Snapshot, error::Result};

/// Where an account stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Its owner has not come yet.
    Invited,
    /// Its owner can sign in.
    Active,
    /// Nobody can sign in with it.
    Suspended,
}

impl Status {
    /// Where this account stands.
    pub fn of(account: &account::Model) -> Self {
        match (account.suspended_at, account.joined_at) {
            (Some(_), _) => Self::Suspended,
            (None, None) => Self::Invited,
            (None, Some(_)) => Self::Active,
        }
    }

    /// Which accounts stand there.
    pub fn condition(self) -> Condition {
        let (joined, suspended) = (account::Column::JoinedAt, account::Column::SuspendedAt);
        match self {
            Self::Suspended => Condition::all().add(suspended.is_not_null()),
            Self::Invited => Condition::all()
                .add(suspended.is_null())
                .add(joined.is_null()),
            Self::Active => Condition::all()
                .add(suspended.is_null())
                .add(joined.is_not_null()),
        }
    }
}

/// When an account was last seen.
#[derive(FromQueryResult)]
struct Seen {
    account_id: Uuid,
    last_seen_at: Instant,
}

/// When the accounts were last seen in a session, as far as they were.
pub async fn last_seen(
    snapshot: &Snapshot,
    accounts: impl Iterator<Item = Uuid>,
) -> Result<HashMap<Uuid, Instant>> {
    let ids: Vec<Uuid> = accounts.collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let latest = Expr::col(session::Column::LastSeenAt).max();
    let select = session::Entity::find()
        .select_only()
        .column(session::Column::AccountId)
        .column_as(latest, "last_seen_at")
        .filter(session::Column::AccountId.is_in(ids))
        .group_by(session::Column::AccountId);
    let seen: Vec<Seen> = snapshot.all(select).await?;
    let pairs = seen
        .into_iter()
        .map(|seen| (seen.account_id, seen.last_seen_at));
    Ok(pairs.collect())
}
