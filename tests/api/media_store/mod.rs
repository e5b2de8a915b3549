//! The store of files beside the database: which database it belongs to, what is swept, and what is erased.

mod binding;
mod cleaning;
mod erasing;
mod sweeping;

use kindling::{
    auth::Principal,
    content::{media_binding, media_sweep},
};
use object_store::GetOptions;
use serde_json::json;

use crate::support::{
    TestApp, editor,
    pictures::{CREATE, png},
};

/// Long enough for every file to be old.
const AGES: chrono::TimeDelta = chrono::TimeDelta::days(10_000);

impl TestApp {
    /// Binds the store to the database, as a server does at its start.
    async fn bind(&self) {
        media_binding::establish(&self.app)
            .await
            .expect("a binding");
    }

    /// A new asset: its id and the key of its file.
    async fn picture(&self, who: &Principal, side: u32) -> (String, String) {
        let answer = self
            .send_file(who, CREATE, json!({}), &png(side, side))
            .await;
        let asset = &answer["data"]["createAsset"]["asset"];
        let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
        let url = text(&asset["url"]);
        let key = url.trim_start_matches("/media/").to_owned();
        (text(&asset["id"]), key)
    }

    /// The key of a new file that no asset has.
    async fn stray(&self) -> String {
        let file = self.app.media.put(png(7, 7).into()).await;
        file.expect("a file").key
    }

    /// The keys of the files, without those in the trash.
    async fn keys(&self) -> Vec<String> {
        let files = self.app.media.files().await.expect("the files");
        let mut keys: Vec<String> = files.into_iter().map(|file| file.key).collect();
        keys.sort();
        keys
    }

    /// Whether a file is served.
    async fn serves(&self, key: &str) -> bool {
        let file = self.app.media.get(key, GetOptions::default()).await;
        file.expect("an answer of the store").is_some()
    }

    async fn sweep(&self) -> media_sweep::Sweep {
        media_sweep::sweep(&self.app).await.expect("a sweep")
    }

    /// A bound store with this many pictures, and their keys.
    async fn with_pictures(&self, count: u32) -> Vec<String> {
        self.bind().await;
        let mut keys = Vec::new();
        for side in 1..=count {
            keys.push(self.picture(&editor(), side).await.1);
        }
        keys.sort();
        keys
    }
}
