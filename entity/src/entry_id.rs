//! The identity of an entry: its content type and a number that never changes.

use std::{fmt, str::FromStr};

use sea_orm::{ActiveEnum, DeriveValueType, FromJsonQueryResult, prelude::Uuid};
use serde::{Deserialize, Serialize};

use crate::entry::ContentType;

/// Opaque and typed; written as `milestone_` and 32 hexadecimal digits.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    DeriveValueType,
    Serialize,
    Deserialize,
)]
#[sea_orm(value_type = "String")]
#[serde(try_from = "String", into = "String")]
pub struct EntryId {
    /// What kind of entry it is.
    pub content_type: ContentType,
    /// Which one.
    pub uuid: Uuid,
}

/// The text is not an id.
#[derive(Debug, thiserror::Error)]
#[error("is not an id of an entry")]
pub struct NoEntryId;

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.content_type.to_value(), self.uuid.simple())
    }
}

/// Stands in the id of what a view shows of an entry, between the id of the entry and what names the view.
pub const VIEW_MARK: char = '~';

impl FromStr for EntryId {
    type Err = NoEntryId;

    /// Takes the id of what a view shows of an entry, too, for that of the entry.
    fn from_str(text: &str) -> Result<Self, NoEntryId> {
        let text = text.split(VIEW_MARK).next().unwrap_or_default();
        let (prefix, digits) = text.rsplit_once('_').ok_or(NoEntryId)?;
        let content_type =
            ContentType::try_from_value(&prefix.to_owned()).map_err(|_| NoEntryId)?;
        let uuid = Uuid::try_parse(digits).map_err(|_| NoEntryId)?;
        let id = Self { content_type, uuid };
        // One spelling per id, so that a cache or a client may compare the texts.
        if id.to_string() == text {
            Ok(id)
        } else {
            Err(NoEntryId)
        }
    }
}

impl TryFrom<String> for EntryId {
    type Error = NoEntryId;

    fn try_from(text: String) -> Result<Self, NoEntryId> {
        text.parse()
    }
}

impl From<EntryId> for String {
    fn from(id: EntryId) -> Self {
        id.to_string()
    }
}

/// An ordered list of references, in the row of the entry that refers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(transparent)]
pub struct EntryIds(pub Vec<EntryId>);
