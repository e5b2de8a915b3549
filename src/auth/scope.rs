//! What API tokens are made for: which scopes a token needs for a right that its maker has.

use std::collections::BTreeSet;

use super::Right;

pub use entity::api_token::Scope;

/// The sets of scopes of which a right needs one; none where no token has it.
fn needed(right: Right) -> &'static [&'static [Scope]] {
    use Scope::{Drafts, Events, History, Publish, Write};
    match right {
        Right::ReadDrafts | Right::ListDrafts | Right::ReadInternalFields => &[&[Drafts]],
        Right::ReadPast => &[&[History]],
        // A history shows drafts.
        Right::ReadHistory => &[&[Drafts, History]],
        // Whoever reads the history of every entry reads the same there.
        Right::ReadEvents => &[&[Events], &[Drafts, History]],
        Right::Create | Right::Change | Right::ArchiveDraft => &[&[Drafts, Write]],
        Right::Publish => &[&[Drafts, Publish]],
        Right::ArchivePublished => &[&[Drafts, Write, Publish]],
        Right::Erase
        | Right::ReadAuditEvents
        | Right::ManageAccounts
        | Right::SharePreviews
        | Right::ManageTokens
        | Right::ManageJobs => &[],
    }
}

/// Whether a token with these scopes has the right, as far as its maker has it.
pub(super) fn allows(scopes: &BTreeSet<Scope>, right: Right) -> bool {
    let has_all = |set: &&[Scope]| set.iter().all(|scope| scopes.contains(scope));
    needed(right).iter().any(has_all)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use entity::{
        account::Role,
        entry::{self, ContentType},
    };
    use sea_orm::{Iterable, prelude::Uuid};

    use super::{
        super::{Extent, Principal, Session},
        Right, Scope, needed,
    };

    const RIGHTS: [Right; 17] = [
        Right::ReadDrafts,
        Right::ListDrafts,
        Right::ReadHistory,
        Right::ReadPast,
        Right::ReadInternalFields,
        Right::Create,
        Right::Change,
        Right::Publish,
        Right::ArchiveDraft,
        Right::ArchivePublished,
        Right::Erase,
        Right::ReadEvents,
        Right::ReadAuditEvents,
        Right::ManageAccounts,
        Right::SharePreviews,
        Right::ManageTokens,
        Right::ManageJobs,
    ];
    const SCOPES: [Scope; 5] = [
        Scope::Drafts,
        Scope::History,
        Scope::Write,
        Scope::Publish,
        Scope::Events,
    ];

    fn maker(role: Role) -> Principal {
        let session = Session {
            id: Uuid::nil(),
            token: Uuid::nil(),
            password_at: entity::Instant::UNIX_EPOCH,
        };
        let id = Uuid::from_u128(1);
        Principal::Account { id, role, session }
    }

    fn token(role: Role, scopes: &BTreeSet<Scope>, types: Option<ContentType>) -> Principal {
        Principal::ApiToken {
            id: Uuid::from_u128(2),
            account: Uuid::from_u128(1),
            role,
            scopes: scopes.clone(),
            types: types.map(|of| BTreeSet::from([of])),
            digest: "".into(),
        }
    }

    fn entry(of: ContentType, creator: Option<u128>, is_public: bool) -> entry::Model {
        entry::Model {
            id: Uuid::from_u128(3),
            r#type: of,
            key: None,
            position: String::new(),
            latest_revision: 1,
            published_revision: is_public.then_some(1),
            published_at: None,
            created_at: entity::Instant::UNIX_EPOCH,
            created_by: creator.map(Uuid::from_u128),
            updated_at: entity::Instant::UNIX_EPOCH,
            archived_at: None,
        }
    }

    fn sets() -> impl Iterator<Item = BTreeSet<Scope>> {
        (0..32).map(|bits| {
            let scopes = SCOPES.into_iter().enumerate();
            let chosen = scopes.filter(|(at, _)| bits >> at & 1 == 1);
            chosen.map(|(_, scope)| scope).collect()
        })
    }

    #[test]
    fn a_token_never_may_what_its_maker_may_not() {
        for (role, scopes) in Role::iter().flat_map(|role| sets().map(move |set| (role, set))) {
            for types in [None, Some(ContentType::Page)] {
                let (maker, token) = (maker(role), token(role, &scopes, types));
                for right in RIGHTS {
                    let extent = token.extent(right);
                    assert!(extent <= maker.extent(right) && extent != Extent::Shown);
                    let has_all = |set: &&[Scope]| set.iter().all(|it| scopes.contains(it));
                    let allowed = needed(right).iter().any(has_all);
                    assert_eq!(
                        extent != Extent::None,
                        allowed && maker.extent(right) != Extent::None
                    );
                    for (of, creator, is_public) in [ContentType::Page, ContentType::Value]
                        .into_iter()
                        .flat_map(|of| [None, Some(1), Some(9)].map(|by| (of, by)))
                        .flat_map(|(of, by)| [true, false].map(|public| (of, by, public)))
                    {
                        let entry = entry(of, creator, is_public);
                        let reaches = types.is_none_or(|types| types == of);
                        assert!(!token.may(right, &entry) || (maker.may(right, &entry) && reaches));
                        assert!(
                            !token.may_know_of(&entry) || (maker.may_know_of(&entry) && reaches)
                        );
                        assert_eq!(token.may_know_of(&entry) && is_public, reaches && is_public);
                    }
                }
            }
        }
    }
}
