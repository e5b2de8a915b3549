//! Who asks, and what they may: the permission matrix as code.

pub mod account;
pub mod api_token;
pub mod attempt;
pub mod audit;
pub mod authority;
pub mod bearer;
pub mod challenge;
mod client;
pub mod directory;
pub mod email_change;
pub mod end;
pub mod factor;
mod identity;
pub mod invitation;
pub mod kept_answers;
pub mod link;
pub mod network;
pub mod oidc;
pub mod own_password;
pub mod password_reset;
pub mod people;
mod policy;
pub mod preview_link;
mod scope;
pub mod session;
pub mod setup;
pub mod sign_in;
mod step;

use std::{collections::BTreeSet, sync::Arc};

use chrono::TimeDelta;
use entity::{
    Instant,
    entry::{self, ContentType},
    entry_id::EntryId,
};
use sea_orm::prelude::Uuid;

pub use client::{Client, network_of};
pub use identity::Identity;
pub use scope::Scope;

use crate::{
    error::{Error, Result},
    event::By,
};

/// Who asks. Every function that reads or changes content must be given one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Principal {
    /// Somebody who is not signed in.
    Anonymous,
    /// Somebody with a preview link: who may see what is public, and the drafts that the link shows.
    Preview {
        /// The preview link.
        id: Uuid,
        /// The entry that it was made for.
        entry: EntryId,
        /// The one locale in which it shows drafts; none for all.
        locale: Option<String>,
        /// The entry and what it shows, as far as the maker of the link may read it.
        shown: preview_link::Shown,
    },
    /// A machine with an API token.
    ApiToken {
        /// The token.
        id: Uuid,
        /// Its maker, in whose name it acts.
        account: Uuid,
        /// What its maker may do now; the token never may more.
        role: Role,
        /// What it was made for.
        scopes: BTreeSet<Scope>,
        /// The only content types that there are for it; none for all.
        types: Option<BTreeSet<ContentType>>,
        /// The digest of the secret that it came with: a rotated token has two.
        digest: Arc<str>,
    },
    /// Somebody with an account.
    Account {
        /// The account.
        id: Uuid,
        /// What the account may do.
        role: Role,
        /// Since when, and how long ago with the password.
        session: Session,
    },
    /// Kindling itself: imports and due work.
    System,
}

/// The stay of an account, from signing in to signing out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Session {
    /// Which one.
    pub id: Uuid,
    /// The refresh token that the access token was issued with.
    pub token: Uuid,
    /// When its owner last showed who they are, as far as is known.
    pub password_at: Instant,
}

/// How long a password that was given counts as fresh.
pub const FRESH: TimeDelta = TimeDelta::minutes(5);

/// What an account was made for; a role is a set of rights.
pub use entity::account::Role;

/// Something that can be allowed: the rows of the permission matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// Read what is not public yet.
    ReadDrafts,
    /// Read who changed what, and when.
    ReadHistory,
    /// Read what was public at a past moment.
    ReadPast,
    /// Read fields for signed-in readers only, such as a team member's e-mail address.
    ReadInternalFields,
    /// Create an entry, or upload a file.
    Create,
    /// Save a new revision of an entry, discard or restore a draft, or replace a file.
    Change,
    /// Make a revision the public one, or no longer public.
    Publish,
    /// Move an entry that is not public to the trash, and back.
    ArchiveDraft,
    /// Move a public entry to the trash.
    ArchivePublished,
    /// Erase an entry for ever.
    Erase,
    /// Read the audit log: sign-ins, accounts, tokens and settings.
    ReadAuditEvents,
    /// Read the event log: all of it with the right to read all drafts, otherwise the events that show in public.
    ReadEvents,
    /// Look after accounts, roles, invitations, and what belongs to other accounts.
    ManageAccounts,
    /// List the entries whose drafts one may read.
    ListDrafts,
    /// Make a link that shows a draft to whoever has it.
    SharePreviews,
    /// Make API tokens, see them, and take them back.
    ManageTokens,
    /// See background jobs, and retry them.
    ManageJobs,
}

/// On which entries a right holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Extent {
    /// On none.
    None,
    /// On those that a preview link shows.
    Shown,
    /// On those that the account created.
    Own,
    /// On all.
    All,
}

impl Principal {
    /// On which entries the principal has the right, as far as their type is within its reach.
    pub fn extent(&self, right: Right) -> Extent {
        match self {
            Self::Preview { .. } if right == Right::ReadDrafts => Extent::Shown,
            Self::ApiToken { role, scopes, .. } if scope::allows(scopes, right) => {
                extent(*role, right)
            }
            Self::Anonymous | Self::Preview { .. } | Self::ApiToken { .. } => Extent::None,
            Self::Account { role, .. } => extent(*role, right),
            Self::System => Extent::All,
        }
    }

    /// The account, or the one in whose name a token acts.
    pub fn account_id(&self) -> Option<Uuid> {
        match self {
            Self::Account { id, .. } => Some(*id),
            Self::ApiToken { account, .. } => Some(*account),
            Self::Anonymous | Self::Preview { .. } | Self::System => None,
        }
    }

    /// The API token, if it is one.
    pub fn token_id(&self) -> Option<Uuid> {
        match self {
            Self::ApiToken { id, .. } => Some(*id),
            _ => None,
        }
    }

    /// Who does what the principal does, for the log.
    pub fn by(&self) -> By {
        By {
            account: self.account_id(),
            token: self.token_id(),
        }
    }

    /// The account and its session; refuses those who are not signed in.
    pub fn signed_in(&self) -> Result<(Uuid, Session)> {
        match self {
            Self::Account { id, session, .. } => Ok((*id, *session)),
            Self::ApiToken { .. } | Self::Preview { .. } => {
                Err(Error::Forbidden("do this without signing in"))
            }
            Self::Anonymous | Self::System => Err(Error::Unauthenticated),
        }
    }

    /// The types that there are for the principal; none for all.
    pub fn types(&self) -> Option<&BTreeSet<ContentType>> {
        match self {
            Self::ApiToken { types, .. } => types.as_ref(),
            _ => None,
        }
    }

    /// Whether there are entries of the type for the principal.
    pub fn reaches(&self, content_type: ContentType) -> bool {
        self.types()
            .is_none_or(|types| types.contains(&content_type))
    }

    /// Refuses those for whom there are no entries of the type.
    pub fn require_type(&self, content_type: ContentType) -> Result<()> {
        if self.reaches(content_type) {
            Ok(())
        } else {
            Err(Error::Forbidden("see entries of this type"))
        }
    }

    /// Refuses those who have the right on no entry at all, and tells the others on which they have it.
    pub fn require(&self, right: Right) -> Result<Extent> {
        match self.extent(right) {
            Extent::None if *self == Self::Anonymous => Err(Error::Unauthenticated),
            Extent::None => Err(Error::Forbidden(deed(right))),
            extent => Ok(extent),
        }
    }

    /// Whether the principal has the right on the entry.
    pub fn may(&self, right: Right, entry: &entry::Model) -> bool {
        let is_meant = match (self.extent(right), self) {
            (Extent::Shown, Self::Preview { shown, .. }) => shown.contains(&entry.id),
            (Extent::None | Extent::Shown, _) => false,
            (Extent::Own, _) => entry.created_by.is_some() && entry.created_by == self.account_id(),
            (Extent::All, _) => true,
        };
        is_meant && self.reaches(entry.r#type)
    }

    /// Refuses those who do not have the right on the entry.
    pub fn require_on(&self, right: Right, entry: &entry::Model) -> Result<()> {
        self.require(right)?;
        if self.may(right, entry) {
            Ok(())
        } else {
            Err(Error::Forbidden(deed(right)))
        }
    }

    /// Whether the principal may know that the entry exists: it is public, or they may read its draft.
    pub fn may_know_of(&self, entry: &entry::Model) -> bool {
        self.reaches(entry.r#type)
            && (entry.published_revision.is_some() || self.may(Right::ReadDrafts, entry))
    }
}

/// The matrix: a row per right, a column per role.
fn extent(role: Role, right: Right) -> Extent {
    use Extent::{All, None, Own};
    //                            contributor, author, editor, admin
    let [contributor, author, editor, admin] = match right {
        Right::ReadPast | Right::ReadInternalFields | Right::Create => [All, All, All, All],
        Right::ReadDrafts
        | Right::ListDrafts
        | Right::SharePreviews
        | Right::ReadHistory
        | Right::Change
        | Right::ArchiveDraft => [Own, Own, All, All],
        Right::Publish | Right::ArchivePublished => [None, Own, All, All],
        Right::ManageTokens => [None, Own, Own, All],
        Right::ReadEvents => [None, None, All, All],
        Right::Erase | Right::ReadAuditEvents | Right::ManageAccounts | Right::ManageJobs => {
            [None, None, None, All]
        }
    };
    match role {
        Role::Contributor => contributor,
        Role::Author => author,
        Role::Editor => editor,
        Role::Admin => admin,
    }
}

/// What the right allows, as it stands after "you may not".
fn deed(right: Right) -> &'static str {
    match right {
        Right::ReadDrafts => "read drafts",
        Right::ReadHistory => "read the history of this entry",
        Right::ReadPast => "read the past",
        Right::ReadInternalFields => "read internal fields",
        Right::Create => "create entries",
        Right::Change => "change this entry",
        Right::Publish => "publish or unpublish this entry",
        Right::ArchiveDraft => "archive or restore this entry",
        Right::ArchivePublished => "archive what is public",
        Right::Erase => "erase entries",
        Right::ReadEvents => "read the event log",
        Right::ReadAuditEvents => "read the audit log",
        Right::ManageAccounts => "look after accounts",
        Right::ListDrafts => "list drafts",
        Right::SharePreviews => "make a preview link of this entry",
        Right::ManageTokens => "look after API tokens",
        Right::ManageJobs => "look after jobs",
    }
}
