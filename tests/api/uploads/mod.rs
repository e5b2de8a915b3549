//! Files that are uploaded, asked of the real program.

mod assets;
mod kept;
mod malformed;
mod metadata;

use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{
    pictures::{CREATE, avif, form, gif, jpeg, one_file, padded, png, webp},
    server::{Answer, Server},
};

/// A server with the demo, and an editor's credentials.
struct Site {
    folder: TempDir,
    server: Server,
    bearer: String,
}

impl Site {
    async fn start(arguments: &[&str]) -> Self {
        let folder = TempDir::new().expect("a folder");
        let server = Server::start(folder.path(), arguments);
        Self::on(folder, server).await
    }

    async fn on(folder: TempDir, mut server: Server) -> Self {
        let bearer = format!("Bearer {}", server.sign_in("editor").await);
        Self {
            folder,
            server,
            bearer,
        }
    }

    /// The names of all files of the store, also of those that are not whole.
    fn files(&self) -> Vec<String> {
        files(self.folder.path())
    }

    async fn send(&self, form: &[u8]) -> Answer {
        let credentials = [("Authorization", self.bearer.as_str())];
        self.server.send_form(&credentials, form).await
    }

    /// The payload of `createAsset`.
    async fn create(&self, file_name: &str, file: &[u8]) -> Value {
        let form = one_file(CREATE, json!({}), file_name, file);
        let answer = self.send(&form).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let answer = answer.json();
        assert!(answer["errors"].is_null(), "{answer}");
        answer["data"]["createAsset"].clone()
    }
}

fn files(folder: &Path) -> Vec<String> {
    let files = std::fs::read_dir(folder.join("data/media")).expect("the store");
    let mut names: Vec<String> = files
        .map(|file| file.expect("a file").file_name().into_string())
        .map(|name| name.expect("a name of text"))
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn what_a_file_is_its_content_tells() {
    let site = Site::start(&[]).await;
    for (picture, media_type, ending) in [
        (jpeg(640, 480), "image/jpeg", "jpg"),
        (png(640, 480), "image/png", "png"),
        (webp(640, 480), "image/webp", "webp"),
        (gif(640, 480), "image/gif", "gif"),
        (avif(640, 480), "image/avif", "avif"),
    ] {
        let payload = site.create("../../page.html", &picture).await;
        assert_eq!(payload["userErrors"], json!([]));
        let asset = &payload["asset"];
        assert_eq!(
            [&asset["fileName"], &asset["mediaType"], &asset["revision"]],
            [&json!("page.html"), &json!(media_type), &json!(1)]
        );
        assert_eq!(
            [&asset["width"], &asset["height"], &asset["bytes"]],
            [&json!(640), &json!(480), &json!(picture.len())]
        );
        let url = asset["url"].as_str().expect("an address");
        assert!(url.ends_with(&format!(".{ending}")), "{url}");
        let served = site.server.get(url, &[]).await;
        assert_eq!(
            (served.status, served.header("content-type")),
            (200, media_type)
        );
        assert_eq!(served.body, picture);
    }
}

#[tokio::test]
async fn what_cannot_be_kept_is_told_to_the_editor_and_leaves_no_file() {
    let limits = ["--max-upload-bytes", "2MiB"];
    let site = Site::start(&limits).await;
    let before = site.files();
    let whole = png(10, 10);
    let heic = [b"\0\0\0\x18ftypheic".as_slice(), &avif(9, 9)[12..]].concat();
    let mebibyte = 1024 * 1024;
    for (what, file, part_of_message) in [
        ("nothing", Vec::new(), "must be a whole picture"),
        ("text", b"a picture, honestly".to_vec(), "a whole picture"),
        (
            "SVG",
            b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>".to_vec(),
            "a whole picture",
        ),
        (
            "HTML",
            b"<!doctype html><script>alert(1)</script>".to_vec(),
            "a whole picture",
        ),
        (
            "a script and GIF",
            b"GIF89a=1;alert(1)//".to_vec(),
            "a whole picture",
        ),
        (
            "a script and PNG",
            b"\x89PNG\r\n\x1a\n=1;alert(1)//padding-padding".to_vec(),
            "a whole",
        ),
        (
            "half of a PNG's head",
            whole[..20].to_vec(),
            "a whole picture",
        ),
        (
            "half of an AVIF's head",
            avif(10, 10)[..60].to_vec(),
            "a whole picture",
        ),
        ("a kind that browsers do not show", heic, "a whole picture"),
        ("a picture without pixels", png(0, 10), "a whole picture"),
        (
            "too many pixels",
            png(30_000, 30_000),
            "at most 50000000 pixels",
        ),
        (
            "a little too large",
            padded(&whole, 2 * mebibyte + 1),
            "at most 2 MiB large",
        ),
        (
            "far too large",
            padded(&whole, 5 * mebibyte),
            "at most 2 MiB large",
        ),
    ] {
        let payload = site.create("a.png", &file).await;
        let error = &payload["userErrors"][0];
        assert_eq!(
            (&payload["asset"], &error["code"], &error["path"]),
            (&Value::Null, &json!("INVALID"), &json!("file")),
            "{what}: {payload}"
        );
        let message = error["message"].as_str().expect("a message");
        assert!(message.contains(part_of_message), "{what}: {message}");
        assert_eq!(site.files(), before, "{what}");
    }
    let payload = site.create("a.png", &padded(&whole, 2 * mebibyte)).await;
    assert_eq!(payload["asset"]["bytes"], 2 * mebibyte);
    assert_eq!(site.files().len(), before.len() + 1);
}

#[tokio::test]
async fn only_those_who_may_create_an_asset_can_send_a_file() {
    let site = Site::start(&[]).await;
    let before = site.files();
    let form = one_file(CREATE, json!({}), "a.png", &png(10, 10));
    let told = |answer: &Answer| (answer.status, answer.code());

    let forged = site.server.send_form(&[], &form).await;
    assert_eq!(told(&forged), (415, "BAD_REQUEST".to_owned()));
    for header in ["GraphQL-Preflight", "Apollo-Require-Preflight"] {
        let anonymous = site.server.send_form(&[(header, "1")], &form).await;
        assert_eq!(told(&anonymous), (401, "UNAUTHENTICATED".to_owned()));
        assert_eq!(anonymous.header("www-authenticate"), "Bearer");
    }
    let wrong = [("Authorization", "Bearer nobody")];
    let wrong = site.server.send_form(&wrong, &form).await;
    assert_eq!(told(&wrong), (401, "UNAUTHENTICATED".to_owned()));
    // An answer that comes while the sender is still sending would be lost with the connection.
    let large = one_file(
        CREATE,
        json!({}),
        "a.png",
        &padded(&png(10, 10), 15 * 1024 * 1024),
    );
    let expired = [("Authorization", "Bearer expired")];
    let expired = site.server.send_form(&expired, &large).await;
    assert_eq!(told(&expired), (401, "UNAUTHENTICATED".to_owned()));
    assert_eq!(site.files(), before);
}

#[tokio::test]
async fn a_query_can_be_sent_as_a_form_without_files() {
    let site = Site::start(&[]).await;
    let form = form(&[
        ("operations", None, br#"{"query": "{ __typename }"}"#),
        ("map", None, b"{}"),
    ]);
    let answer = site
        .server
        .send_form(&[("GraphQL-Preflight", "1")], &form)
        .await;
    assert_eq!(answer.json(), json!({"data": {"__typename": "Query"}}));
}

/// What the command of the guide sends as the part of this name.
fn of_the_guide(part: &str) -> &'static str {
    let guide = include_str!("../../../docs/uploading.md");
    let text = guide.split(&format!("--form {part}='")).nth(1);
    text.and_then(|text| text.split('\'').next())
        .expect("a part")
}

#[tokio::test]
async fn the_command_of_the_guide_uploads_a_picture() {
    let site = Site::start(&[]).await;
    let form = form(&[
        ("operations", None, of_the_guide("operations").as_bytes()),
        ("map", None, of_the_guide("map").as_bytes()),
        ("0", Some("picture.webp"), &webp(800, 600)),
    ]);
    let answer = site.send(&form).await.json();
    let payload = &answer["data"]["createAsset"];
    assert_eq!(payload["userErrors"], json!([]), "{answer}");
    assert_eq!(payload["asset"]["width"], 800);
}

#[tokio::test]
async fn several_files_go_to_the_fields_that_the_map_names() {
    let site = Site::start(&[]).await;
    let query =
        "mutation($one: CreateAssetInput!, $two: CreateAssetInput!, $three: CreateAssetInput!) {
        one: createAsset(input: $one) { asset { mediaType } userErrors { path } }
        two: createAsset(input: $two) { asset { mediaType } userErrors { path } }
        three: createAsset(input: $three) { asset { mediaType } userErrors { path } }
    }";
    let variables = json!({"one": {"file": null}, "two": {"file": null}, "three": {"file": null}});
    let operations = json!({"query": query, "variables": variables}).to_string();
    let map = json!({"b": ["variables.two.file"], "a": ["variables.one.file"], "c": ["variables.three.file"]});
    let form = form(&[
        ("operations", None, operations.as_bytes()),
        ("map", None, map.to_string().as_bytes()),
        ("c", Some("c"), b"no picture"),
        ("b", Some("b"), &gif(1, 2)),
        ("a", Some("a"), &jpeg(1, 2)),
    ]);
    let before = site.files().len();
    let answer = site.send(&form).await.json();
    let data = &answer["data"];
    assert_eq!(data["one"]["asset"]["mediaType"], "image/jpeg", "{answer}");
    assert_eq!(data["two"]["asset"]["mediaType"], "image/gif", "{answer}");
    assert_eq!(data["three"]["userErrors"], json!([{"path": "file"}]));
    assert_eq!(site.files().len(), before + 2);
}
