//! Revisions of several entries at once, in one statement for each content type.

use std::collections::{BTreeMap, HashMap};

use entity::{entry::ContentType, entry_id::EntryId, stamp::Stamped};
use sea_orm::{
    Condition, EntityTrait, ExprTrait, QueryFilter,
    prelude::{Expr, Uuid},
};

use super::{Content, change::Change};
use crate::error::Result;

/// Revisions in one statement. SQLite bounds the depth of a condition, and each of them adds to it.
const REVISIONS_PER_STATEMENT: usize = 200;

/// Revisions of entries by content type.
pub(super) type RevisionsByType = BTreeMap<ContentType, Vec<(EntryId, i32)>>;

/// Sorts revisions by the content type of their entries.
pub(super) fn by_type(revisions: impl IntoIterator<Item = (EntryId, i32)>) -> RevisionsByType {
    let mut sorted = RevisionsByType::new();
    for (id, revision) in revisions {
        let of_type = sorted.entry(id.content_type).or_default();
        of_type.push((id, revision));
    }
    sorted
}

impl Change {
    /// The content of these revisions, all of one type, as far as they exist.
    pub(super) async fn revisions<C: Content>(
        &self,
        revisions: &[(EntryId, i32)],
    ) -> Result<HashMap<(Uuid, i32), C::Model>> {
        let mut found = HashMap::with_capacity(revisions.len());
        for part in revisions.chunks(REVISIONS_PER_STATEMENT) {
            let mut is_any = Condition::any();
            for (id, revision) in part {
                self.show(*id);
                let is_it = Condition::all()
                    .add(Expr::col("entry_id").eq(id.uuid))
                    .add(Expr::col("revision").eq(*revision));
                is_any = is_any.add(is_it);
            }
            let rows = C::Entity::find().filter(is_any).all(&self.tx).await?;
            found.extend(rows.into_iter().map(|row| {
                let stamp = row.stamp();
                ((stamp.entry_id, stamp.revision), row)
            }));
        }
        Ok(found)
    }
}
