//! `GraphiQL` at `/graphiql`: a page of our own around pinned files of others.
//!
//! None of the code of `GraphiQL` is part of Kindling. The browser loads it from a CDN, or from this server
//! if `npm install` in `web/` has put it there, and in both cases checks it against the hashes in
//! `index.html`. Its page may load nothing else and may talk to this server only.

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use axum::{
    Router,
    http::{HeaderName, StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::get,
};

const CSS: &str = "text/css; charset=utf-8";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

/// A file of an npm package that the page loads; its hash stands in `index.html`.
struct Pinned {
    package: &'static str,
    version: &'static str,
    file: &'static str,
    content_type: &'static str,
}

/// The same versions as in `web/package.json`.
const PINNED: [Pinned; 4] = [
    Pinned {
        package: "react",
        version: "18.3.1",
        file: "umd/react.production.min.js",
        content_type: JAVASCRIPT,
    },
    Pinned {
        package: "react-dom",
        version: "18.3.1",
        file: "umd/react-dom.production.min.js",
        content_type: JAVASCRIPT,
    },
    Pinned {
        package: "graphiql",
        version: "4.1.2",
        file: "graphiql.min.js",
        content_type: JAVASCRIPT,
    },
    Pinned {
        package: "graphiql",
        version: "4.1.2",
        file: "graphiql.min.css",
        content_type: CSS,
    },
];

impl Pinned {
    /// Where the browser finds the package: on the CDN or, if `local`, on this server, beside the page.
    fn package_url(&self, local: bool) -> String {
        let Self {
            package, version, ..
        } = self;
        if local {
            format!("graphiql/assets/{package}")
        } else {
            format!("https://cdn.jsdelivr.net/npm/{package}@{version}")
        }
    }

    fn url(&self, local: bool) -> String {
        format!("{}/{}", self.package_url(local), self.file)
    }

    fn path(&self, node_modules: &Path) -> PathBuf {
        node_modules.join(self.package).join(self.file)
    }
}

/// The routes of `GraphiQL`, with absolute paths, to merge into the server's router in development.
///
/// `assets` is the folder `web/node_modules`; if it is given and holds every pinned file, the page
/// loads them from this server, otherwise from the CDN.
pub(crate) fn router(assets: Option<PathBuf>) -> Router {
    let assets = assets.filter(|folder| PINNED.iter().all(|file| file.path(folder).is_file()));
    let page = page(assets.is_some());
    let policy = content_security_policy(assets.is_some());
    let router = Router::new()
        .route(
            "/graphiql",
            get(async move || (page_headers(policy), Html(page))),
        )
        .route(
            "/graphiql/start.js",
            get(async || typed(JAVASCRIPT, include_str!("start.js"))),
        )
        .route(
            "/graphiql/start.css",
            get(async || typed(CSS, include_str!("start.css"))),
        );
    match assets {
        Some(folder) => PINNED.iter().fold(router, |router, file| {
            // Only these paths exist: nothing of the request becomes part of a file name.
            let path = file.path(&folder);
            router.route(
                &format!("/{}", file.url(true)),
                get(move || asset(file, path)),
            )
        }),
        None => router,
    }
}

fn page(local: bool) -> String {
    PINNED
        .iter()
        .fold(include_str!("index.html").to_owned(), |page, file| {
            page.replace(&format!("{{{}}}", file.package), &file.package_url(local))
        })
}

/// The one `<style>` element that the pinned `GraphiQL` writes itself: it stops the page from
/// scrolling while a dialog or menu is open.
const OPEN_DIALOG: &str = "sha256-nzTgYzXYDNe6BAHiiI7NNlfK8n/auuOAhh2t92YvuXo=";

/// What the page may do: load exactly its files, show images and fonts that they contain, and ask
/// this server.
fn content_security_policy(local: bool) -> String {
    let sources = |content_type| {
        let files = PINNED
            .iter()
            .filter(|file| !local && file.content_type == content_type);
        files.fold("'self'".to_owned(), |list, file| {
            list + " " + &file.url(false)
        })
    };
    format!(
        "default-src 'none'; script-src {}; style-src {} '{OPEN_DIALOG}'; font-src data:; img-src 'self' data:; \
         connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        sources(JAVASCRIPT),
        sources(CSS),
    )
}

fn page_headers(policy: String) -> [(HeaderName, String); 3] {
    [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::REFERRER_POLICY, "no-referrer".into()),
        (header::CACHE_CONTROL, "no-cache".into()),
    ]
}

fn typed(content_type: &'static str, body: impl IntoResponse) -> Response {
    let headers = [
        (header::CONTENT_TYPE, content_type),
        (header::CACHE_CONTROL, "no-cache"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, body).into_response()
}

async fn asset(file: &'static Pinned, path: PathBuf) -> Response {
    match tokio::fs::read(path).await {
        Ok(bytes) => typed(file.content_type, bytes),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}
