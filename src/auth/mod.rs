//! Who asks, and what they may: the permission matrix as code.

pub mod account;
pub mod attempt;
pub mod challenge;
mod client;
pub mod end;
pub mod factor;
pub mod session;
pub mod setup;
pub mod sign_in;
mod step;

use chrono::TimeDelta;
use entity::Instant;
use sea_orm::prelude::Uuid;

pub use client::Client;

use crate::error::{Error, Result};

/// Who asks. Every function that reads or changes content must be given one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// Somebody who is not signed in.
    Anonymous,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// Which one.
    pub id: Uuid,
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
    /// Read the event log of the whole site.
    ReadEvents,
    /// Look after accounts, roles, invitations, and what belongs to other accounts.
    ManageAccounts,
}

/// On which entries a right holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Extent {
    /// On none.
    None,
    /// On those that the account created.
    Own,
    /// On all.
    All,
}

impl Principal {
    /// On which entries the principal has the right.
    pub fn extent(&self, right: Right) -> Extent {
        match self {
            Self::Anonymous => Extent::None,
            Self::Account { role, .. } => extent(*role, right),
            Self::System => Extent::All,
        }
    }

    /// The account, where there is one.
    pub fn account_id(&self) -> Option<Uuid> {
        match self {
            Self::Account { id, .. } => Some(*id),
            Self::Anonymous | Self::System => None,
        }
    }

    /// The account and its session; refuses those who are not signed in.
    pub fn signed_in(&self) -> Result<(Uuid, Session)> {
        match self {
            Self::Account { id, session, .. } => Ok((*id, *session)),
            Self::Anonymous | Self::System => Err(Error::Unauthenticated),
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

    /// Whether the principal has the right on an entry that `creator` created.
    pub fn may(&self, right: Right, creator: Option<Uuid>) -> bool {
        match self.extent(right) {
            Extent::None => false,
            Extent::Own => creator.is_some() && creator == self.account_id(),
            Extent::All => true,
        }
    }

    /// Refuses those who do not have the right on an entry that `creator` created.
    pub fn require_on(&self, right: Right, creator: Option<Uuid>) -> Result<()> {
        self.require(right)?;
        if self.may(right, creator) {
            Ok(())
        } else {
            Err(Error::Forbidden(deed(right)))
        }
    }
}

/// The matrix: a row per right, a column per role.
fn extent(role: Role, right: Right) -> Extent {
    use Extent::{All, None, Own};
    //                            contributor, author, editor, admin
    let [contributor, author, editor, admin] = match right {
        Right::ReadPast | Right::ReadInternalFields | Right::Create => [All, All, All, All],
        Right::ReadDrafts | Right::ReadHistory | Right::Change | Right::ArchiveDraft => {
            [Own, Own, All, All]
        }
        Right::Publish | Right::ArchivePublished => [None, Own, All, All],
        Right::Erase | Right::ReadEvents | Right::ManageAccounts => [None, None, None, All],
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
        Right::ManageAccounts => "look after accounts",
    }
}
