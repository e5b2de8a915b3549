//! `PgBouncer` before PostgreSQL: it refuses settings of sessions, or ignores them.

use std::{
    net::TcpListener,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use kindling::database::Database;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};
use url::Url;

use super::behind;
use crate::support::{
    postgres::{self, TestDatabase},
    server::{Server, run},
    tools,
};

/// Ends with the test.
struct Pooler {
    process: Child,
    port: u16,
    _folder: TempDir,
}

impl Drop for Pooler {
    fn drop(&mut self) {
        // One that has ended needs no end.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Starts `PgBouncer` with these settings before the server of the database.
async fn start(program: &Path, database: &TestDatabase, settings: &str) -> Pooler {
    let url = Url::parse(&database.url()).expect("a URL");
    let folder = TempDir::new().expect("a folder");
    let readable = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(folder.path(), readable).expect("a folder for all");
    let probe = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = probe.local_addr().expect("an address").port();
    drop(probe);
    let file = folder.path().join("pgbouncer.ini");
    let password = url
        .password()
        .map(|password| format!(" password={password}"));
    let lines = format!(
        "[databases]\n* = host={} port={} user={}{}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nauth_type = any\nunix_socket_dir =\n{settings}\n",
        url.host_str().expect("a host"),
        url.port().unwrap_or(5432),
        url.username(),
        password.unwrap_or_default(),
    );
    std::fs::write(&file, lines).expect("settings");
    // It refuses to run as root.
    let is_root = std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
    let mut command = if is_root {
        let mut command = Command::new("setpriv");
        command
            .args(["--reuid", "nobody", "--clear-groups"])
            .arg(program);
        command
    } else {
        Command::new(program)
    };
    let process = command
        .arg(&file)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let pooler = Pooler {
        process: process.expect("PgBouncer, which the tests need"),
        port,
        _folder: folder,
    };
    let begun = Instant::now();
    while tokio::net::TcpStream::connect(("127.0.0.1", port))
        .await
        .is_err()
    {
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "PgBouncer does not listen"
        );
        sleep(Duration::from_millis(20)).await;
    }
    pooler
}

const REFUSES: &str = "pool_mode = session";
const IGNORES: &str = "pool_mode = session\nignore_startup_parameters = options,extra_float_digits";

async fn setting(connection: &impl ConnectionTrait, name: &str) -> String {
    let show = Statement::from_string(DbBackend::Postgres, format!("SHOW {name}"));
    let row = connection
        .query_one_raw(show)
        .await
        .expect("an answer")
        .expect("a row");
    row.try_get_by_index(0).expect("a text")
}

#[tokio::test]
async fn transactions_are_kept_apart_behind_a_pooler_as_without_one() {
    let (Some(server), Some(program)) = (postgres::server().await, tools::pgbouncer()) else {
        return;
    };
    let database = server.create_database(None).await;
    for settings in ["", REFUSES, IGNORES] {
        let pooler = match settings {
            "" => None,
            settings => Some(start(&program, &database, settings).await),
        };
        let url = pooler.as_ref().map_or_else(
            || database.url(),
            |pooler| behind(&database, "127.0.0.1", pooler.port, ""),
        );
        let database = Database::connect(&url, 2).await.expect("a connection");
        let snapshot = database.snapshot();
        let reading = snapshot.transaction().await.expect("a transaction");
        let writing = database.begin().await.expect("a transaction");
        for (transaction, isolation, read_only) in [
            (&reading, "repeatable read", "on"),
            (&writing, "read committed", "off"),
        ] {
            assert_eq!(
                setting(&**transaction, "transaction_isolation").await,
                isolation,
                "{settings:?}"
            );
            assert_eq!(
                setting(&**transaction, "transaction_read_only").await,
                read_only,
                "{settings:?}"
            );
        }
        drop((reading, writing));
        snapshot.close().await;
        database.close().await;
    }
}

#[tokio::test]
async fn a_site_works_behind_a_pooler() {
    let (Some(server), Some(program)) = (postgres::server().await, tools::pgbouncer()) else {
        return;
    };
    let database = server.create_database(None).await;
    let pooler = start(&program, &database, REFUSES).await;
    works_behind(&database, &pooler).await;
}

/// The version of `PgBouncer`, such as `[1, 18]`.
fn version(program: &Path) -> Vec<u32> {
    let output = Command::new(program).arg("--version").output();
    let output = output.expect("PgBouncer");
    let text = String::from_utf8(output.stdout).expect("a text");
    let number = text.split_whitespace().nth(1).expect("a version");
    number
        .split('.')
        .map_while(|part| part.parse().ok())
        .collect()
}

#[tokio::test]
async fn transaction_mode_works_with_prepared_statements_and_is_refused_without() {
    let (Some(server), Some(program)) = (postgres::server().await, tools::pgbouncer()) else {
        return;
    };
    let database = server.create_database(None).await;
    let keeps_statements = version(&program) >= vec![1, 21];
    let never = if keeps_statements {
        "max_prepared_statements = 0"
    } else {
        ""
    };
    for forgets in [IGNORES, REFUSES] {
        let settings = format!("{}\n{never}", forgets.replace("session", "transaction"));
        let pooler = start(&program, &database, &settings).await;
        let folder = TempDir::new().expect("a folder");
        // It does not help: the driver names its statements all the same.
        for query in ["", "statement-cache-capacity=0"] {
            let url = behind(&database, "127.0.0.1", pooler.port, query);
            let refused = run(folder.path(), &["migrate", "--database-url", &url]);
            let said = String::from_utf8_lossy(&refused.stderr);
            assert!(!refused.status.success(), "{said}");
            assert!(said.contains("max_prepared_statements"), "{said}");
        }
    }
    if keeps_statements {
        let settings = "pool_mode = transaction\nmax_prepared_statements = 200";
        let pooler = start(&program, &database, settings).await;
        works_behind(&database, &pooler).await;
    }
}

/// Edits and publishes behind the pooler.
async fn works_behind(database: &TestDatabase, pooler: &Pooler) {
    let folder = TempDir::new().expect("a folder");
    let url = behind(database, "127.0.0.1", pooler.port, "");
    let mut server = Server::start(folder.path(), &["--database-url", &url]);
    let token = server.sign_in("editor").await;
    let create = "mutation { createValue(input: {key: \"pooled\", content: {title: \"Pooled\"}}) { value { id } } }";
    let created = server.query_as(&token, create, Value::Null).await.json();
    let id = &created["data"]["createValue"]["value"]["id"];
    let publish = "mutation($id: ID!) { publishEntries(input: {entries: [{id: $id}]}) { userErrors { message } } }";
    let published = server
        .query_as(&token, publish, json!({ "id": id }))
        .await
        .json();
    assert_eq!(
        published["data"]["publishEntries"]["userErrors"],
        json!([]),
        "{published}"
    );
    let shown = server
        .query("{ value(by: {key: \"pooled\"}) { title } }")
        .await
        .json();
    assert_eq!(shown["data"]["value"]["title"], "Pooled", "{shown}");
}
