//! How SQLite finds what lists and entries are read from: by indexes, whatever its statistics say. A site has no statistics, or those of
//! another day.

use std::collections::BTreeSet;

use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, Statement};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::server::Server;

/// Entries of the type that is looked at, and of no other.
const MANY: &str = "20000";
/// Takes the copies away.
const FEW: &str =
    "DELETE FROM milestone WHERE entry_id IN (SELECT id FROM entry WHERE \"key\" LIKE 'copy-%');
    DELETE FROM entry WHERE \"key\" LIKE 'copy-%';";
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
async fn statements(folder: &TempDir) -> BTreeSet<String> {
    let mut server = Server::start(folder.path(), &["--log-level", "info,kindling::sql=trace"]);
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

/// Makes copies of a milestone that is public.
async fn grow(connection: &DatabaseConnection) {
    let mut copies = "PRAGMA foreign_keys = OFF;".to_owned();
    for table in ["entry", "milestone"] {
        let id = if table == "entry" { "id" } else { "entry_id" };
        let rows = connection.query_all_raw(Statement::from_string(
            connection.get_database_backend(),
            format!("SELECT name FROM pragma_table_info('{table}')"),
        ));
        let columns = rows.await.expect("columns").into_iter();
        let columns = columns.map(|row| row.try_get_by_index::<String>(0).expect("a name"));
        let columns: Vec<String> = columns.collect();
        let values = columns.iter().map(|column| match column.as_str() {
            column if column == id => "unhex(printf('%032x', n))".to_owned(),
            "key" => "'copy-' || n".to_owned(),
            column => format!("\"{column}\""),
        });
        let values: Vec<String> = values.collect();
        let copy = format!(
            "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {MANY})
            INSERT INTO {table} (\"{}\") SELECT {} FROM numbers, (
                SELECT * FROM {table} WHERE {id} = (SELECT entry_id FROM milestone WHERE published AND latest ORDER BY entry_id DESC LIMIT 1)
                ORDER BY 1 LIMIT 1
            );",
            columns.join("\", \""),
            values.join(", "),
        );
        copies.push_str(&copy);
    }
    connection
        .execute_unprepared(&copies)
        .await
        .expect("copies");
}

/// What is slow in the way in which SQLite would answer a statement: a walk through all of a table, or sorting all that it finds.
async fn slow(connection: &DatabaseConnection, statement: &str) -> Vec<String> {
    let explain = format!("EXPLAIN QUERY PLAN {statement}");
    let explain = Statement::from_string(connection.get_database_backend(), explain);
    let rows = connection.query_all_raw(explain).await.expect("a plan");
    let details = rows
        .into_iter()
        .map(|row| row.try_get::<String>("", "detail").expect("a step"));
    // An address leads to the few entries that have it.
    let is_named = statement.contains("\"slug\" = ?");
    let is_limited = statement.contains("LIMIT");
    let is_slow = |step: &String| {
        let table = step
            .strip_prefix("SCAN ")
            .and_then(|rest| rest.split(' ').next());
        let walks = table.is_some_and(|table| GROWING.contains(&table));
        // In the order of an index, a walk ends with the page.
        let is_page = is_limited && step.contains("USING") && step.contains("INDEX");
        let sorts = step == "USE TEMP B-TREE FOR ORDER BY" && !is_named;
        sorts || (walks && !is_page)
    };
    details.filter(is_slow).collect()
}

/// Statements that may walk a table: a start compares all content with the locales in the settings, once, and nobody waits for that.
const MAY_WALK: [&str; 1] = ["json_each"];

#[tokio::test]
async fn what_is_read_is_found_by_indexes_whatever_the_statistics_say() {
    let folder = TempDir::new().expect("a folder");
    let statements = statements(&folder).await;
    let url = format!("sqlite://{}/data/kindling.db", folder.path().display());
    let mut options = ConnectOptions::new(url);
    // Statistics are read by a connection when they change.
    options.max_connections(1);
    let connection = Database::connect(options).await.expect("a connection");
    let run = async |change: &str| {
        let done = connection.execute_unprepared(change).await;
        done.expect("a change");
    };
    let mut wrong = Vec::new();
    for statistics in ["none", "its own", "those of a small site"] {
        match statistics {
            "none" => grow(&connection).await,
            "its own" => run("ANALYZE").await,
            _ => {
                run(FEW).await;
                run("ANALYZE").await;
                grow(&connection).await;
            }
        }
        let looked_at = statements
            .iter()
            .filter(|statement| !MAY_WALK.iter().any(|part| statement.contains(part)));
        for statement in looked_at {
            let steps = slow(&connection, statement).await;
            if !steps.is_empty() {
                wrong.push(format!("{statistics}: {statement}\n  {steps:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}
