//! Erased files: gone with their entry, whoever waits for it, and not served even where they cannot be removed.

use std::{fs, time::Instant};

use entity::media_removal;
use kindling::{
    app::App,
    auth::{Principal, Role},
    content::media_removal::carry_out,
    media::MediaStore,
};
use object_store::GetOptions;
use serde_json::json;

use crate::support::{TestApp, account, on_both_engines};

impl TestApp {
    /// Erases an entry, which is put into the trash before.
    async fn erase(&self, admin: &Principal, id: &str) {
        let entries = json!({"entries": [{"id": id}]});
        self.done(admin, "archiveEntries", entries.clone(), "entries { id }")
            .await;
        self.done(admin, "eraseEntries", entries, "erasedIds").await;
    }

    async fn removals(&self) -> usize {
        let rows = self
            .app
            .database
            .rows(<media_removal::Entity as sea_orm::EntityTrait>::find());
        rows.await.expect("rows").len()
    }
}

on_both_engines! {
    async fn an_erased_file_is_gone_from_the_store_and_from_its_trash(app: TestApp) {
        let admin = account(Role::Admin);
        let (id, key) = app.picture(&admin, 5).await;
        let (_, other) = app.picture(&admin, 6).await;
        let folder = &app.app.config.media_dir;
        let trash = folder.join("trash/20260101T000000Z");
        fs::create_dir_all(&trash).expect("a trash");
        fs::copy(folder.join(&key), trash.join(&key)).expect("a copy in the trash");
        assert_eq!(app.app.media.trashed().await.expect("the trash").len(), 1);
        app.erase(&admin, &id).await;
        assert_eq!(app.keys().await, std::slice::from_ref(&other));
        assert!(!app.serves(&key).await && app.serves(&other).await);
        assert!(app.app.media.trashed().await.expect("the trash").is_empty());
        assert_eq!(app.removals().await, 0);
    }

    async fn a_file_that_a_duplicate_has_stays_until_the_last_of_them_goes(app: TestApp) {
        let admin = account(Role::Admin);
        let (id, key) = app.picture(&admin, 5).await;
        let copied = app.done(&admin, "duplicateEntry", json!({"id": id}), "entry { ... on Asset { id url } }").await;
        let copy = copied["entry"]["id"].as_str().expect("an id");
        app.erase(&admin, &id).await;
        assert!(app.serves(&key).await);
        app.erase(&admin, copy).await;
        assert!(!app.serves(&key).await);
        assert!(app.keys().await.is_empty());
    }

    async fn an_erasure_that_nobody_waits_for_leaves_no_file(app: TestApp) {
        let admin = account(Role::Admin);
        let (id, _) = app.picture(&admin, 50).await;
        let begun = Instant::now();
        app.erase(&admin, &id).await;
        let (took, mut erased) = (begun.elapsed(), 0);
        for number in 1..=40 {
            let (id, key) = app.picture(&admin, number).await;
            let entries = json!({"entries": [{"id": id}]});
            app.done(&admin, "archiveEntries", entries.clone(), "entries { id }").await;
            let erasing = app.try_mutate(&admin, "eraseEntries", entries, "erasedIds");
            // Whether it comes to its end does not matter.
            let _ = tokio::time::timeout(took * number / 40, Box::pin(erasing)).await;
            // The next change waits for the one before it on both engines, as it locks the same row of the log.
            app.created(&admin, "Value", json!({"title": "After it"})).await;
            let history = format!("{{ history(id: \"{id}\") {{ totalCount }} }}");
            let answer = app.query_as(admin.clone(), &history, json!(null)).await;
            if answer["data"]["history"].is_null() {
                erased += 1;
                assert!(!app.serves(&key).await, "{number}");
            } else {
                assert!(app.serves(&key).await, "{number}");
            }
        }
        carry_out(&app.app).await.expect("removals");
        assert_eq!((app.keys().await.len(), app.removals().await), (40 - erased, 0));
    }

    async fn a_store_that_fails_serves_no_erased_file_and_any_instance_removes_it_later(app: TestApp) {
        let admin = account(Role::Admin);
        let (id, key) = app.picture(&admin, 5).await;
        let folder = &app.app.config.media_dir;
        let away = folder.with_file_name("away");
        fs::rename(folder, &away).expect("no store");
        fs::write(folder, "no folder").expect("a file in its place");
        app.erase(&admin, &id).await;
        fs::remove_file(folder).expect("removed");
        fs::rename(&away, folder).expect("the store");
        assert_eq!(app.removals().await, 1);
        assert!(folder.join(&key).exists() && !app.serves(&key).await);
        let other = App { media: MediaStore::open(folder).expect("a store"), ..app.app.clone() };
        assert_eq!(carry_out(&other).await.expect("a removal"), 1);
        assert_eq!(app.removals().await, 0);
        assert!(!folder.join(&key).exists());
        let file = other.media.get(&key, GetOptions::default()).await;
        assert!(file.expect("an answer").is_none());
    }
}
