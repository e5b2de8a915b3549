//! Readers who may read no draft at all, whatever else they hold.

use std::{collections::BTreeSet, sync::Arc};

use entity::entry::ContentType;
use kindling::auth::{Principal, Role};

/// Somebody who is not signed in, most often; an admin's API token without scopes, and a preview link of an entry that is gone.
pub(super) fn readers() -> [Principal; 4] {
    let token = Principal::ApiToken {
        id: kindling::id::new(),
        account: kindling::id::new(),
        role: Role::Admin,
        scopes: BTreeSet::new(),
        types: None,
    };
    let entry = kindling::id::entry(ContentType::Page);
    let preview = Principal::Preview {
        id: kindling::id::new(),
        entry,
        locale: None,
        shown: Arc::new(BTreeSet::from([entry.uuid])),
    };
    [Principal::Anonymous, Principal::Anonymous, token, preview]
}
