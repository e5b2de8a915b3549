//! Readers who may read no draft at all, whatever else they hold.

use std::collections::BTreeSet;

use kindling::{
    auth::{Principal, Role},
    content::{
        lifecycle::{Step, Target},
        types::Value,
    },
};

use sea_orm::prelude::Uuid;

use crate::support::{TestApp, content};

/// Somebody who is not signed in, most often; an admin's API token without scopes, and a preview link of an entry that is
/// archived.
pub(super) async fn readers(app: &TestApp) -> [Principal; 4] {
    // It may ask for its own id, which must be the same in all worlds.
    let token = Principal::ApiToken {
        id: Uuid::from_u128(1),
        account: Uuid::from_u128(2),
        role: Role::Admin,
        scopes: BTreeSet::new(),
        types: None,
        digest: "a digest".into(),
    };
    let entry = app
        .draft::<Value>("archived", content::value("Archived"))
        .await;
    let target = Target {
        id: entry,
        expected: None,
    };
    let mut change = app.change_by(&Principal::System).await;
    let archived = change.apply(&[target], Step::Archive).await;
    archived.expect("archived");
    change.seal().await.expect("a commit");
    let preview = Principal::Preview {
        id: kindling::id::new(),
        entry,
        locale: None,
        shown: [entry.uuid].into_iter().collect(),
    };
    [Principal::Anonymous, Principal::Anonymous, token, preview]
}
