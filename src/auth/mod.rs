//! Who asks, and what they may: the permission matrix as code.

use sea_orm::prelude::Uuid;

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
    },
    /// Kindling itself: imports and due work.
    System,
}

/// What an account was made for; a role is a set of rights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Writes drafts.
    Contributor,
    /// Publishes what is their own.
    Author,
    /// Looks after all content.
    Editor,
    /// Looks after people and settings, too.
    Admin,
}

/// Something that can be allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// Read what is not public yet.
    ReadDrafts,
    /// Read what was public at a past moment.
    ReadPast,
    /// Read fields for signed-in readers only, such as a team member's e-mail address.
    ReadInternalFields,
    /// Create an entry.
    Create,
    /// Save a new revision of an entry.
    Change,
    /// Make a revision the public one.
    Publish,
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
            Self::Account { role, .. } => role.extent(right),
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

    /// Refuses those who have the right on no entry at all, and tells the others on which they have it.
    pub fn require(&self, right: Right) -> Result<Extent> {
        match self.extent(right) {
            Extent::None if *self == Self::Anonymous => Err(Error::Unauthenticated),
            Extent::None => Err(Error::Forbidden(right.deed())),
            extent => Ok(extent),
        }
    }

    /// Refuses those who do not have the right on an entry that `creator` created.
    pub fn require_on(&self, right: Right, creator: Option<Uuid>) -> Result<()> {
        match self.require(right)? {
            Extent::Own if creator.is_none() || creator != self.account_id() => {
                Err(Error::Forbidden(right.deed()))
            }
            _ => Ok(()),
        }
    }
}

impl Role {
    fn extent(self, right: Right) -> Extent {
        match (right, self) {
            (Right::ReadPast | Right::ReadInternalFields | Right::Create, _)
            | (Right::ReadDrafts | Right::Change | Right::Publish, Self::Editor | Self::Admin) => {
                Extent::All
            }
            (Right::ReadDrafts | Right::Change, Self::Contributor | Self::Author)
            | (Right::Publish, Self::Author) => Extent::Own,
            (Right::Publish, Self::Contributor) => Extent::None,
        }
    }
}

impl Right {
    /// What the right allows, as it stands after "you may not".
    fn deed(self) -> &'static str {
        match self {
            Self::ReadDrafts => "read drafts",
            Self::ReadPast => "read the past",
            Self::ReadInternalFields => "read internal fields",
            Self::Create => "create entries",
            Self::Change => "change this entry",
            Self::Publish => "publish this entry",
        }
    }
}
