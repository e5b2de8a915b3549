//! Cleaning what is stored already: pictures of before uploads were cleaned.

use chrono::TimeDelta;
use entity::{asset, entry_id::EntryId};
use kindling::{
    auth::Role,
    content::{
        media_clean::{Cleaned, Cleaning, run},
        types::Asset,
    },
};
use object_store::GetOptions;
use sea_orm::{EntityTrait, QueryOrder};
use serde_json::{Value, json};

use crate::{
    database_state::events,
    support::{TestApp, content, editor, on_both_engines, pictures::jpeg},
};

const SECRET: &[u8] = b"51 degrees 30 minutes north, taken by nobody in particular";
const QUERY: &str = "{ assets { nodes { url width height bytes sha256 } } }";

/// A picture as a camera writes it, to be turned to the right, with a secret.
fn unclean() -> Vec<u8> {
    let exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    let length = u16::try_from(exif.len() + SECRET.len() + 2).expect("a short segment");
    let picture = jpeg(30, 20);
    [
        &picture[..2],
        &[0xFF, 0xE1],
        &length.to_be_bytes(),
        exif,
        SECRET,
        &picture[2..],
    ]
    .concat()
}

impl TestApp {
    /// A public asset with this file, as it was stored before uploads were cleaned: its id and the key of the file.
    async fn of_before(&self, key: &str, file: Vec<u8>) -> (EntryId, String) {
        let stored = self.app.media.put(file.into()).await.expect("a file");
        let asset = asset::Model {
            storage_key: stored.key.clone(),
            sha256: stored.sha256,
            bytes: stored.bytes,
            width: Some(30),
            height: Some(20),
            ..content::asset("a.jpg")
        };
        (self.public::<Asset>(key, asset).await, stored.key)
    }

    async fn cleaning(&self, is_trial: bool) -> Cleaning {
        run(&self.app, is_trial).await.expect("a cleaning")
    }

    async fn content_of(&self, key: &str) -> Vec<u8> {
        let file = self
            .app
            .media
            .get(key, GetOptions::default())
            .await
            .expect("an answer");
        file.expect("a file")
            .bytes()
            .await
            .expect("its content")
            .to_vec()
    }

    async fn rows_of_assets(&self) -> Vec<asset::Model> {
        let rows = asset::Entity::find()
            .order_by_asc(asset::Column::EntryId)
            .order_by_asc(asset::Column::Revision);
        self.app.database.rows(rows).await.expect("rows")
    }
}

fn has_secret(content: &[u8]) -> bool {
    content.windows(SECRET.len()).any(|part| part == SECRET)
}

on_both_engines! {
    async fn a_picture_of_before_is_clean_in_all_its_revisions(app: TestApp) {
        app.bind().await;
        let (id, old) = app.of_before("old", unclean()).await;
        let before = app.rows_of_assets().await;
        let described = asset::Model { credit: Some("Ann".to_owned()), ..before[0].clone() };
        app.update::<Asset>(id, 1, described).await.expect("a revision");
        let shown = app.query(QUERY).await["data"]["assets"]["nodes"][0].clone();
        assert_eq!(shown["url"], format!("/media/{old}"));

        let events_before = events(&app).await.len();
        let tried = app.cleaning(true).await;
        assert_eq!((tried.cleaned.len(), tried.were_clean), (1, 0));
        assert_eq!(tried.cleaned[0].new_key, None);
        assert_eq!((app.keys().await, events(&app).await.len()), (vec![old.clone()], events_before), "a trial changes nothing");

        let done = app.cleaning(false).await;
        let [Cleaned { old_key, new_key: Some(new) }] = done.cleaned.as_slice() else { panic!("{done:?}") };
        assert_eq!(old_key, &old);
        assert_eq!((app.keys().await, app.serves(&old).await), (vec![new.clone()], false));
        let content = app.content_of(new).await;
        assert!(!has_secret(&content));
        let shown = app.query(QUERY).await["data"]["assets"]["nodes"][0].clone();
        assert_eq!(shown["url"], format!("/media/{new}"), "what was kept of the other one is purged");
        assert_eq!((&shown["width"], &shown["height"]), (&json!(20), &json!(30)), "as browsers show it");
        assert_eq!(shown["bytes"], content.len());
        let rows = app.rows_of_assets().await;
        assert_eq!(rows.len(), 2);
        assert!(rows.iter().all(|row| &row.storage_key == new && usize::try_from(row.bytes).expect("a size") == content.len() && row.sha256 == shown["sha256"]));
        let trashed = app.app.media.trashed().await.expect("the trash");
        assert_eq!(trashed.iter().map(|file| &file.key).collect::<Vec<_>>(), [&old]);
        let cleaned = events(&app).await.pop().expect("an event");
        assert_eq!((cleaned.action.as_str(), cleaned.entry_id, cleaned.revision), ("entry.file_cleaned", Some(id.uuid), Some(2)));

        let again = app.cleaning(false).await;
        assert_eq!(again, Cleaning { were_clean: 1, ..Cleaning::default() });
        let update = json!({"id": id.to_string(), "expectedRevision": 2, "content": {"credit": "Ben"}});
        let saved = app.done(&editor(), "updateAsset", update, "asset { url }").await;
        assert_eq!(saved["asset"]["url"], format!("/media/{new}"));
    }

    async fn copies_of_a_picture_share_the_clean_file(app: TestApp) {
        app.bind().await;
        let (id, old) = app.of_before("old", unclean()).await;
        app.done(&editor(), "duplicateEntry", json!({"id": id.to_string()}), "entry { ... on Asset { url } }").await;
        let done = app.cleaning(false).await;
        assert_eq!(done.cleaned.len(), 1);
        let new = done.cleaned[0].new_key.clone().expect("a key");
        assert!(app.rows_of_assets().await.iter().all(|row| row.storage_key == new));
        assert!(!app.serves(&old).await);
        let cleaned = events(&app).await.into_iter().filter(|event| event.action == "entry.file_cleaned");
        assert_eq!(cleaned.count(), 2);
    }

    async fn what_cannot_be_cleaned_is_named_and_stays(app: TestApp) {
        app.bind().await;
        let whole = unclean();
        let (_, cut) = app.of_before("cut", whole[..whole.len() - 9].to_vec()).await;
        let (_, gone) = app.of_before("gone", unclean()).await;
        let (_, clean) = app.of_before("clean", jpeg(30, 20)).await;
        app.app.media.remove(&gone).await.expect("an end");
        let done = app.cleaning(false).await;
        assert_eq!(done, Cleaning { were_clean: 1, missing: vec![gone], unreadable: vec![cut.clone()], ..Cleaning::default() });
        let mut left = vec![cut, clean];
        left.sort();
        assert_eq!(app.keys().await, left);
    }

    async fn machines_that_follow_what_is_public_learn_of_public_pictures_alone(app: TestApp) {
        app.bind().await;
        let admin = app.newcomer("admin@example.org", Role::Admin).await;
        let (id, _) = app.of_before("public", unclean()).await;
        let stored = app.app.media.put(unclean().into()).await.expect("a file");
        app.draft::<Asset>("draft", asset::Model { storage_key: stored.key, ..content::asset("b.jpg") }).await;
        app.app.clock.advance(TimeDelta::seconds(1));
        assert_eq!(app.cleaning(false).await.cleaned.len(), 2);
        let token = json!({"name": "A cache", "scopes": ["EVENTS"]});
        let token = app.change(&admin, "createApiToken", "secret", token).await;
        let machine = app.bearer(&token["secret"]).await.expect("a machine");
        let query = "{ events(first: 100) { nodes { action entryId cacheTags } } }";
        for (who, count) in [(machine, 1), (admin, 2)] {
            let answer = app.query_as(who, query, Value::Null).await;
            let nodes = answer["data"]["events"]["nodes"].as_array().expect("events").iter();
            let cleaned: Vec<_> = nodes.filter(|event| event["action"] == "entry.file_cleaned").collect();
            assert_eq!(cleaned.len(), count, "{answer}");
            assert!(cleaned.iter().any(|event| event["entryId"] == id.to_string() && event["cacheTags"][0] == id.to_string()));
        }
    }

    async fn a_store_of_another_site_is_not_cleaned(app: TestApp) {
        app.of_before("old", unclean()).await;
        run(&app.app, false).await.expect_err("a store that is not bound");
    }
}
