//! A site under test: its servers, its database, and somebody who may change everything.

use std::sync::Arc;

use sea_orm::{ConnectOptions, Database, DatabaseConnection};
use serde_json::json;
use tempfile::TempDir;

use crate::{
    client::{Account, Client, Request},
    support::{
        postgres::{self, TestDatabase},
        server::Server,
    },
};

/// Servers over one database, filled with the demo.
pub(crate) struct Site {
    pub(crate) servers: Vec<Server>,
    pub(crate) account: Arc<Account>,
    url: String,
    pub(crate) folder: TempDir,
    // Kept for as long as the site.
    _database: Option<TestDatabase>,
}

impl Site {
    /// One server on a SQLite file.
    pub(crate) fn on_sqlite() -> Self {
        let folder = TempDir::new().expect("a folder");
        Self::served_from(folder, |folder| Server::start(folder.path(), &[]))
    }

    /// One server on a SQLite file in the folder, started somehow.
    pub(crate) fn served_from(folder: TempDir, start: impl FnOnce(&TempDir) -> Server) -> Self {
        let server = start(&folder);
        let url = format!("sqlite://{}/data/kindling.db", folder.path().display());
        Self::over(folder, vec![server], url, None)
    }

    /// So many servers over one PostgreSQL database; none if there is no PostgreSQL, which has been said loudly.
    pub(crate) async fn on_postgres(count: usize) -> Option<Self> {
        let database = postgres::server().await?.create_database(None).await;
        let (folder, url) = (TempDir::new().expect("a folder"), database.url());
        let mut servers = vec![Server::start(folder.path(), &["--database-url", &url])];
        servers.extend(
            (1..count)
                .map(|_| Server::start_without_demo(folder.path(), &["--database-url", &url])),
        );
        Some(Self::over(folder, servers, url, Some(database)))
    }

    fn over(
        folder: TempDir,
        mut servers: Vec<Server>,
        url: String,
        database: Option<TestDatabase>,
    ) -> Self {
        let password = servers[0].demo_password("editor");
        Self {
            account: Account::new("editor@demo.example", password),
            servers,
            url,
            folder,
            _database: database,
        }
    }

    /// A client of one of the servers.
    pub(crate) fn client(&self, number: usize) -> Client {
        let server = &self.servers[number % self.servers.len()];
        Client::new(server.address, &self.account)
    }

    /// Where the database is.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// A connection to the database, behind the servers' backs.
    pub(crate) async fn database(&self) -> DatabaseConnection {
        let mut options = ConnectOptions::new(&self.url);
        options.max_connections(1).sqlx_logging(false);
        Database::connect(options).await.expect("a connection")
    }

    /// The id of a new milestone.
    pub(crate) async fn milestone(&self, title: &str) -> String {
        let input = json!({ "content": { "date": "2026", "title": title } });
        self.created("createMilestone", "milestone", input).await
    }

    /// The id of a new story section.
    pub(crate) async fn section(&self) -> String {
        let input = json!({ "content": { "anchor": "endurance", "layout": "TIMELINE" } });
        self.created("createStorySection", "storySection", input)
            .await
    }

    async fn created(&self, mutation: &str, field: &str, input: serde_json::Value) -> String {
        let request = Request::new(mutation, &input, &format!("{field} {{ id }}"));
        let payload = self.client(0).done(&request).await;
        payload[field]["id"].as_str().expect("an id").to_owned()
    }
}
