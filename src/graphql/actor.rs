//! Who did something, as editors see it.

use std::collections::HashMap;

use async_graphql::{ID, SimpleObject};
use entity::account;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, prelude::Uuid};

use crate::{
    database::Snapshot,
    error::{Error, ProblemCode, Result},
};

/// Somebody who did something.
#[derive(Clone, Debug, SimpleObject)]
pub struct Actor {
    /// The account.
    id: ID,
    /// Their name; null if the account has been erased.
    name: Option<String>,
}

/// Those with these ids, whether their accounts are still there or not.
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
    let select = account::Entity::find().filter(account::Column::Id.is_in(ids.iter().copied()));
    let accounts: Vec<account::Model> = snapshot.all(select).await?;
    let named = accounts
        .into_iter()
        .map(|account| (account.id, account.name));
    let mut known: HashMap<Uuid, String> = named.collect();
    let actor = |id: Uuid| {
        let actor = Actor {
            id: account_id(id),
            name: known.remove(&id),
        };
        (id, actor)
    };
    Ok(ids.into_iter().map(actor).collect())
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

/// The accounts that a filter names; refuses what is no id of an account.
pub(super) fn parse_accounts(ids: &[ID], path: &str) -> Result<Vec<Uuid>> {
    let parse = |(at, id): (usize, &ID)| {
        let path = format!("{path}.{at}");
        let wrong = || Error::invalid(ProblemCode::Invalid, path, "is not an id of an account");
        parse_account_id(id).ok_or_else(wrong)
    };
    ids.iter().enumerate().map(parse).collect()
}

/// The account that an input names. What is no id of an account is the id of none, so that whoever may not ask is told just
/// that.
pub(super) fn named_account(id: &ID) -> Uuid {
    parse_account_id(id).unwrap_or_else(Uuid::nil)
}
