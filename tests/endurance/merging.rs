//! Many editors change one list at the same time, each from what they last saw: nothing is lost.

use std::time::Instant;

use crate::{
    marks,
    site::Site,
    sizes::{size, tell, turn},
};

async fn nothing_is_lost(site: Site, engine: &str) {
    let (clients, changes) = (64, size("CHANGES", 640, 10_000));
    let section = site.section().await;
    let started = Instant::now();
    let work = marks::change(&site, &section, clients, changes).await;
    let took = started.elapsed();
    assert_eq!(work.acknowledged.len(), changes);
    let later = marks::verify(&site, &section, &work).await;
    tell(&format!(
        "{changes} changes of one list by {clients} clients on {engine} in {took:.1?}: none lost; told to try again {} times, \
         answers lost {}, answers that showed a later revision {later}",
        work.unavailable, work.unknown
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_change_of_many_editors_is_lost_on_sqlite() {
    let _turn = turn().await;
    nothing_is_lost(Site::on_sqlite(), "SQLite").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_change_of_many_editors_is_lost_between_two_servers_over_postgres() {
    let _turn = turn().await;
    if let Some(site) = Site::on_postgres(2).await {
        nothing_is_lost(site, "two servers over one PostgreSQL").await;
    }
}
