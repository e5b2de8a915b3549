//! Sweeping: what no asset has goes to the trash, and leaves it after its time.

use chrono::TimeDelta;
use entity::asset;
use kindling::{
    content::{
        media_sweep::{Sweep, sweep, sweep_all},
        types::Asset,
    },
    error::{Error, Result},
    job::{Job, Registry, Retry, Run, Schedule},
    media::MediaStore,
    worker::Worker,
};
use serde::{Deserialize, Serialize};

use super::AGES;
use crate::support::{content, on_both_engines};

/// A cleanup that panics.
#[derive(Serialize, Deserialize)]
struct Broken;

impl Job for Broken {
    const NAME: &'static str = "cleanup";
    const SCHEDULE: Schedule = Schedule::Every(TimeDelta::hours(1));
    const RETRY: Retry = Retry::SCHEDULED;

    async fn run(self, _: Run) -> Result<()> {
        panic!("a panic of a test")
    }
}

fn nothing() -> Sweep {
    Sweep::default()
}

on_both_engines! {
    async fn what_no_asset_has_goes_to_the_trash_and_leaves_it_after_its_time(app: TestApp) {
        let pictures = app.with_pictures(2).await;
        let stray = app.stray().await;
        assert_eq!(app.sweep().await, nothing(), "nobody may be about to make an asset of a file that is a day old");
        app.app.clock.advance(AGES);
        assert_eq!(app.sweep().await, Sweep { trashed: 1, ..nothing() });
        assert_eq!(app.keys().await, pictures);
        assert!(!app.serves(&stray).await);
        let trashed = app.app.media.trashed().await.expect("the trash");
        assert_eq!(trashed.iter().map(|file| &file.key).collect::<Vec<_>>(), [&stray]);
        app.app.clock.advance(TimeDelta::days(29));
        assert_eq!(app.sweep().await, nothing());
        app.app.clock.advance(TimeDelta::days(1));
        assert_eq!(app.sweep().await, Sweep { deleted: 1, ..nothing() });
        assert!(app.app.media.trashed().await.expect("the trash").is_empty());
        assert_eq!(app.keys().await, pictures);
    }

    async fn what_an_asset_has_comes_back_from_the_trash(app: TestApp) {
        app.with_pictures(1).await;
        let stray = app.stray().await;
        app.app.clock.advance(AGES);
        assert_eq!(app.sweep().await.trashed, 1);
        let asset = asset::Model { storage_key: stray.clone(), ..content::asset("a.png") };
        app.draft::<Asset>("restored", asset).await;
        app.app.clock.advance(TimeDelta::days(400));
        assert_eq!(app.sweep().await, Sweep { restored: 1, ..nothing() });
        assert!(app.serves(&stray).await);
        assert_eq!(app.sweep().await, nothing());
    }

    async fn files_are_swept_although_erasing_and_tidying_fail(app: TestApp) {
        let pictures = app.with_pictures(1).await;
        app.app.clock.advance(AGES);
        let mut worker = Worker::with_jobs(&app.app, Registry::with::<Broken>)
            .with_work("erasure", |_| async { Err(Error::internal("a store that fails")) });
        for _ in 0..2 {
            let stray = app.stray().await;
            app.app.clock.advance(TimeDelta::days(2));
            assert!(app.serves(&stray).await);
            worker.step().await;
            assert_eq!(app.keys().await, pictures);
        }
    }

    async fn too_many_stay_where_they_are_without_the_word_of_an_operator(app: TestApp) {
        app.with_pictures(1).await;
        for _ in 0..3 {
            app.stray().await;
        }
        app.app.clock.advance(AGES);
        for _ in 0..2 {
            assert_eq!(app.sweep().await, Sweep { held_back: 3, ..nothing() });
        }
        assert_eq!(app.keys().await.len(), 4);
        let swept = sweep_all(&app.app).await.expect("a sweep");
        assert_eq!(swept, Sweep { trashed: 3, ..nothing() });
        assert_eq!(app.keys().await.len(), 1);
    }

    async fn small_shares_do_not_add_up_in_a_day(app: TestApp) {
        app.with_pictures(1).await;
        app.stray().await;
        app.app.clock.advance(AGES);
        assert_eq!(app.sweep().await, Sweep { trashed: 1, ..nothing() });
        app.stray().await;
        app.app.clock.advance(TimeDelta::hours(23));
        assert_eq!(app.sweep().await, Sweep { held_back: 1, ..nothing() });
        app.app.clock.advance(TimeDelta::hours(1));
        assert_eq!(app.sweep().await, Sweep { trashed: 1, ..nothing() });
    }

    async fn a_store_of_another_site_is_not_swept(app: TestApp) {
        let stray = app.stray().await;
        app.app.clock.advance(AGES);
        sweep(&app.app).await.expect_err("a store that is not bound");
        app.app.media.bind(kindling::id::secret()).await.expect("another site");
        for _ in 0..2 {
            sweep(&app.app).await.expect_err("a store of another site");
            sweep_all(&app.app).await.expect_err("a store of another site");
        }
        assert_eq!(app.keys().await, [stray]);
    }

    async fn of_two_sites_that_take_a_store_at_once_one_has_it(app: TestApp) {
        let stores = [0, 1].map(|_| MediaStore::open(&app.app.config.media_dir).expect("a store"));
        let sites = [kindling::id::secret(), kindling::id::secret()];
        let (one, other) = tokio::join!(stores[0].bind_if_unbound(sites[0]), stores[1].bind_if_unbound(sites[1]));
        let bound = one.expect("a site");
        assert_eq!(bound, other.expect("a site"));
        assert!(sites.contains(&bound));
        assert_eq!(stores[0].site_id().await.expect("an answer"), Some(bound));
    }
}
