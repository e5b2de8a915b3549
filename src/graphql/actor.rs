//! Who did something, as editors see it.

use std::collections::HashMap;

use async_graphql::{ID, SimpleObject};
use entity::account;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, prelude::Uuid};

use crate::{database::Snapshot, error::Result};

/// Somebody who did something.
#[derive(Clone, Debug, SimpleObject)]
pub struct Actor {
    /// The account.
    id: ID,
    /// Their name.
    name: String,
}

/// The accounts with these ids.
pub(super) async fn actors(
    snapshot: &Snapshot,
    ids: impl Iterator<Item = Uuid>,
) -> Result<HashMap<Uuid, Actor>> {
    let mut ids: Vec<Uuid> = ids.collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let select = account::Entity::find().filter(account::Column::Id.is_in(ids));
    let accounts: Vec<account::Model> = snapshot.all(select).await?;
    let actor = |account: account::Model| {
        let actor = Actor {
            id: account_id(account.id),
            name: account.name,
        };
        (account.id, actor)
    };
    Ok(accounts.into_iter().map(actor).collect())
}

/// The id of an account in the API.
pub(super) fn account_id(id: Uuid) -> ID {
    format!("account_{}", id.simple()).into()
}

/// The account that a text names; none if it names none.
pub(super) fn parse_account_id(id: &ID) -> Option<Uuid> {
    let uuid = Uuid::try_parse(id.strip_prefix("account_")?).ok()?;
    (account_id(uuid) == *id).then_some(uuid)
}
