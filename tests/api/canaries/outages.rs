//! What a server stands on, taken away: the mail server, connections to the database, all of the database.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use sea_orm::ConnectionTrait;
use serde_json::json;

use super::{
    ADMIN, Held, MAIL_PASSWORD, faults,
    liars::{self, Liar},
    site::Site,
};
use crate::support::postgres::TestDatabase;

pub(crate) const TERMINATE: &str =
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'";
const DEADLINE: Duration = Duration::from_mins(1);

/// Mail that is refused, with all that was said before; broken off; and never answered.
pub(super) async fn without_mail(site: &Site, liar: &Liar, port: u16) {
    liars::mail_server(liar, port).await;
    let failures = |site: &Site| site.log().matches("a mail was not sent").count();
    for way in 0..3 {
        liar.lie(way);
        let before = failures(site);
        let input = json!({ "email": ADMIN });
        site.done("", "requestPasswordReset", "requestedAt", input)
            .await;
        // The last one is not waited for: it takes as long as the server has patience.
        let started = Instant::now();
        while way < 2 && (failures(site) == before || !liar.has_heard(MAIL_PASSWORD)) {
            assert!(started.elapsed() < DEADLINE, "{way}: no mail was tried");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// Requests while connections end all the time, and while there is no database at all.
pub(super) async fn without_connections(site: &Site, held: &Held, database: &TestDatabase) {
    let is_over = AtomicBool::new(false);
    let end = async {
        while !is_over.load(Ordering::Relaxed) {
            administer(database, TERMINATE).await;
        }
    };
    let send = async {
        faults::send_all(site, held).await;
        is_over.store(true, Ordering::Relaxed);
    };
    tokio::join!(end, send);
    administer(database, "ALTER DATABASE {name} ALLOW_CONNECTIONS false").await;
    administer(database, TERMINATE).await;
    faults::send_all(site, held).await;
    administer(database, "ALTER DATABASE {name} ALLOW_CONNECTIONS true").await;
    assert!(site.told().contains("UNAVAILABLE"), "the database was away");
}

/// Does something to a database from another one; `{name}` stands for its name.
pub(crate) async fn administer(database: &TestDatabase, sql: &str) {
    let mut url = url::Url::parse(&database.url()).expect("a URL");
    let sql = sql.replace("{name}", url.path().trim_start_matches('/'));
    url.set_path("postgres");
    let connection = sea_orm::Database::connect(url.as_str()).await;
    let connection = connection.expect("a connection");
    if let Err(error) = connection.execute_unprepared(&sql).await {
        panic!("{sql}: {error}");
    }
    connection.close().await.expect("closed");
}
