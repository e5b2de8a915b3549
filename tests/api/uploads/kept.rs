//! What becomes of files that no asset gets: cut connections, failed operations, failing disks, crashes.

use std::{
    fs::{self, File},
    io::Write,
    time::Duration,
};

use serde_json::json;
use tempfile::TempDir;

use super::{Site, files};
use crate::support::{
    pictures::{CREATE, form, one_file, padded, png},
    server::Server,
};

/// Large enough that a part of it is written before its end has come.
const LARGE: usize = 12 * 1024 * 1024;

fn large_form() -> Vec<u8> {
    one_file(CREATE, json!({}), "a.png", &padded(&png(10, 10), LARGE))
}

impl Site {
    /// Sends half of a large form, and waits until a part of it is on disk.
    async fn send_half(&mut self) -> tokio::net::TcpStream {
        let form = large_form();
        let credentials = [("Authorization", self.bearer.as_str())];
        let head = self.server.head_of_form(&credentials, form.len());
        let half = [head.as_bytes(), &form[..form.len() / 2]].concat();
        let stream = self.server.open(&half).await;
        let folder = self.folder.path().to_owned();
        self.server.wait_for("unfinished file", |_| {
            files(&folder)
                .iter()
                .any(|name| name.contains('#'))
                .then_some(())
        });
        stream
    }

    /// Waits until the store is as it was before.
    fn wait_until_files_are(&mut self, before: &[String]) {
        let folder = self.folder.path().to_owned();
        self.server.wait_for("end of the file", |_| {
            (files(&folder) == before).then_some(())
        });
    }
}

#[tokio::test]
async fn a_connection_that_is_cut_leaves_no_file() {
    let mut site = Site::start(&[]).await;
    let before = site.files();
    let stream = site.send_half().await;
    assert_ne!(site.files(), before);
    drop(stream);
    site.wait_until_files_are(&before);
    // Files that had come whole before the cut go, too.
    let operations = json!({"query": "{ __typename }", "variables": {"a": null, "b": null}});
    let form = form(&[
        ("operations", None, operations.to_string().as_bytes()),
        (
            "map",
            None,
            br#"{"0": ["variables.a"], "1": ["variables.b"]}"#,
        ),
        ("0", Some("a.png"), &png(10, 10)),
        ("1", Some("b.png"), &padded(&png(10, 10), 8 * 1024 * 1024)),
    ]);
    let head = site
        .server
        .head_of_form(&[("Authorization", &site.bearer)], form.len());
    let most = &form[..form.len() - 1_000];
    let stream = site.server.open(&[head.as_bytes(), most].concat()).await;
    let (folder, count) = (site.folder.path().to_owned(), before.len() + 2);
    site.server.wait_for("second file", |_| {
        (files(&folder).len() == count).then_some(())
    });
    drop(stream);
    site.wait_until_files_are(&before);
}

#[tokio::test]
async fn a_file_that_does_not_go_on_coming_is_not_kept() {
    let mut site = Site::start(&["--stall-timeout-seconds", "3"]).await;
    let before = site.files();
    let mut stream = site.send_half().await;
    let mut answer = Vec::new();
    tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut answer)
        .await
        .expect("an answer");
    let answer = String::from_utf8_lossy(&answer).into_owned();
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("too slowly"), "{answer}");
    site.wait_until_files_are(&before);
}

#[tokio::test]
async fn a_file_that_no_asset_gets_is_gone_before_the_answer_comes() {
    let site = Site::start(&[]).await;
    let before = site.files();
    let picture = png(10, 10);
    let long = "x".repeat(600);
    for (what, query, input) in [
        (
            "a text that is too long",
            CREATE,
            json!({"content": {"alternativeText": long}}),
        ),
        ("a key that is taken", CREATE, json!({"key": "classroom"})),
        ("a locale that is none", CREATE, json!({"locale": "???"})),
        (
            "a message that is too long",
            CREATE,
            json!({"message": long}),
        ),
        ("no GraphQL", "mutation {", json!({})),
        (
            "no such field",
            "mutation($input: CreateAssetInput!) { createPicture(input: $input) { id } }",
            json!({}),
        ),
        (
            "a field that is left out",
            "mutation($input: CreateAssetInput!) { createAsset(input: $input) @skip(if: true) { asset { id } } }",
            json!({}),
        ),
        (
            "another variable",
            "query($input: Int) { assets(first: $input) { totalCount } }",
            json!({}),
        ),
    ] {
        let answer = site
            .send(&one_file(query, input, "a.png", &picture))
            .await
            .json();
        assert_ne!(
            answer["data"]["createAsset"]["userErrors"],
            json!([]),
            "{what}: {answer}"
        );
        assert_eq!(site.files(), before, "{what}: {answer}");
    }
}

#[tokio::test]
async fn a_store_that_fails_is_told_and_nothing_is_left_behind() {
    let site = Site::start(&[]).await;
    let store = site.folder.path().join("data/media");
    fs::rename(&store, site.folder.path().join("data/away")).expect("no store");
    fs::write(&store, "no folder").expect("a file in its place");
    let form = one_file(CREATE, json!({}), "a.png", &png(10, 10));
    let answer = site.send(&form).await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (503, "UNAVAILABLE")
    );
    fs::remove_file(&store).expect("removed");
    fs::rename(site.folder.path().join("data/away"), &store).expect("the store");
    let before = site.files().len();
    assert_eq!(
        site.create("a.png", &png(10, 10)).await["userErrors"],
        json!([])
    );
    assert_eq!(site.files().len(), before + 1);
}

/// A limit on the size of files stands for a disk that is full.
#[tokio::test]
async fn a_disk_that_is_full_is_told_and_nothing_is_left_behind() {
    let folder = TempDir::new().expect("a folder");
    let server = Server::start_with_small_files(folder.path(), 15_000);
    let mut site = Site::on(folder, server).await;
    let before = site.files();
    let answer = site.send(&large_form()).await;
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (503, "UNAVAILABLE")
    );
    site.wait_until_files_are(&before);
    let small = site.create("a.png", &png(10, 10)).await;
    assert_eq!(small["userErrors"], json!([]));
}

#[tokio::test]
async fn what_a_crash_left_behind_is_swept_once_it_is_a_day_old() {
    let site = Site::start(&[]).await;
    let payload = site.create("a.png", &png(10, 10)).await;
    let Site { folder, server, .. } = site;
    drop(server);
    let url = payload["asset"]["url"].as_str().expect("an address");
    let used = url.trim_start_matches("/media/").to_owned();
    let store = folder.path().join("data/media");
    let name = |digit: &str, ending: &str| format!("{}.{ending}", digit.repeat(32));
    let day = Duration::from_hours(24);
    for (name, age) in [
        (name("a", "png"), day * 2),
        (name("b", "png#1"), day * 2),
        (name("c", "png"), day / 2),
        (name("d", "png#1"), day / 2),
        ("notes#1".to_owned(), day * 2),
        ("notes.txt".to_owned(), day * 2),
        (used.clone(), day * 2),
    ] {
        let mut file = File::options()
            .append(true)
            .create(true)
            .open(store.join(name))
            .expect("a file");
        file.write_all(b"x").expect("written");
        let now = file
            .metadata()
            .and_then(|file| file.modified())
            .expect("the time");
        file.set_modified(now - age).expect("its time");
    }
    let before = files(folder.path());
    let mut server = Server::start_without_demo(folder.path(), &[]);
    for what in ["trashed", "unfinished"] {
        server.wait_for("sweep", |server| {
            let is_told = |line: &serde_json::Value| line["fields"][what] == 1;
            server.log().iter().any(is_told).then_some(())
        });
    }
    let gone = [name("a", "png"), name("b", "png#1")];
    let mut left: Vec<String> = before
        .into_iter()
        .filter(|name| !gone.contains(name))
        .collect();
    left.push("trash".to_owned());
    left.sort();
    assert_eq!(files(folder.path()), left);
    assert!(left.contains(&used));
    for path in [
        "/media/trash",
        "/media/trash/",
        &format!("/media/trash%2F{}", gone[0]),
    ] {
        assert_eq!(server.get(path, &[]).await.status, 404, "{path}");
    }
}
