//! What every row of a content table carries beside its content.

use std::collections::BTreeMap;

use sea_orm::{FromJsonQueryResult, prelude::Uuid};
use serde::{Deserialize, Serialize};

use crate::Instant;

/// Locale to the revision in which its texts last changed: a translation is stale when its source is newer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(transparent)]
pub struct TextRevisions(pub BTreeMap<String, i32>);

/// Which revision of which entry a row is, and since when.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stamp {
    /// The entry.
    pub entry_id: Uuid,
    /// Its revision: 1, 2, 3 …
    pub revision: i32,
    /// When the revision was saved.
    pub saved_at: Instant,
    /// When the texts of each locale last changed.
    pub text_revisions: TextRevisions,
}

/// A row of a content table.
pub trait Stamped {
    /// The row's stamp.
    fn stamp(&self) -> Stamp;
    /// Makes the row that revision: the latest, and not public.
    fn set_stamp(&mut self, stamp: Stamp);
}

/// Implements [`Stamped`] for the `Model` of the module that calls it.
macro_rules! stamped {
    () => {
        impl crate::stamp::Stamped for Model {
            fn stamp(&self) -> crate::stamp::Stamp {
                crate::stamp::Stamp {
                    entry_id: self.entry_id,
                    revision: self.revision,
                    saved_at: self.saved_at,
                    text_revisions: self.text_revisions.clone(),
                }
            }

            fn set_stamp(&mut self, stamp: crate::stamp::Stamp) {
                self.entry_id = stamp.entry_id;
                self.revision = stamp.revision;
                self.latest = true;
                self.published = false;
                self.saved_at = stamp.saved_at;
                self.text_revisions = stamp.text_revisions;
            }
        }
    };
}

pub(crate) use stamped;
