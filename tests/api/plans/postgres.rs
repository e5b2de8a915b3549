//! The plans of PostgreSQL, as they are for whatever parameters.

use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement,
};
use serde_json::Value;
use tempfile::TempDir;

use super::{MANY, MAY_WALK, PUBLIC, statements};
use crate::support::postgres;

/// Makes copies of a milestone and of its reference.
async fn grow(connection: &DatabaseConnection) {
    for table in ["entry", "revision", "milestone", "reference"] {
        let id = match table {
            "entry" => "id",
            "reference" => "owner_id",
            _ => "entry_id",
        };
        let names = format!(
            "SELECT attname FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
        );
        let rows = connection.query_all_raw(Statement::from_string(DbBackend::Postgres, names));
        let rows = rows.await.expect("columns").into_iter();
        let columns: Vec<String> = rows
            .map(|row| row.try_get_by_index(0).expect("a name"))
            .collect();
        let values: Vec<String> = columns
            .iter()
            .map(|column| match column.as_str() {
                // Entries refer to different ones, as they do on a site.
                column if column == id || column == "target_id" => {
                    "lpad(to_hex(n), 32, '0')::uuid".to_owned()
                }
                "key" => "'copy-' || n".to_owned(),
                column => format!("original.\"{column}\""),
            })
            .collect();
        let copy = format!(
            "INSERT INTO {table} (\"{}\") SELECT {} FROM generate_series(1, {MANY}) AS n, (
                SELECT * FROM {table} WHERE {id} = {PUBLIC} ORDER BY 1 LIMIT 1
            ) AS original",
            columns.join("\", \""),
            values.join(", "),
        );
        let copied = connection.execute_unprepared(&copy).await.expect("copies");
        assert_eq!(copied.rows_affected(), u64::from(MANY), "{table}");
    }
}

/// The plan of a statement, for whatever parameters.
async fn plan(connection: &DatabaseConnection, statement: &str) -> Value {
    let run = async |sql: &str| connection.execute_unprepared(sql).await;
    run(&format!("PREPARE explained AS {statement}"))
        .await
        .expect("a statement");
    let parameters = (1..=1_000)
        .take_while(|number| statement.contains(&format!("${number}")))
        .count();
    let nulls = vec!["NULL"; parameters].join(", ");
    let execute = if nulls.is_empty() {
        "EXECUTE explained".to_owned()
    } else {
        format!("EXECUTE explained ({nulls})")
    };
    let explain = format!("EXPLAIN (FORMAT JSON) {execute}");
    let explain = Statement::from_string(DbBackend::Postgres, explain);
    let row = connection.query_one_raw(explain).await.expect("a plan");
    run("DEALLOCATE explained").await.expect("an end");
    let plan: Value = row.expect("a row").try_get_by_index(0).expect("a plan");
    plan[0]["Plan"].clone()
}

/// Parts of statements that lead to few rows, which may be sorted: what has a key, an address or one of some ids.
const OF_FEW: [&str; 3] = ["\"key\" = $", "\"slug\" = $", "\"entry\".\"id\" = $"];
/// Tables that grow with the site, and did so here.
const GROWN: [&str; 4] = ["entry", "milestone", "revision", "reference"];

/// What is slow in a plan: a walk through all of a table that has grown, or sorting many rows.
fn slow(step: &Value, is_of_few: bool, found: &mut Vec<String>) {
    let kind = step["Node Type"].as_str().unwrap_or_default();
    let relation = step["Relation Name"].as_str().unwrap_or_default();
    if kind == "Seq Scan" && GROWN.contains(&relation) {
        found.push(format!("walks {relation}"));
    }
    if kind.contains("Sort") && !is_of_few {
        found.push(format!("sorts by {}", step["Sort Key"]));
    }
    for below in step["Plans"].as_array().into_iter().flatten() {
        slow(below, is_of_few, found);
    }
}

#[tokio::test]
async fn what_is_read_is_found_by_indexes_whatever_the_parameters_are() {
    let Some(server) = postgres::server().await else {
        return;
    };
    let database = server.create_database(None).await;
    let folder = TempDir::new().expect("a folder");
    let statements = statements(&folder, &["--database-url", &database.url()]).await;
    let mut options = ConnectOptions::new(database.url());
    options.max_connections(1);
    let connection = Database::connect(options).await.expect("a connection");
    let run = async |change: &str| {
        let done = connection.execute_unprepared(change).await;
        done.expect("a change");
    };
    run("SET plan_cache_mode = force_generic_plan").await;
    grow(&connection).await;
    // PostgreSQL does so by itself, a minute after a table has grown (autovacuum).
    run("ANALYZE").await;
    let mut wrong = Vec::new();
    let looked_at = statements
        .iter()
        .filter(|statement| !MAY_WALK.iter().any(|part| statement.contains(part)));
    for statement in looked_at {
        let mut steps = Vec::new();
        let is_of_few = OF_FEW.iter().any(|part| statement.contains(part));
        slow(&plan(&connection, statement).await, is_of_few, &mut steps);
        if !steps.is_empty() {
            wrong.push(format!("{statement}\n  {steps:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}
