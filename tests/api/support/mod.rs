//! The harness: an application with a database of its own for each test, on either engine.

pub(crate) mod accounts;
pub(crate) mod at_rest;
pub(crate) mod backup;
pub(crate) mod browser;
pub(crate) mod content;
pub(crate) mod invariants;
pub(crate) mod mail;
pub(crate) mod oidc_provider;
pub(crate) mod pictures;
pub(crate) mod postgres;
mod postgres_cluster;
pub(crate) mod principals;
pub(crate) mod server;
pub(crate) mod tools;
pub(crate) mod world;

use std::sync::Arc;

use async_graphql::Variables;
use chrono::{DateTime, Utc};
use entity::entry_id::EntryId;
use kindling::{
    app::App,
    auth::{Principal, Role, Session},
    clock::Clock,
    config::{self, Config},
    content::{Content, write::Change},
    database::Database,
    delivery::{Asked, Delivery, Sender, Source},
    error::Result,
};
use sea_orm::prelude::Uuid;
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::OnceCell;

use postgres::TestDatabase;

/// An application over a database that no other test knows.
#[derive(Clone)]
pub(crate) struct TestApp {
    pub(crate) app: App,
    delivery: Arc<Delivery>,
    // What the application works on, kept for as long as it lives.
    _folder: Arc<TempDir>,
    _database: Option<Arc<TestDatabase>>,
}

/// Runs a test once on SQLite and once on PostgreSQL; in the end, what always holds must hold.
macro_rules! on_both_engines {
    ($($(#[$attribute:meta])* async fn $name:ident($app:ident: TestApp) $body:block)+) => {$(
        mod $name {
            use super::*;

            $(#[$attribute])*
            async fn behaviour($app: $crate::support::TestApp) $body

            #[tokio::test]
            async fn sqlite() {
                let app = $crate::support::TestApp::on_sqlite().await;
                behaviour(app.clone()).await;
                $crate::support::invariants::hold(&app.app).await;
            }

            #[tokio::test]
            async fn postgres() {
                if let Some(app) = $crate::support::TestApp::on_postgres().await {
                    behaviour(app.clone()).await;
                    $crate::support::invariants::hold(&app.app).await;
                }
            }
        }
    )+};
}
pub(crate) use on_both_engines;

/// The moment at which the clock of every test stands at its start.
pub(crate) fn start_of_time() -> DateTime<Utc> {
    "2026-05-01T12:00:00Z".parse().expect("a moment")
}

impl TestApp {
    /// On a SQLite file of its own.
    pub(crate) async fn on_sqlite() -> Self {
        let folder = TempDir::new().expect("a folder");
        let url = format!("sqlite://{}/test.db", folder.path().display());
        Self::over(folder, &url, None).await
    }

    /// On a PostgreSQL database of its own; none if there is no server, which has been said loudly.
    pub(crate) async fn on_postgres() -> Option<Self> {
        static TEMPLATE: OnceCell<TestDatabase> = OnceCell::const_new();
        let server = postgres::server().await?;
        let template = TEMPLATE
            .get_or_init(|| async {
                let template = server.create_database(None).await;
                let database = Database::connect(template.url().as_str(), 1)
                    .await
                    .expect("a connection");
                database.migrate().await.expect("migrations");
                database.close().await;
                template
            })
            .await;
        let database = server.create_database(Some(template)).await;
        let url = database.url().clone();
        Some(Self::over(TempDir::new().expect("a folder"), &url, Some(database)).await)
    }

    async fn over(folder: TempDir, url: &str, database: Option<TestDatabase>) -> Self {
        let data_dir = folder.path().display().to_string();
        let config = config(&[
            "--data-dir",
            &data_dir,
            "--database-url",
            url,
            "--development",
        ]);
        let app = App::start(config, Clock::set_to(start_of_time()))
            .await
            .expect("an application");
        Self {
            delivery: Arc::new(Delivery::new(&app)),
            app,
            _folder: Arc::new(folder),
            _database: database.map(Arc::new),
        }
    }

    /// The answer to a query by somebody who is not signed in, as it goes over the wire.
    pub(crate) async fn query(&self, query: &str) -> Value {
        self.query_as(Principal::Anonymous, query, Value::Null)
            .await
    }

    /// What answers.
    pub(crate) fn delivery(&self) -> &Delivery {
        &self.delivery
    }

    /// The answer to a query by an editor.
    pub(crate) async fn query_as_editor(&self, query: &str) -> Value {
        self.query_as(editor(), query, Value::Null).await
    }

    /// The answer to a query with variables, through what every transport goes through.
    pub(crate) async fn query_as(
        &self,
        principal: Principal,
        query: &str,
        variables: Value,
    ) -> Value {
        Box::pin(self.admit(&principal)).await;
        let variables = Variables::from_json(variables);
        let sender = Sender::new(principal);
        Box::pin(answer(&self.delivery, query, variables, sender)).await
    }

    /// A change by somebody.
    pub(crate) async fn change_by(&self, principal: &Principal) -> Change {
        self.admit(principal).await;
        let change = Change::begin(&self.app, principal.clone(), None).await;
        change.expect("a change")
    }

    /// The same application, of which nothing that was read or answered is kept.
    pub(crate) fn forgetful(&self) -> App {
        let mut config = (*self.app.config).clone();
        config.answer_cache_bytes = 0;
        App {
            config: config.into(),
            database: self.app.database.clone().keeping(0),
            ..self.app.clone()
        }
    }

    /// The same application after a restart: nothing is kept in memory.
    pub(crate) async fn restarted(mut self) -> Self {
        let (config, clock) = ((*self.app.config).clone(), self.app.clock.clone());
        self.app = App::start(config, clock).await.expect("an application");
        self.delivery = Arc::new(Delivery::new(&self.app));
        self
    }

    /// The same application in production: with other settings.
    pub(crate) fn in_production(&self) -> App {
        let mut config = (*self.app.config).clone();
        config.development = false;
        App {
            config: config.into(),
            ..self.app.clone()
        }
    }

    /// A draft, created by the system.
    pub(crate) async fn draft<C: Content>(&self, key: &str, content: C::Model) -> EntryId {
        self.try_draft::<C>(key, content).await.expect("a draft")
    }

    /// The same, where it may fail.
    pub(crate) async fn try_draft<C: Content>(
        &self,
        key: &str,
        content: C::Model,
    ) -> Result<EntryId> {
        let mut change = Change::begin(&self.app, Principal::System, None).await?;
        let id = change.create::<C>(Some(key), content).await?;
        change.seal().await?;
        Ok(id)
    }

    /// A public entry, created by the system.
    pub(crate) async fn public<C: Content>(&self, key: &str, content: C::Model) -> EntryId {
        let id = self.draft::<C>(key, content).await;
        self.publish(&[id]).await.expect("a publication");
        id
    }

    /// Saves a new revision of an entry that stands at `expected`.
    pub(crate) async fn update<C: Content>(
        &self,
        id: EntryId,
        expected: i32,
        content: C::Model,
    ) -> Result<i32> {
        let mut change = Change::begin(&self.app, Principal::System, None).await?;
        let revision = change.update::<C>(id, expected, content).await?;
        change.seal().await?;
        Ok(revision)
    }

    /// Makes the latest revisions of the entries public.
    pub(crate) async fn publish(&self, ids: &[EntryId]) -> Result<()> {
        let mut change = Change::begin(&self.app, Principal::System, None).await?;
        change.publish(ids).await?;
        change.seal().await
    }
}

/// The answer to an operation, as it goes over the wire.
pub(crate) async fn answer(
    delivery: &Delivery,
    query: &str,
    variables: Variables,
    sender: Sender,
) -> Value {
    ask(delivery, query, variables, sender).await.0
}

/// The same, and where it comes from.
pub(crate) async fn ask(
    delivery: &Delivery,
    query: &str,
    variables: Variables,
    sender: Sender,
) -> (Value, Source) {
    let json = |body: &[u8]| server::of_entries(serde_json::from_slice(body).expect("JSON"));
    match delivery.prepare(query) {
        Ok(document) => {
            let asked = Asked::new(document, None, variables);
            let given = Box::pin(delivery.execute(asked.into(), sender)).await;
            (json(&given.kept.answer.body), given.source)
        }
        Err(refusal) => (json(&refusal.body), Source::Executed),
    }
}

/// A server of the demo over a new database of each engine that there is, with what it works on.
pub(crate) async fn servers() -> Vec<(server::Server, TempDir, Option<TestDatabase>)> {
    servers_with(&[]).await
}

/// The same, with more arguments.
pub(crate) async fn servers_with(
    more: &[&str],
) -> Vec<(server::Server, TempDir, Option<TestDatabase>)> {
    let start = |arguments: &[&str]| {
        let folder = TempDir::new().expect("a folder");
        let arguments = [more, arguments].concat();
        (server::Server::start(folder.path(), &arguments), folder)
    };
    let (on_sqlite, folder) = start(&[]);
    let mut servers = vec![(on_sqlite, folder, None)];
    if let Some(postgres) = postgres::server().await {
        let database = postgres.create_database(None).await;
        let (on_postgres, folder) = start(&["--database-url", &database.url()]);
        servers.push((on_postgres, folder, Some(database)));
    }
    servers
}

/// The settings that these flags make.
pub(crate) fn config(flags: &[&str]) -> Config {
    let matches = clap::Command::new("kindling").args(config::args());
    let matches = matches.get_matches_from([&["kindling"], flags].concat());
    Config::load(&matches, &config::Environment::new()).expect("settings")
}

/// Somebody who may read and change all content.
pub(crate) fn editor() -> Principal {
    account(Role::Editor)
}

/// Somebody new with this role.
pub(crate) fn account(role: Role) -> Principal {
    Principal::Account {
        id: new_account(),
        role,
        session: Session {
            id: kindling::id::new(),
            token: kindling::id::new(),
            password_at: start_of_time(),
        },
    }
}

fn new_account() -> Uuid {
    kindling::id::new()
}
