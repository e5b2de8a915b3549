//! Files over HTTP, asked of the real program.

use tempfile::TempDir;

use crate::support::server::{Answer, Server};

/// A server with the demo, and the path, length and content of one of its pictures.
async fn picture() -> (TempDir, Server, String, Vec<u8>) {
    let folder = TempDir::new().expect("a folder");
    let server = Server::start(folder.path(), &[]);
    let asset = server
        .query("{ assets(first: 1) { nodes { url bytes } } }")
        .await
        .json();
    let asset = &asset["data"]["assets"]["nodes"][0];
    let path = asset["url"].as_str().expect("an address").to_owned();
    let whole = server.get(&path, &[]).await;
    assert_eq!(Some(whole.body.len() as u64), asset["bytes"].as_u64());
    (folder, server, path, whole.body)
}

fn range(answer: &Answer) -> (u16, &str) {
    (answer.status, answer.header("content-range"))
}

#[tokio::test]
async fn a_picture_comes_with_its_type_and_may_be_kept_for_a_year() {
    let (_folder, server, path, content) = picture().await;
    assert!(path.starts_with("/media/"), "{path}");
    for method in ["GET", "HEAD"] {
        let answer = server.request(method, &path, &[], "").await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, "image/webp")
        );
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(
            answer.header("cache-control"),
            "public, max-age=31536000, immutable"
        );
        assert_eq!(answer.header("accept-ranges"), "bytes");
        assert_eq!(
            answer.header("content-security-policy"),
            "default-src 'none'; sandbox"
        );
        assert_eq!(answer.header("content-length"), content.len().to_string());
        assert!(answer.header("etag").starts_with('"'));
        assert_eq!(answer.body.is_empty(), method == "HEAD");
    }
    assert_eq!(&content[8..12], b"WEBP");
}

#[tokio::test]
async fn who_has_a_picture_already_is_not_sent_it_again() {
    let (_folder, server, path, content) = picture().await;
    let tag = server.get(&path, &[]).await.header("etag").to_owned();
    for known in [
        tag.clone(),
        "*".to_owned(),
        format!("\"other\", {tag}"),
        format!("W/{tag}"),
    ] {
        let answer = server.get(&path, &[("If-None-Match", &known)]).await;
        assert_eq!(
            (answer.status, answer.header("etag"), answer.body.len()),
            (304, tag.as_str(), 0),
            "{known}"
        );
        assert_eq!(
            answer.header("cache-control"),
            "public, max-age=31536000, immutable"
        );
    }
    let answer = server.get(&path, &[("If-None-Match", "\"other\"")]).await;
    assert_eq!((answer.status, answer.body), (200, content));
}

#[tokio::test]
async fn a_part_of_a_picture_can_be_asked_for() {
    let (_folder, server, path, content) = picture().await;
    let (length, tag) = (
        content.len(),
        server.get(&path, &[]).await.header("etag").to_owned(),
    );
    let last = length - 1;
    for (asked, from, to) in [
        ("bytes=0-9".to_owned(), 0, 9),
        ("bytes=5-5".to_owned(), 5, 5),
        ("bytes=10-".to_owned(), 10, last),
        ("bytes=-7".to_owned(), length - 7, last),
        (format!("bytes={last}-{}", length + 100), last, last),
    ] {
        let answer = server.get(&path, &[("Range", &asked)]).await;
        assert_eq!(
            range(&answer),
            (206, format!("bytes {from}-{to}/{length}").as_str()),
            "{asked}"
        );
        assert_eq!(answer.body, content[from..=to], "{asked}");
        assert_eq!(
            answer.header("content-length"),
            (to - from + 1).to_string(),
            "{asked}"
        );
        assert_eq!(answer.header("etag"), tag);
    }
    for asked in [
        format!("bytes={length}-"),
        format!("bytes={}-{}", length + 5, length + 9),
        "bytes=-0".to_owned(),
    ] {
        let answer = server.get(&path, &[("Range", &asked)]).await;
        assert_eq!(
            range(&answer),
            (416, format!("bytes */{length}").as_str()),
            "{asked}"
        );
    }
    for asked in ["bytes=0-1, 4-5", "lines=1-2", "nonsense"] {
        let answer = server.get(&path, &[("Range", asked)]).await;
        assert_eq!((answer.status, answer.body.len()), (200, length), "{asked}");
    }
    for (known, status) in [(tag.as_str(), 206), ("\"other\"", 200)] {
        let answer = server
            .get(&path, &[("Range", "bytes=0-9"), ("If-Range", known)])
            .await;
        assert_eq!(answer.status, status, "{known}");
    }
}

#[tokio::test]
async fn a_file_that_is_gone_or_never_was_is_not_unchanged() {
    let (folder, server, path, _) = picture().await;
    let tag = server.get(&path, &[]).await.header("etag").to_owned();
    let never = format!("/media/{}.png", "a".repeat(32));
    std::fs::remove_file(folder.path().join("data").join(&path[1..])).expect("a file");
    let since = "Fri, 01 Jan 2027 00:00:00 GMT";
    for (path, tag) in [(path, tag), (never, format!("\"{}.png\"", "a".repeat(32)))] {
        for (name, value) in [
            ("If-None-Match", tag.as_str()),
            ("If-None-Match", "*"),
            ("If-None-Match", &format!("W/{tag}")),
            ("If-Modified-Since", since),
            ("Range", "bytes=0-9"),
            ("If-Match", "*"),
        ] {
            for method in ["GET", "HEAD"] {
                let headers = [(name, value), ("If-Range", &tag)];
                let answer = server.request(method, &path, &headers, "").await;
                assert_eq!(answer.status, 404, "{method} {path} {name}: {value}");
                assert_eq!(answer.header("cache-control"), "");
            }
        }
    }
}

#[tokio::test]
async fn more_than_there_is_from_the_end_is_the_whole() {
    let (_folder, server, path, content) = picture().await;
    let length = content.len();
    for asked in [length, length + 1, length + 1000] {
        let answer = server
            .get(&path, &[("Range", &format!("bytes=-{asked}"))])
            .await;
        assert_eq!(
            range(&answer),
            (206, format!("bytes 0-{}/{length}", length - 1).as_str()),
            "{asked}"
        );
        assert_eq!(answer.body, content);
    }
}

#[tokio::test]
async fn a_name_that_no_file_can_have_is_a_file_that_is_not_there() {
    let (_folder, server, ..) = picture().await;
    let answer = server
        .get(&format!("/media/{}.webp", "a".repeat(300)), &[])
        .await;
    assert_eq!((answer.status, answer.code().as_str()), (404, "NOT_FOUND"));
    assert!(
        server.log().iter().all(|line| line["level"] != "ERROR"),
        "{:?}",
        server.log()
    );
}

#[tokio::test]
async fn nothing_but_pictures_of_the_store_is_served() {
    let (folder, server, path, _) = picture().await;
    std::fs::write(folder.path().join("data/outside.webp"), "secret")
        .expect("a file beside the store");
    std::fs::write(folder.path().join("data/media/notes.txt"), "secret")
        .expect("a file that is no picture");
    for path in [
        "/media/",
        "/media/nothing.webp",
        "/media/notes.txt",
        "/media/../outside.webp",
        "/media/..%2foutside.webp",
        "/media/%2e%2e%2foutside.webp",
        "/media/%252e%252e%252foutside.webp",
        "/media/..%5coutside.webp",
        "/media/%00outside.webp",
        "/media//outside.webp",
        "/media/%2fetc%2fpasswd.webp",
        "/media/.%2f..%2foutside.webp",
        &format!("{path}%00"),
        &format!("{path}/"),
        "/media/%E2%80%AEoutside.webp",
        "/media/%ff.webp",
        "/media/%ff.png",
        "/media/%c3%28",
        "/media/%ed%a0%80.png",
        "/media/%",
        "/media/%zz.png",
        "/media/%f",
        "/media/kindling-site-id",
        "/media/trash",
        "/media/trash%2f20260101T000000Z%2fa.png",
        &format!("{path}%ff"),
        &path.replace("/media/", "/media/%ff"),
    ] {
        let answer = server.get(path, &[]).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (404, "NOT_FOUND"),
            "{path}: {answer:?}"
        );
        assert!(
            !String::from_utf8_lossy(&answer.body).contains("secret"),
            "{path}"
        );
    }
    let answer = server.get("/media/nothing.webp", &[]).await;
    assert_eq!(
        (
            answer.status,
            answer.code().as_str(),
            answer.header("cache-control")
        ),
        (404, "NOT_FOUND", "")
    );
}
