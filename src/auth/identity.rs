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

#[cfg(test)]
mod tests {
    use entity::{entry::ContentType, entry_id::EntryId};
    use sea_orm::prelude::Uuid;

    use super::{Identity, Principal, Shown};

    fn preview(link: u128, shown: impl Iterator<Item = u128>) -> Identity {
        let entry = EntryId {
            content_type: ContentType::Page,
            uuid: Uuid::from_u128(1),
        };
        Identity::of(&Principal::Preview {
            id: Uuid::from_u128(link),
            entry,
            locale: Some("en".to_owned()),
            shown: shown.map(Uuid::from_u128).collect::<Shown>(),
        })
    }

    #[test]
    fn a_preview_link_is_told_from_others_by_its_id_and_by_what_it_shows() {
        assert_eq!(preview(1, 1..5_000), preview(1, (1..5_000).rev()));
        assert_ne!(preview(1, 1..5_000), preview(2, 1..5_000));
        assert_ne!(preview(1, 1..5_000), preview(1, 1..5_001));
        assert!(!preview(1, 1..2).is_public());
    }

    #[test]
    fn an_identity_does_not_grow_with_what_may_be_seen() {
        let identity = preview(1, 1..5_000);
        assert_eq!(identity.size(), 2);
        assert!(size_of_val(&identity) < 250);
    }
}
