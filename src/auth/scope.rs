//! What API tokens are made for: which scopes a token needs for a right that its maker has.

use std::collections::BTreeSet;

use super::Right;

pub use entity::api_token::Scope;

/// The scopes that a right needs; nothing where no token has it.
fn needed(right: Right) -> Option<&'static [Scope]> {
    use Scope::{Drafts, History, Publish, Write};
    match right {
        Right::ReadDrafts | Right::ListDrafts | Right::ReadInternalFields => Some(&[Drafts]),
        Right::ReadPast => Some(&[History]),
        // A history shows drafts.
        Right::ReadHistory => Some(&[Drafts, History]),
        Right::Create | Right::Change | Right::ArchiveDraft => Some(&[Drafts, Write]),
        Right::Publish => Some(&[Drafts, Publish]),
        Right::ArchivePublished => Some(&[Drafts, Write, Publish]),
        Right::Erase
        | Right::ReadEvents
        | Right::ManageAccounts
        | Right::SharePreviews
        | Right::ManageTokens => None,
    }
}

/// Whether a token with these scopes has the right, as far as its maker has it.
pub(super) fn allows(scopes: &BTreeSet<Scope>, right: Right) -> bool {
    needed(right).is_some_and(|needed| needed.iter().all(|scope| scopes.contains(scope)))
}
