//! How the engines find what lists and entries are read from: by indexes, whatever their statistics say. A site has no statistics, or
//! those of another day.

mod postgres;
mod sqlite;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::server::Server;

/// Entries of the type that is looked at, and of no other.
const MANY: u32 = 20_000;
/// Takes the copies away.
const FEW: &str =
    "DELETE FROM reference WHERE owner_id IN (SELECT id FROM entry WHERE \"key\" LIKE 'copy-%');
    DELETE FROM milestone WHERE entry_id IN (SELECT id FROM entry WHERE \"key\" LIKE 'copy-%');
    DELETE FROM revision WHERE entry_id IN (SELECT id FROM entry WHERE \"key\" LIKE 'copy-%');
    DELETE FROM entry WHERE \"key\" LIKE 'copy-%';";
/// The entry that is copied: a milestone that is public and has a picture.
const PUBLIC: &str = "(SELECT entry_id FROM milestone WHERE published AND latest AND image IS NOT NULL ORDER BY entry_id DESC LIMIT 1)";
/// Tables that grow with the site.
const GROWING: [&str; 5] = ["entry", "milestone", "revision", "publication", "reference"];
const VIEWS: [&str; 2] = ["PUBLISHED", "DRAFT"];
const ORDERS: [&str; 6] = [
    "KEY",
    "CREATED_AT",
    "UPDATED_AT",
    "POSITION",
    "DATE",
    "END_DATE",
];

/// The statements that the server has sent, without those that count: they walk all that they count, in an index.
async fn statements(folder: &TempDir, settings: &[&str]) -> BTreeSet<String> {
    let settings = [&["--log-level", "info,kindling::sql=trace"], settings].concat();
    let mut server = Server::start(folder.path(), &settings);
    let token = server.sign_in("editor").await;
    let ask = async |query: String, variables: Value| {
        let answer = server.query_as(&token, &query, variables).await.json();
        assert!(answer["errors"].is_null(), "{query}: {answer}");
        answer["data"].clone()
    };
    let some = ask(
        "{ milestones(first: 3) { nodes { id key } } }".to_owned(),
        json!({}),
    )
    .await;
    let nodes = &some["milestones"]["nodes"];
    let ids: Vec<&Value> = nodes
        .as_array()
        .expect("nodes")
        .iter()
        .map(|node| &node["id"])
        .collect();
    for view in VIEWS {
        let view = format!("view: {{perspective: {view}}}");
        for order in ORDERS {
            for direction in ["ASC", "DESC"] {
                let order =
                    format!("orderBy: [{{field: {order}, direction: {direction}}}], {view}");
                let query = format!(
                    "{{ milestones(first: 2, {order}) {{ pageInfo {{ endCursor }} nodes {{ title }} }} }}"
                );
                let first = ask(query, json!({})).await;
                let cursor = &first["milestones"]["pageInfo"]["endCursor"];
                for page in [
                    format!("first: 2, after: {cursor}"),
                    format!("last: 2, before: {cursor}"),
                    "last: 2".to_owned(),
                ] {
                    ask(
                        format!("{{ milestones({page}, {order}) {{ nodes {{ title }} }} }}"),
                        json!({}),
                    )
                    .await;
                }
            }
        }
        let query = format!(
            "query($id: ID!, $key: String!, $ids: [ID!]!) {{
                byId: milestone(by: {{id: $id}}, {view}) {{ title }} byKey: milestone(by: {{key: $key}}, {view}) {{ title }}
                page(by: {{slug: \"our-story\"}}, {view}) {{ title }} nodes(ids: $ids, {view}) {{ id }}
                milestones(where: {{id: {{in: $ids}}}}, {view}) {{ nodes {{ id }} }}
            }}"
        );
        let key = nodes[0]["key"].as_str().unwrap_or("none");
        ask(query, json!({"id": ids[0], "key": key, "ids": ids})).await;
    }
    let more = "query($id: ID!) {
        usedBy(id: $id, first: 2) { nodes { field } } history(id: $id, first: 2) { nodes { number } }
        entries(first: 2) { nodes { id } pageInfo { endCursor } }
    }";
    let first = ask(more.to_owned(), json!({"id": ids[0]})).await;
    let cursor = &first["entries"]["pageInfo"]["endCursor"];
    let page = format!("{{ entries(first: 2, after: {cursor}) {{ nodes {{ id }} }} }}");
    ask(page, json!({})).await;
    let log = server.log();
    let sent = log
        .iter()
        .filter_map(|line| line["fields"]["statement"].as_str());
    let sent: BTreeSet<String> = sent.map(ToOwned::to_owned).collect();
    assert!(sent.len() > 40, "{} statements", sent.len());
    server.terminate();
    server.ended();
    sent
}

/// Statements that may walk a table: all content is compared with the locales in the settings once at a start, for which nobody waits,
/// and where an editor asks for `formerLocales`, which costs as much as an operation may do a few times.
const MAY_WALK: [&str; 2] = ["json_each", "jsonb_each"];
