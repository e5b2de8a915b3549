//! What tells answers to one principal from those to another one, in as few bytes as that takes.

use sea_orm::prelude::Uuid;

use super::{Principal, preview_link::Shown};

/// Who an answer is for. Unlike a principal, it holds nothing that grows with what may be seen.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Identity(Who);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Who {
    /// Whoever has this preview link, while it shows the set of entries with this digest.
    Preview {
        link: Uuid,
        locale: Option<String>,
        shown: [u8; 32],
    },
    /// Everybody else, by all that is known of them.
    Other(Principal),
}

impl Identity {
    /// The identity of a principal.
    pub fn of(principal: &Principal) -> Self {
        Self(match principal {
            Principal::Preview {
                id,
                locale,
                shown: Shown::Entries(entries),
                ..
            } => Who::Preview {
                link: *id,
                locale: locale.clone(),
                shown: *entries.digest(),
            },
            other => Who::Other(other.clone()),
        })
    }

    /// Whether it is that of everybody who is not signed in.
    pub fn is_public(&self) -> bool {
        self.0 == Who::Other(Principal::Anonymous)
    }

    /// How much memory it takes beside itself, at most, in bytes.
    pub fn size(&self) -> usize {
        /// A node of a set holds eleven scopes or types.
        const PER_SET: usize = 200;
        match &self.0 {
            Who::Preview { locale, .. } => locale.as_ref().map_or(0, String::len),
            Who::Other(Principal::ApiToken { .. }) => 2 * PER_SET,
            Who::Other(_) => 0,
        }
    }
}
