//! Ids of entries that somebody may not know of. References are stored as ids and shown through a view, which leaves these out;
//! wherever stored values or ids are shown as they are, this does.

use std::collections::HashSet;

use entity::{entry, entry_id::EntryId};
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter};
use serde_json::Value;

use super::change::id_of;
use crate::{
    auth::{Extent, Principal, Right},
    error::Result,
};

/// Which of some entries the principal may not know of.
pub(super) struct Mask(HashSet<EntryId>);

impl Mask {
    /// Those of the ids that are of no entry that the principal may know of. Whoever reads all drafts of all types may know of
    /// those that exist no more, too.
    pub(super) async fn of(
        tx: &DatabaseTransaction,
        principal: &Principal,
        ids: impl IntoIterator<Item = EntryId>,
    ) -> Result<Self> {
        let mut hidden: HashSet<EntryId> = ids.into_iter().collect();
        let knows_all =
            principal.extent(Right::ReadDrafts) == Extent::All && principal.types().is_none();
        if knows_all || hidden.is_empty() {
            return Ok(Self(HashSet::new()));
        }
        let entries = entry::Entity::find()
            .filter(entry::Column::Id.is_in(hidden.iter().map(|id| id.uuid)))
            .all(tx)
            .await?;
        for entry in entries.iter().filter(|entry| principal.may_know_of(entry)) {
            hidden.remove(&id_of(entry));
        }
        Ok(Self(hidden))
    }

    /// The same for the ids in values of references: one id, or a list of them.
    pub(super) async fn of_values(
        tx: &DatabaseTransaction,
        principal: &Principal,
        values: &[&mut Value],
    ) -> Result<Self> {
        let ids = |value: &Value| match value {
            Value::Array(values) => values.iter().filter_map(id).collect(),
            value => id(value).into_iter().collect::<Vec<_>>(),
        };
        Self::of(tx, principal, values.iter().flat_map(|value| ids(value))).await
    }

    /// Takes the ids out of such values.
    pub(super) fn apply(&self, values: &mut [&mut Value]) {
        let is_hidden = |value: &Value| id(value).is_some_and(|id| self.0.contains(&id));
        for value in values {
            match &mut **value {
                Value::Array(values) => values.retain(|value| !is_hidden(value)),
                value if is_hidden(value) => *value = Value::Null,
                _ => {}
            }
        }
    }

    /// Whether the principal may not know of this one.
    pub(super) fn hides(&self, id: EntryId) -> bool {
        self.0.contains(&id)
    }

    /// The entry in the text of an error.
    pub(super) fn name(&self, id: EntryId) -> String {
        if self.hides(id) {
            "an entry that you may not know of".to_owned()
        } else {
            id.to_string()
        }
    }
}

fn id(value: &Value) -> Option<EntryId> {
    value.as_str()?.parse().ok()
}
