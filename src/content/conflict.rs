//! The error for two changes that clash: what each of them says, as far as whoever sees it may know.

use entity::{entry, entry_id::EntryId};
use sea_orm::{EntityTrait, QueryFilter};
use serde_json::Value;

use super::{Content, change::Change, history::is_kept, mask::Mask, model::field::Field};
use crate::error::{Clash, Conflict, Error, Result};

impl Change {
    /// The error for clashes with what others saved since the expected revision. Of an autosave that was replaced nothing is
    /// shown: for the history it is not there.
    pub(super) async fn conflict<C: Content>(
        &self,
        id: EntryId,
        entry: &entry::Model,
        expected: i32,
        mut clashes: Vec<Clash>,
    ) -> Result<Error> {
        let kept = C::Entity::find().filter(is_kept(entry.id, expected));
        let is_base_kept = kept.one(&self.tx).await?.is_some();
        let of_references =
            |clash: &&mut Clash| C::field(&clash.path).is_some_and(Field::is_reference);
        let values = clashes.iter_mut().filter(of_references);
        let mut values: Vec<&mut Value> = values
            .flat_map(|clash| [&mut clash.base, &mut clash.theirs, &mut clash.yours])
            .collect();
        Mask::of_values(&self.tx, &self.principal, &values)
            .await?
            .apply(&mut values);
        if !is_base_kept {
            for clash in &mut clashes {
                clash.base = Value::Null;
            }
        }
        Ok(Error::Conflict(Box::new(Conflict {
            entry: id,
            expected,
            latest: entry.latest_revision,
            clashes,
        })))
    }
}
