//! Finds a PostgreSQL for the tests, and gives each test a database of its own.
//!
//! Looked for in this order: the URL in `KINDLING_TEST_POSTGRES`; a server on this machine that lets us in without a
//! password; a throw-away cluster, if PostgreSQL is installed. With none of them the PostgreSQL half of the tests does
//! not run, which is said loudly, and is a failure under `CI` or with `KINDLING_TEST_POSTGRES=required`.

use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, DbErr, Statement,
};
use tokio::sync::OnceCell;

use super::postgres_cluster::{self, Cluster};

const SETTING: &str = "KINDLING_TEST_POSTGRES";
const REQUIRED: &str = "required";
/// Followed by the id of the process that made the database, and a number.
const PREFIX: &str = "kindling_test_";
const SOCKET_FOLDERS: [&str; 2] = ["/var/run/postgresql", "/tmp"];
const MAY_CREATE_DATABASES: &str = "DO $$ BEGIN
    IF NOT (SELECT rolsuper OR rolcreatedb FROM pg_roles WHERE rolname = current_user)
    THEN RAISE 'the role may not create databases'; END IF;
END $$";

/// A PostgreSQL in which tests may create databases.
pub(crate) struct Server {
    /// The database from which others are created and dropped.
    admin_url: String,
    /// Held, because the cluster ends when it is let go.
    _cluster: Option<Cluster>,
}

/// A database of one test, dropped with this value, whoever is still connected to it.
pub(crate) struct TestDatabase {
    name: String,
    admin_url: String,
}

/// Gives this process's server, found or started at the first call; `None` if there is none and none is required.
pub(crate) async fn server() -> Option<&'static Server> {
    static SERVER: OnceCell<Option<Server>> = OnceCell::const_new();
    SERVER.get_or_init(find_or_start).await.as_ref()
}

impl Server {
    /// Creates an empty database, or a copy of `template`, to which nobody may be connected.
    pub(crate) async fn create_database(&self, template: Option<&TestDatabase>) -> TestDatabase {
        static NUMBER: AtomicU32 = AtomicU32::new(1);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("{PREFIX}{}_{number}", std::process::id());
        // Not `template1`, which is not empty everywhere, and which others may be connected to.
        let template = template.map_or("template0", |template| &template.name);
        let sql = format!("CREATE DATABASE {name} TEMPLATE {template}");
        if let Err(error) = execute(&self.admin_url, &sql).await {
            panic!("{sql}: {error}");
        }
        TestDatabase {
            name,
            admin_url: self.admin_url.clone(),
        }
    }

    async fn at(admin_url: String, cluster: Option<Cluster>) -> Result<Self, DbErr> {
        execute(&admin_url, MAY_CREATE_DATABASES).await?;
        Ok(Self {
            admin_url,
            _cluster: cluster,
        })
    }

    /// Drops what runs before this one left behind when they were killed.
    async fn drop_leftovers(&self) -> Result<(), DbErr> {
        if !is_on_this_machine(&self.admin_url) {
            // Whether the process that made a database still lives can only be seen on its own machine.
            return Ok(());
        }
        let connection = connect(&self.admin_url).await?;
        let sql = format!("SELECT datname FROM pg_database WHERE datname LIKE '{PREFIX}%'");
        let rows = connection
            .query_all_raw(Statement::from_string(DbBackend::Postgres, sql))
            .await?;
        for row in rows {
            let name: String = row.try_get("", "datname")?;
            if is_leftover(&name) {
                // Another process may be dropping it too, or somebody may be looking into it: then it may stay.
                let _ = connection
                    .execute_unprepared(&format!("DROP DATABASE IF EXISTS {name}"))
                    .await;
            }
        }
        connection.close().await
    }
}

impl TestDatabase {
    pub(crate) fn url(&self) -> String {
        with_database(&self.admin_url, &self.name)
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let (url, sql) = (
            self.admin_url.clone(),
            format!("DROP DATABASE {} WITH (FORCE)", self.name),
        );
        // A thread of its own, since the test's runtime cannot be waited for from within.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime
                .map_err(|error| error.to_string())?
                .block_on(execute(&url, &sql))
                .map_err(|error| error.to_string())
        });
        match dropped.join() {
            Ok(Ok(())) => {}
            Ok(Err(error)) => say(&format!("{} stays behind: {error}", self.name)),
            Err(_) => say(&format!(
                "{} stays behind: its dropping panicked",
                self.name
            )),
        }
    }
}

async fn find_or_start() -> Option<Server> {
    let setting = environment(SETTING).filter(|setting| setting != REQUIRED);
    let found = match setting {
        Some(url) => match Server::at(url, None).await {
            Ok(server) => Ok(server),
            Err(error) => panic!("the PostgreSQL of {SETTING} cannot be used: {error}"),
        },
        None => match on_this_machine().await {
            Some(server) => Ok(server),
            None => start().await,
        },
    };
    match found {
        Ok(server) => {
            if let Err(error) = server.drop_leftovers().await {
                say(&format!("databases of earlier runs stay behind: {error}"));
            }
            Some(server)
        }
        Err(reason) => {
            go_without(&reason);
            None
        }
    }
}

async fn on_this_machine() -> Option<Server> {
    let users = [
        "postgres".to_owned(),
        postgres_cluster::id(&["-un"]).unwrap_or_default(),
    ];
    for user in users.iter().filter(|user| !user.is_empty()) {
        for url in urls_that_listen(user) {
            if let Ok(server) = Server::at(url, None).await {
                return Some(server);
            }
        }
    }
    None
}

/// Looks before it connects: a pool would go on trying for seconds where nobody listens.
fn urls_that_listen(user: &str) -> Vec<String> {
    let loopback = SocketAddr::from(([127, 0, 0, 1], 5432));
    let mut urls = Vec::new();
    if TcpStream::connect_timeout(&loopback, Duration::from_millis(500)).is_ok() {
        urls.push(format!("postgres://{user}@{loopback}/postgres"));
    }
    let sockets = SOCKET_FOLDERS
        .iter()
        .filter(|folder| Path::new(folder).join(".s.PGSQL.5432").exists());
    urls.extend(
        sockets.map(|folder| format!("postgres://{user}@localhost/postgres?host={folder}")),
    );
    urls
}

async fn start() -> Result<Server, String> {
    let cluster = Cluster::start()?;
    let deadline = std::time::Instant::now() + Duration::from_secs(30);
    let url = cluster.url();
    while let Err(error) = execute(&url, "SELECT 1").await {
        if std::time::Instant::now() > deadline {
            return Err(format!(
                "the cluster does not answer: {error}\n{}",
                cluster.log()
            ));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Server::at(url, Some(cluster))
        .await
        .map_err(|error| error.to_string())
}

fn go_without(reason: &str) {
    let notice = format!(
        "no PostgreSQL to test with: {reason}\nSet {SETTING} to a URL, or install PostgreSQL."
    );
    let in_ci = environment("CI").is_some_and(|value| value != "false");
    assert!(!in_ci && environment(SETTING).is_none(), "{notice}");
    let line = "!".repeat(100);
    say(&format!(
        "{line}\nThe PostgreSQL half of the tests did NOT run: {notice}\n{line}"
    ));
}

/// Not `eprintln!`, which the test harness keeps to itself unless a test fails.
pub(super) fn say(text: &str) {
    // Without an error stream there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "\n{text}");
}

#[expect(
    clippy::disallowed_methods,
    reason = "the tests' own settings are none of the server's"
)]
pub(super) fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

async fn execute(url: &str, sql: &str) -> Result<(), DbErr> {
    let connection = connect(url).await?;
    let result = connection.execute_unprepared(sql).await;
    connection.close().await?;
    result.map(|_| ())
}

/// Not kept: each test has a runtime of its own, and a connection does not outlive the runtime that it was made in.
async fn connect(url: &str) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(1)
        .acquire_timeout(Duration::from_secs(10))
        .sqlx_logging(false);
    Database::connect(options).await
}

fn with_database(url: &str, name: &str) -> String {
    let (address, query) = url.split_at(url.find('?').unwrap_or(url.len()));
    let host = address.find("://").map_or(0, |at| at + "://".len());
    let path = address[host..]
        .find('/')
        .map_or(address.len(), |at| host + at);
    format!("{}/{name}{query}", &address[..path])
}

fn is_on_this_machine(url: &str) -> bool {
    let host = url
        .split("://")
        .nth(1)
        .and_then(|rest| rest.split(['/', '?']).next())
        .unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or_default();
    ["localhost", "127.0.0.1", "[::1]"].iter().any(|local| {
        host.strip_prefix(local)
            .is_some_and(|port| port.is_empty() || port.starts_with(':'))
    })
}

fn is_leftover(database: &str) -> bool {
    let process = database
        .strip_prefix(PREFIX)
        .and_then(|rest| rest.split('_').next());
    // This process has made none yet: what bears its number was made by a predecessor.
    process
        .and_then(|id| id.parse().ok())
        .is_some_and(|id| id == std::process::id() || !is_alive(id))
}

pub(super) fn is_alive(process: u32) -> bool {
    if Path::new("/proc/self").exists() {
        return Path::new(&format!("/proc/{process}")).exists();
    }
    let shown = Command::new("ps")
        .args(["-p", &process.to_string()])
        .output();
    // Whoever cannot be asked about is taken to be alive.
    shown.map_or(true, |output| output.status.success())
}
