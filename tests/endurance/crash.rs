//! The server is killed under load, again and again: what was acknowledged is there, nothing is half done, and it is
//! ready again soon.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use entity::{entry, entry_id::EntryId, milestone};
use sea_orm::{DatabaseConnection, EntityTrait};
use tokio::{task::JoinHandle, time::sleep};

use crate::{
    books::contradictions,
    pairs::{Pair, Saved, watch},
    site::Site,
    sizes::{random, size, tell, turn},
    support::server::Server,
};

const PAIRS: usize = 6;
const READERS: usize = 2;
/// Starts the server again; returns how long it took until it was ready.
async fn restart(site: &mut Site) -> Duration {
    // A build without optimisation, on a busy machine, gets more than the two seconds that are promised.
    let ready = Duration::from_millis(size("READY_MS", 20_000, 2_000) as u64);
    let started = Instant::now();
    site.servers = vec![Server::start_without_demo(site.folder.path(), &[])];
    let mut client = site.client(0);
    while client.status("/readyz").await.ok() != Some(200) {
        assert!(started.elapsed() < ready, "it is not ready");
        sleep(Duration::from_millis(2)).await;
    }
    assert!(
        started.elapsed() < ready,
        "ready after {:?}",
        started.elapsed()
    );
    started.elapsed()
}

fn readers(site: &Site, pairs: &[Pair], reads: &Arc<AtomicUsize>) -> Vec<JoinHandle<()>> {
    let ids: Vec<String> = pairs.iter().flat_map(|pair| pair.ids.clone()).collect();
    let public: Vec<_> = pairs.iter().map(|pair| Arc::clone(&pair.public)).collect();
    let reader = |number| {
        watch(
            site.client(number),
            ids.clone(),
            public.clone(),
            Arc::clone(reads),
        )
    };
    (0..READERS)
        .map(|number| tokio::spawn(reader(number)))
        .collect()
}

/// Each state that was acknowledged is in the history, and each publication is public, or a later one.
async fn verify<'a>(
    database: &DatabaseConnection,
    saved: impl Iterator<Item = &'a Saved>,
    pairs: &[Pair],
) {
    for saved in saved {
        let id: EntryId = saved.id.parse().expect("an id");
        let revision = i32::try_from(saved.revision).expect("a small number");
        let row = milestone::Entity::find_by_id((id.uuid, revision))
            .one(database)
            .await;
        let row = row
            .expect("rows")
            .unwrap_or_else(|| panic!("{saved:?} is lost"));
        assert_eq!(row.title.get("en"), Some(saved.number.to_string().as_str()));
    }
    for pair in pairs {
        for id in &pair.ids {
            let id: EntryId = id.parse().expect("an id");
            let entry = entry::Entity::find_by_id(id.uuid).one(database).await;
            let entry = entry.expect("rows").expect("an entry");
            let public = entry.published_revision.expect("public");
            // The number n is in revision n + 1.
            assert!(
                i64::from(public) > pair.public.load(Ordering::SeqCst),
                "{entry:?}"
            );
        }
    }
    assert_eq!(contradictions(database).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_outlives_every_crash() {
    let _turn = turn().await;
    let kills = size("KILLS", 8, 200);
    let mut site = Site::on_sqlite();
    let mut pairs = Vec::new();
    for _ in 0..PAIRS {
        pairs.push(Pair::new(&site).await);
    }
    let reads = Arc::new(AtomicUsize::new(0));
    let (started, mut restarts) = (Instant::now(), Vec::new());
    let mut watching = readers(&site, &pairs, &reads);
    let mut verified = vec![0; PAIRS];
    for _ in 0..kills {
        let working: Vec<_> = pairs
            .drain(..)
            .enumerate()
            .map(|(number, pair)| tokio::spawn(pair.work(site.client(number))))
            .collect();
        sleep(Duration::from_millis(20 + random(600))).await;
        // Dropping a server kills it, without any chance to clear up.
        site.servers.clear();
        for task in working {
            pairs.push(task.await.expect("a writer"));
        }
        for task in watching {
            task.await.expect("a reader");
        }
        restarts.push(restart(&mut site).await);
        watching = readers(&site, &pairs, &reads);
        let database = site.database().await;
        let new = pairs
            .iter()
            .zip(&verified)
            .flat_map(|(pair, known)| &pair.saved[*known..]);
        verify(&database, new, &pairs).await;
        database.close().await.expect("an end");
        verified = pairs.iter().map(|pair| pair.saved.len()).collect();
    }
    let database = site.database().await;
    verify(&database, pairs.iter().flat_map(|pair| &pair.saved), &pairs).await;
    site.servers.clear();
    for task in watching {
        task.await.expect("a reader");
    }
    restarts.sort();
    let publications: i64 = pairs
        .iter()
        .map(|pair| 1 + pair.public.load(Ordering::SeqCst))
        .sum();
    tell(&format!(
        "{kills} kills in {:.1?}: {} saves and {publications} publications of pairs were acknowledged, {} answers lost; \
         {} reads saw no half publication; ready again after {:.2?} at the most, {:.2?} in the middle",
        started.elapsed(),
        verified.iter().sum::<usize>(),
        pairs.iter().map(|pair| pair.lost).sum::<usize>(),
        reads.load(Ordering::Relaxed),
        restarts.last().copied().unwrap_or_default(),
        restarts
            .get(restarts.len() / 2)
            .copied()
            .unwrap_or_default(),
    ));
}
