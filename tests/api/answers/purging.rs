//! Shared caches: whatever changes in public, an event names a tag of each answer that is another one afterwards.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{server::Server, servers_with};

const QUERIES: [&str; 7] = [
    "{ milestones(first: 100) { nodes { id title } } }",
    "{ milestones(first: 2) { nodes { id } totalCount } }",
    "{ page(by: {slug: \"our-story\"}) { title sections { id items { ... on Milestone { id title } ... on Value { id title } } } } }",
    "{ values { nodes { title } } }",
    "{ page(by: {slug: \"our-story\"}) { contentUpdatedAt } }",
    "{ milestone(by: {key: \"fresh\"}) { title } }",
    "{ teamMembers { nodes { name } } }",
];

/// The body of each answer, with its tags.
async fn answers(server: &Server) -> Vec<(String, BTreeSet<String>)> {
    let mut answers = Vec::new();
    for query in QUERIES {
        let query: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
        let answer = server.get(&format!("/graphql?query={query}"), &[]).await;
        let tags = answer.header("cache-tag").split(',').map(str::to_owned);
        let tags: BTreeSet<String> = tags.collect();
        let keys: BTreeSet<String> = answer
            .header("surrogate-key")
            .split(' ')
            .map(str::to_owned)
            .collect();
        assert_eq!(tags, keys);
        answers.push((answer.text().to_owned(), tags));
    }
    answers
}

/// The tags of all events after this one, and the last event.
async fn told_after(server: &Server, admin: &str, last: i64) -> (BTreeSet<String>, i64) {
    let query =
        "{ events(first: 100) { nodes { sequence id action cacheTags purgeAgainAfterSeconds } } }";
    let answer = server.query_as(admin, query, Value::Null).await.json();
    let events = answer["data"]["events"]["nodes"]
        .as_array()
        .expect("events")
        .clone();
    let ids: BTreeSet<&str> = events
        .iter()
        .filter_map(|event| event["id"].as_str())
        .collect();
    assert_eq!(ids.len(), events.len(), "each event has an id of its own");
    for event in &events {
        // What was on its way to a cache is thrown away by a second purge.
        let again = event["purgeAgainAfterSeconds"].as_i64();
        let has_tags = event["cacheTags"] != json!([]);
        assert_eq!(again, has_tags.then_some(10), "{event}");
    }
    let new = events
        .iter()
        .filter(|event| event["sequence"].as_i64() > Some(last));
    let tags = new.flat_map(|event| event["cacheTags"].as_array().expect("tags").clone());
    let tags = tags
        .map(|tag| tag.as_str().expect("a tag").to_owned())
        .collect();
    (tags, events[0]["sequence"].as_i64().expect("a number"))
}

#[tokio::test]
async fn events_tell_what_shared_caches_have_to_throw_away() {
    for (mut server, _folder, _database) in servers_with(&["--shared-max-age-seconds", "60"]).await
    {
        let (editor, admin) = (
            server.sign_in("editor").await,
            server.sign_in("admin").await,
        );
        let create = "mutation { createMilestone(input: {key: \"fresh\", content: {title: \"Fresh\", date: \"2024\"}}) { milestone { id } } }";
        let fresh = server.query_as(&editor, create, Value::Null).await.json();
        let fresh = fresh["data"]["createMilestone"]["milestone"]["id"].clone();
        let list =
            "{ milestones(first: 100) { nodes { id revision } } values { nodes { id revision } } }";
        let list = server.query(list).await.json();
        let id = |list_of: &str, at: usize| list["data"][list_of]["nodes"][at]["id"].clone();
        let revision = list["data"]["milestones"]["nodes"][0]["revision"].clone();
        let update = json!({"id": id("milestones", 0), "expectedRevision": revision, "content": {"title": "Changed"}});
        let entries = |id: Value| json!({"entries": [{"id": id}]});
        let steps = [
            ("updateMilestone", "UpdateMilestoneInput", update, false),
            (
                "publishEntries",
                "PublishEntriesInput",
                entries(id("milestones", 0)),
                true,
            ),
            (
                "publishEntries",
                "PublishEntriesInput",
                entries(fresh),
                true,
            ),
            (
                "moveEntry",
                "MoveEntryInput",
                json!({"id": id("milestones", 1), "before": id("milestones", 0)}),
                true,
            ),
            (
                "unpublishEntries",
                "RemoveEntriesInput",
                entries(id("values", 0)),
                true,
            ),
            (
                "publishEntries",
                "PublishEntriesInput",
                entries(id("values", 0)),
                true,
            ),
            (
                "archiveEntries",
                "RemoveEntriesInput",
                entries(id("values", 1)),
                true,
            ),
        ];
        let (_, mut since) = told_after(&server, &admin, 0).await;
        let mut before = answers(&server).await;
        for (mutation, input, value, shows) in steps {
            let query = format!(
                "mutation($input: {input}!) {{ {mutation}(input: $input) {{ userErrors {{ message }} }} }}"
            );
            let done = server
                .query_as(&editor, &query, json!({"input": value}))
                .await
                .json();
            assert_eq!(done["data"][mutation]["userErrors"], json!([]), "{done}");
            let after = answers(&server).await;
            let (told, now) = told_after(&server, &admin, since).await;
            let mut changed = 0;
            for (query, (old, new)) in QUERIES.iter().zip(before.iter().zip(&after)) {
                if old.0 != new.0 {
                    changed += 1;
                    assert!(
                        !old.1.is_disjoint(&told),
                        "{mutation}: {query}: {:?}, told {told:?}",
                        old.1
                    );
                }
            }
            assert_eq!(
                (changed > 0, !told.is_empty()),
                (shows, shows),
                "{mutation}: {told:?}"
            );
            (before, since) = (after, now);
        }
    }
}
