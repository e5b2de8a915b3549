//! PostgreSQL ends the connections of the servers, again and again: that passes, and nothing is lost.

use std::{
    sync::Arc,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio::time::sleep;

use crate::{
    books::number,
    client::{Client, code},
    marks,
    site::Site,
    sizes::{size, tell, turn},
};

const TERMINATE: &str = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()";
const READ: &str = "{ milestones(first: 5) { nodes { id title } } }";

/// Reads until it is stopped; returns how often that worked, and how often it was to be tried again.
async fn read(mut client: Client, stop: Arc<AtomicBool>) -> (usize, usize) {
    let (mut read, mut unavailable) = (0, 0);
    while !stop.load(Ordering::Relaxed) {
        let answer = client.ask(READ, &Value::Null).await.expect("an answer");
        match code(&answer) {
            "" => read += 1,
            "UNAVAILABLE" => unavailable += 1,
            _ => panic!("{answer}"),
        }
        sleep(Duration::from_millis(5)).await;
    }
    (read, unavailable)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_connection_passes_and_loses_nothing() {
    let _turn = turn().await;
    let Some(site) = Site::on_postgres(2).await else {
        return;
    };
    let changes = size("CHANGES_WITHOUT_CONNECTIONS", 128, 2_000);
    let section = site.section().await;
    let stop = Arc::new(AtomicBool::new(false));
    let reader = tokio::spawn(read(site.client(0), Arc::clone(&stop)));
    let database = site.database().await;
    let stopped = Arc::clone(&stop);
    let killing = tokio::spawn(async move {
        let mut killed = 0;
        while !stopped.load(Ordering::Relaxed) {
            killed += number(&database, TERMINATE).await;
            sleep(Duration::from_secs(1)).await;
        }
        killed
    });
    let started = Instant::now();
    let work = marks::change(&site, &section, 16, changes).await;
    let took = started.elapsed();
    stop.store(true, Ordering::Relaxed);
    let killed = killing.await.expect("the killer");
    let (read, not_read) = reader.await.expect("the reader");
    assert!(killed > 0 && read > 0);

    let answer = site
        .client(1)
        .ask(READ, &Value::Null)
        .await
        .expect("an answer");
    assert_eq!(code(&answer), "", "{answer}");
    marks::verify(&site, &section, &work).await;
    tell(&format!(
        "{changes} changes in {took:.1?} while PostgreSQL ended {killed} connections: none lost; changes told to try again {}, \
         answers lost {}; {read} reads, and {not_read} told to try again",
        work.unavailable, work.unknown
    ));
}
