//! Tests of `GraphiQL`'s routes: what is served from where, and what is not.

use std::fs;

use axum::{
    body::{Body, to_bytes},
    http::Request,
};
use tower::ServiceExt;

use super::*;

/// Status, Content-Security-Policy or nothing, content type, body.
async fn fetch(assets: Option<PathBuf>, path: &str) -> (u16, String, String, String) {
    let request = Request::get(path).body(Body::empty()).unwrap();
    let response = router(assets).oneshot(request).await.unwrap();
    let header = |name: HeaderName| {
        let value = response.headers().get(name);
        value
            .map(|value| value.to_str().unwrap().to_owned())
            .unwrap_or_default()
    };
    let (policy, kind) = (
        header(header::CONTENT_SECURITY_POLICY),
        header(header::CONTENT_TYPE),
    );
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (
        status,
        policy,
        kind,
        String::from_utf8(body.to_vec()).unwrap(),
    )
}

/// A folder that looks like `web/node_modules`, with something secret beside the pinned files.
fn node_modules(name: &str) -> PathBuf {
    let folder =
        std::env::temp_dir().join(format!("kindling-graphiql-{}-{name}", std::process::id()));
    for file in &PINNED {
        let path = file.path(&folder);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, file.file).unwrap();
    }
    fs::write(folder.join("graphiql/package.json"), "{}").unwrap();
    folder
}

#[tokio::test]
async fn without_local_files_the_page_loads_the_pinned_ones_from_the_cdn() {
    for assets in [None, Some(PathBuf::from("/nowhere/node_modules"))] {
        let (status, policy, kind, page) = fetch(assets, "/graphiql").await;
        assert_eq!((status, kind.as_str()), (200, "text/html; charset=utf-8"));
        for file in &PINNED {
            assert!(
                page.contains(&format!(
                    "\"{}\" crossorigin=\"anonymous\"",
                    file.url(false)
                )),
                "{page}"
            );
            assert!(policy.contains(&file.url(false)), "{policy}");
        }
        assert_eq!(page.matches("integrity=\"sha384-").count(), PINNED.len());
        assert!(!page.contains('{'), "a placeholder is left: {page}");
    }
}

#[tokio::test]
async fn with_local_files_the_page_loads_nothing_from_elsewhere() {
    let (_, policy, _, page) = fetch(Some(node_modules("page")), "/graphiql").await;
    assert!(
        !policy.contains("https:") && !page.contains("https:"),
        "{policy}\n{page}"
    );
    for file in &PINNED {
        assert!(page.contains(&file.url(true)), "{page}");
        let (status, _, kind, body) =
            fetch(Some(node_modules("page")), &format!("/{}", file.url(true))).await;
        assert_eq!(
            (status, kind.as_str(), body.as_str()),
            (200, file.content_type, file.file)
        );
    }
}

#[tokio::test]
async fn no_other_file_is_served() {
    for path in [
        "/graphiql/assets/graphiql/package.json",
        "/graphiql/assets/graphiql/../graphiql/package.json",
        "/graphiql/assets/graphiql/%2e%2e/graphiql/package.json",
        "/graphiql/assets/graphiql/..%2fgraphiql%2fpackage.json",
        "/graphiql/assets/",
    ] {
        assert_eq!(
            fetch(Some(node_modules("other")), path).await.0,
            404,
            "{path}"
        );
    }
    assert_eq!(
        fetch(None, &format!("/{}", PINNED[0].url(true))).await.0,
        404
    );
}

#[tokio::test]
async fn no_script_stands_in_the_page_and_none_would_run() {
    let (_, policy, _, page) = fetch(None, "/graphiql").await;
    let scripts = page
        .split("<script")
        .skip(1)
        .filter(|script| !script.contains("></script>"));
    assert_eq!(scripts.count(), 0, "{page}");
    assert!(!policy.contains("unsafe"), "{policy}");
    for (path, kind) in [
        ("/graphiql/start.js", JAVASCRIPT),
        ("/graphiql/start.css", CSS),
    ] {
        assert_eq!(fetch(None, path).await.2, kind);
    }
}

#[test]
fn the_versions_are_those_of_package_json() {
    let package = include_str!("../../../web/package.json");
    for file in &PINNED {
        let line = format!("\"{}\": \"{}\"", file.package, file.version);
        assert!(package.contains(&line), "no {line} in {package}");
    }
}
