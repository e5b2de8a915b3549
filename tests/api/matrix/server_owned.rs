//! What the server decides cannot be sent: no input type takes it, wherever it is used.

use std::collections::BTreeSet;

use serde_json::json;

use super::inputs::{Maker, ways};
use crate::{
    database_state::all_rows,
    introspection::{Introspection, text},
    support::{editor, on_both_engines},
};

const SERVER_OWNED: [&str; 47] = [
    "id",
    "entryId",
    "entry_id",
    "revision",
    "latest",
    "published",
    "savedAt",
    "savedBy",
    "textRevisions",
    "createdBy",
    "created_by",
    "createdAt",
    "updatedAt",
    "publishedAt",
    "publishedRevision",
    "latestRevision",
    "archivedAt",
    "position",
    "type",
    "status",
    "storageKey",
    "storage_key",
    "sha256",
    "bytes",
    "mediaType",
    "width",
    "height",
    "role",
    "passwordHash",
    "password_hash",
    "sessionId",
    "accountId",
    "sequence",
    "actorId",
    "isOwn",
    "principal",
    "constructor",
    "toString",
    "__typename",
    "__proto__",
    "hash",
    "previousHash",
    "secret",
    "tokenId",
    "lastUsedAt",
    "revokedAt",
    "makerId",
];

on_both_engines! {
    async fn no_input_takes_what_the_server_decides(app: TestApp) {
        let api = Introspection::of(&app).await;
        let id = app.created(&editor(), "Value", json!({"title": "Courage"})).await;
        let maker = Maker { api: &api, item: id.clone(), id, revision: 1 };
        let before = all_rows(&app).await;
        let (mut tried, mut wrong) = (BTreeSet::new(), Vec::new());
        for way in ways(&api) {
            let type_name = &way.steps.last().expect("a step").leads_to;
            // Each type once is enough: what it declares does not depend on the way to it.
            if api.kind(type_name) != "INPUT_OBJECT" || !tried.insert(type_name.clone()) {
                continue;
            }
            let fields = api.members(type_name, "inputFields");
            let declared: Vec<&str> = fields.iter().map(|field| text(&field["name"])).collect();
            for name in SERVER_OWNED.iter().filter(|name| !declared.contains(name)) {
                let mut object = maker.object(type_name);
                object[*name] = json!("1");
                let (document, variables) = maker.request(&way, &object, "{ __typename }");
                let answer = app.query_as(editor(), &document, variables).await;
                if answer["errors"][0]["extensions"]["code"] != "BAD_INPUT" || !answer["data"].is_null() {
                    wrong.push(format!("{type_name}.{name} in {document}: {answer}"));
                }
            }
        }
        let types = api.types().filter(|(name, _)| api.kind(name) == "INPUT_OBJECT");
        let all: BTreeSet<String> = types.map(|(name, _)| name.to_owned()).collect();
        assert_eq!(tried, all, "every input type can be reached");
        assert!(wrong.is_empty(), "{} fields:\n{}", wrong.len(), wrong.join("\n"));
        assert_eq!(all_rows(&app).await, before);
    }
}
