//! The two limits that Kindling is held against: its answer as plain bytes, and its executor with nothing behind it.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use async_graphql::{
    Context, EmptyMutation, EmptySubscription, Enum, ID, InputObject, Object, OneofObject, Request,
    Schema,
};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use tokio::net::TcpListener;

use crate::model::Page;
use crate::support::Failure;

/// First argument of a process of this program that is to be a limit.
pub(crate) const COMMAND: &str = "serve-limit";

#[derive(Clone, Copy)]
pub(crate) enum Limit {
    InMemory,
    Bytes,
    FewBytes,
}

impl Limit {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::InMemory => "in-memory",
            Self::Bytes => "bytes",
            Self::FewBytes => "few-bytes",
        }
    }

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::InMemory => "async-graphql, in memory",
            Self::Bytes => "axum, the page's bytes",
            Self::FewBytes => "axum, the small answer",
        }
    }
}

/// Serves one limit until the process is ended. `answer` is the file with Kindling's own answer.
pub(crate) fn serve(limit: &str, address: SocketAddr, answer: &Path) -> Result<(), Failure> {
    let answer = std::fs::read(answer)?;
    let router = match limit {
        "in-memory" => in_memory(&answer)?,
        "bytes" | "few-bytes" => same_bytes(answer),
        other => return Err(format!("unknown limit {other}").into()),
    };
    let router = router.route("/readyz", get(|| async { "ready" }));
    // The same kind of runtime as the server's, which sees one core and takes one worker.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener =
            axum::serve::ListenerExt::tap_io(TcpListener::bind(address).await?, |stream| {
                // An answer that waits for an acknowledgement would measure the kernel.
                if let Err(error) = stream.set_nodelay(true) {
                    eprintln!("no TCP_NODELAY: {error}");
                }
            });
        Ok(axum::serve(listener, router).await?)
    })
}

fn same_bytes(answer: Vec<u8>) -> Router {
    async fn reply(State(answer): State<Bytes>, _request: Bytes) -> Response {
        json(answer)
    }
    Router::new()
        .route("/graphql", post(reply))
        .with_state(Bytes::from(answer))
}

type InMemory = Schema<Query, EmptyMutation, EmptySubscription>;

fn in_memory(answer: &[u8]) -> Result<Router, Failure> {
    async fn reply(State(schema): State<InMemory>, request: Bytes) -> Response {
        let Ok(request) = serde_json::from_slice::<Request>(&request) else {
            return StatusCode::BAD_REQUEST.into_response();
        };
        match serde_json::to_vec(&schema.execute(request).await) {
            Ok(body) => json(body.into()),
            Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
        }
    }
    let Answer { data } = serde_json::from_slice(answer)?;
    let schema = Schema::build(Query, EmptyMutation, EmptySubscription)
        .data(Arc::new(data.page))
        .finish();
    Ok(Router::new()
        .route("/graphql", post(reply))
        .with_state(schema))
}

fn json(body: Bytes) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

#[derive(Deserialize)]
struct Answer {
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    page: Page,
}

#[derive(OneofObject)]
enum PageBy {
    Id(ID),
    Key(String),
    Slug(String),
}

#[derive(InputObject)]
struct ContentView {
    perspective: Option<Perspective>,
    locales: Option<Vec<String>>,
    as_of: Option<String>,
}

#[derive(Clone, Copy, Enum, Eq, PartialEq)]
enum Perspective {
    Published,
    Draft,
}

struct Query;

#[Object]
impl Query {
    /// Compares what it is asked for with the one page that it has, and asks nobody.
    async fn page<'a>(
        &self,
        ctx: &Context<'a>,
        by: PageBy,
        view: Option<ContentView>,
    ) -> Option<&'a Page> {
        let page: &Arc<Page> = ctx.data_opt()?;
        let is_asked_for = match by {
            PageBy::Id(id) => page.id == id,
            PageBy::Key(key) => page.key.as_deref() == Some(&key),
            PageBy::Slug(slug) => page.slug == slug,
        };
        let is_visible = view.is_none_or(|view| {
            view.perspective != Some(Perspective::Draft)
                && view.as_of.is_none()
                && view
                    .locales
                    .is_none_or(|locales| locales.contains(&page.locale))
        });
        (is_asked_for && is_visible).then_some(page.as_ref())
    }
}
