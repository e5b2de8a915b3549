//! The plans of SQLite.

use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, Statement};
use tempfile::TempDir;

use super::{FEW, GROWING, MANY, MAY_WALK, PUBLIC, statements};

/// Makes copies of a milestone and of its reference.
async fn grow(connection: &DatabaseConnection) {
    let off = "PRAGMA foreign_keys = OFF";
    connection.execute_unprepared(off).await.expect("a setting");
    for table in ["entry", "revision", "milestone", "reference"] {
        let id = match table {
            "entry" => "id",
            "reference" => "owner_id",
            _ => "entry_id",
        };
        let rows = connection.query_all_raw(Statement::from_string(
            connection.get_database_backend(),
            format!("SELECT name FROM pragma_table_info('{table}')"),
        ));
        let columns = rows.await.expect("columns").into_iter();
        let columns = columns.map(|row| row.try_get_by_index::<String>(0).expect("a name"));
        let columns: Vec<String> = columns.collect();
        let values = columns.iter().map(|column| match column.as_str() {
            // Entries refer to different ones, as they do on a site.
            column if column == id || column == "target_id" => {
                "unhex(printf('%032x', n))".to_owned()
            }
            "key" => "'copy-' || n".to_owned(),
            column => format!("\"{column}\""),
        });
        let values: Vec<String> = values.collect();
        let copy = format!(
            "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {MANY})
            INSERT INTO {table} (\"{}\") SELECT {} FROM numbers, (
                SELECT * FROM {table} WHERE {id} = {PUBLIC} ORDER BY 1 LIMIT 1
            );",
            columns.join("\", \""),
            values.join(", "),
        );
        let copied = connection.execute_unprepared(&copy).await.expect("copies");
        assert_eq!(copied.rows_affected(), u64::from(MANY), "{table}");
    }
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

#[tokio::test]
async fn what_is_read_is_found_by_indexes_whatever_the_statistics_say() {
    let folder = TempDir::new().expect("a folder");
    let statements = statements(&folder, &[]).await;
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
