//! The names by which shared caches know what an answer shows, and by which events tell what they have to throw away.

use entity::{entry::ContentType, entry_id::EntryId};
use sea_orm::ActiveEnum;

/// All that an answer may lack because it is not public.
pub const HIDDEN: &str = "content";

/// How long after a change an answer from before it may still arrive at a shared cache: instances learn of the change within a
/// second, and check an answer when it leaves; the rest is for the way.
pub const PURGE_AGAIN_AFTER_SECONDS: i32 = 10;

/// An entry.
pub fn of_entry(id: EntryId) -> String {
    id.to_string()
}

/// The lists of a type.
pub fn of_type(content_type: ContentType) -> String {
    content_type.to_value()
}

/// Everything that shows an entry, lists it, or would if it were public.
pub fn of_all_around(id: EntryId) -> Vec<String> {
    vec![of_entry(id), of_type(id.content_type), HIDDEN.to_owned()]
}
