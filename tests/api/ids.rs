//! Ids name what is shown: the entry, and the view. A client that keeps objects by their ids mixes no two views.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::support::servers;

/// Two languages, drafts and the past, in one operation; each list under a name of its own.
const QUERY: &str = "query($es: [Locale!], $past: DateTime) {
    public: milestones(first: 3) { nodes { ...shown } }
    said: milestones(first: 3, view: {perspective: PUBLISHED, locales: [\"en-GB\", \"fr\"]}) { nodes { ...shown } }
    spanish: milestones(first: 3, view: {locales: $es}) { nodes { ...shown } }
    draft: milestones(first: 3, view: {perspective: DRAFT}) { nodes { ...shown } }
    spanishDraft: milestones(first: 3, view: {perspective: DRAFT, locales: $es}) { nodes { ...shown } }
    then: milestones(first: 3, view: {asOf: $past}) { nodes { ...shown } }
}
fragment shown on Milestone { __typename id entryId title locale revision image { __typename id alternativeText } }";

/// All objects with ids, as a normalising cache keeps them; fails where one id stands for two things.
fn kept(value: &Value, objects: &mut HashMap<String, Value>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| kept(item, objects)),
        Value::Object(fields) => {
            if let (Some(name), Some(id)) = (fields.get("__typename"), fields.get("id")) {
                let before = objects.insert(format!("{name}:{id}"), value.clone());
                assert!(
                    before.is_none_or(|before| before == *value),
                    "{id} is two things"
                );
            }
            fields.values().for_each(|field| kept(field, objects));
        }
        _ => {}
    }
}

#[tokio::test]
async fn no_two_things_that_views_show_have_one_id() {
    for (mut server, _folder, _database) in servers().await {
        let token = server.sign_in("editor").await;
        let variables = json!({"es": ["es-MX"], "past": "2026-11-01T00:00:00Z"});
        let found = server
            .query_as(&token, QUERY, variables.clone())
            .await
            .sent();
        let entry = &found["data"]["draft"]["nodes"][0];
        let update = "mutation($i: UpdateMilestoneInput!) { updateMilestone(input: $i) { milestone { __typename id entryId title } userErrors { message } } }";
        // Both ids are taken.
        let input = json!({"i": {"id": entry["id"], "expectedRevision": 1, "content": {"title": "Only a draft"}}});
        let saved = server.query_as(&token, update, input).await.sent();
        let saved = &saved["data"]["updateMilestone"]["milestone"];
        assert_eq!(
            (&saved["id"], &saved["entryId"], &saved["title"]),
            (&entry["id"], &entry["entryId"], &json!("Only a draft")),
            "what is on the screen is updated"
        );
        let shown = server.query_as(&token, QUERY, variables).await.sent();
        kept(&shown["data"], &mut HashMap::new());
        let id = |list: &str| {
            shown["data"][list]["nodes"][0]["id"]
                .as_str()
                .expect("an id")
                .to_owned()
        };
        let entry_id = shown["data"]["public"]["nodes"][0]["entryId"]
            .as_str()
            .expect("an id");
        assert_eq!(
            (id("public").as_str(), id("said").as_str()),
            (entry_id, entry_id)
        );
        assert_eq!(id("spanish"), format!("{entry_id}~es"));
        assert_eq!(id("draft"), format!("{entry_id}~draft"));
        assert_eq!(id("spanishDraft"), format!("{entry_id}~draft~es"));
        // Each id finds what it names.
        for list in ["public", "spanish", "draft", "spanishDraft"] {
            let node = "query($id: ID!) { node(id: $id) { id ... on Milestone { title locale } } }";
            let node = server
                .query_as(&token, node, json!({"id": id(list)}))
                .await
                .sent();
            let known = &shown["data"][list]["nodes"][0];
            let expected =
                json!({"id": known["id"], "title": known["title"], "locale": known["locale"]});
            assert_eq!(node["data"]["node"], expected, "{list}");
            let by = "query($id: ID!) { milestone(by: {id: $id}) { id } usedBy(id: $id) { totalCount } history(id: $id) { totalCount } }";
            let by = server
                .query_as(&token, by, json!({"id": id(list)}))
                .await
                .sent();
            assert_eq!(
                by["data"]["milestone"]["id"], entry_id,
                "the view is that of the field"
            );
            assert!(by["errors"].is_null(), "{by}");
        }
        // Whoever may not look at a view does not do so by an id.
        let node = format!("{{ node(id: \"{}\") {{ id }} }}", id("draft"));
        assert_eq!(server.query(&node).await.code(), "UNAUTHENTICATED");
        for wrong in ["~", "~nonsense view", "~draft~", "~2026", "~es..en"] {
            let node = format!("{{ node(id: \"{entry_id}{wrong}\") {{ id }} }}");
            assert_eq!(server.query(&node).await.code(), "BAD_INPUT", "{wrong}");
        }
    }
}
