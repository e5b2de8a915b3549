//! The columns of the matrix: who tries an operation, and who they are.

use std::collections::BTreeSet;

use entity::{entry::ContentType, entry_id::EntryId};
use kindling::auth::{Principal, Role, Scope};
use sea_orm::Iterable;

use super::{
    ROLES,
    document::Rule,
    operations::Operation,
    stock::{Kind, Stock},
};

/// Who tries an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Anonymous,
    /// Somebody with a preview link; "own" is what it shows.
    Preview,
    /// An API token of the author, with the scopes that the row names.
    TokenWith,
    /// One that lacks the last of them.
    TokenWithout,
    /// One that is not for the type of the entry.
    TokenOfAnotherType,
    Account(Role),
}

pub(super) const COLUMNS: [Column; 9] = [
    Column::Anonymous,
    Column::Preview,
    Column::TokenWith,
    Column::TokenWithout,
    Column::TokenOfAnotherType,
    Column::Account(Role::Contributor),
    Column::Account(Role::Author),
    Column::Account(Role::Editor),
    Column::Account(Role::Admin),
];

/// All scopes.
pub(super) const SCOPES: [Scope; 5] = [
    Scope::Drafts,
    Scope::History,
    Scope::Write,
    Scope::Publish,
    Scope::Events,
];

/// The maker of the tokens.
pub(super) const MAKER: Role = Role::Author;

impl Column {
    /// The role whose entries are the column's own.
    pub(super) fn role(self) -> Option<Role> {
        match self {
            Self::Anonymous | Self::Preview => None,
            Self::TokenWith | Self::TokenWithout | Self::TokenOfAnotherType => Some(MAKER),
            Self::Account(role) => Some(role),
        }
    }

    pub(super) fn is_token(self) -> bool {
        !matches!(self, Self::Account(_)) && self.role().is_some()
    }

    /// The place of the role among [`ROLES`].
    pub(super) fn place(self) -> usize {
        let place = ROLES.iter().position(|role| *role == self.role());
        place.expect("a place")
    }
}

/// The scopes that the column's token has where the row names these.
fn scopes(column: Column, named: &[Scope]) -> BTreeSet<Scope> {
    if column == Column::TokenWithout {
        let lacking = named.last();
        let scopes = SCOPES.into_iter();
        return scopes.filter(|scope| Some(scope) != lacking).collect();
    }
    let changes = named.contains(&Scope::Write) || named.contains(&Scope::Publish);
    let with_drafts = changes.then_some(Scope::Drafts);
    named.iter().copied().chain(with_drafts).collect()
}

/// The rights of an API token of this account.
pub(super) fn token_of(
    maker: &Principal,
    scopes: BTreeSet<Scope>,
    types: Option<BTreeSet<ContentType>>,
) -> Principal {
    let Principal::Account { id, role, .. } = maker else {
        panic!("{maker:?} makes no tokens");
    };
    Principal::ApiToken {
        id: kindling::id::new(),
        account: *id,
        role: *role,
        scopes,
        types,
        digest: kindling::id::new().to_string().into(),
    }
}

/// A preview link that shows this entry alone.
pub(super) fn preview_of(entry: EntryId) -> Principal {
    Principal::Preview {
        id: kindling::id::new(),
        entry,
        locale: None,
        shown: [entry.uuid].into_iter().collect(),
    }
}

impl Stock {
    /// Who tries the operation on an entry of this kind.
    pub(super) fn who(
        &self,
        column: Column,
        operation: &Operation<'_>,
        (kind, id): (Kind, EntryId),
    ) -> Principal {
        let rule: &Rule = operation.rule;
        let maker = &self.principals[column.place()];
        let named = rule.scopes.clone().unwrap_or_default();
        match column {
            Column::Preview if kind.is_own => preview_of(id),
            Column::Preview => preview_of(self.elsewhere),
            Column::TokenWith | Column::TokenWithout => {
                token_of(maker, scopes(column, &named), None)
            }
            Column::TokenOfAnotherType => {
                let others = ContentType::iter().filter(|of| *of != operation.content_type());
                token_of(maker, scopes(column, &named), Some(others.collect()))
            }
            Column::Anonymous | Column::Account(_) => maker.clone(),
        }
    }

    /// An entry of the kind, as it is for the column.
    pub(super) async fn entry_for(
        &mut self,
        of: ContentType,
        column: Column,
        kind: Kind,
    ) -> EntryId {
        // A preview link is made for an entry of somebody.
        let is_own = kind.is_own && column != Column::Preview;
        self.entry(of, column.place(), Kind { is_own, ..kind })
            .await
    }
}
