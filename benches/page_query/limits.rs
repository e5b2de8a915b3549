//! The two limits that Kindling is held against: its answer as plain bytes, and its executor with nothing behind it.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use async_graphql::parser::types::ExecutableDocument;
use async_graphql::{
    Context, EmptyMutation, EmptySubscription, Enum, ID, InputObject, Object, OneofObject, Request,
    Schema, ValidationMode,
};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use tokio::net::TcpListener;

use crate::model::{Milestones, Page, TeamMembers};
use crate::support::Failure;

/// First argument of a process of this program that is to be a limit.
pub(crate) const COMMAND: &str = "serve-limit";

#[derive(Clone, Copy)]
pub(crate) enum Limit {
    Page,
    ByDate,
    ByName,
    Bytes,
    FewBytes,
}

impl Limit {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::ByDate => "by-date",
            Self::ByName => "by-name",
            Self::Bytes => "bytes",
            Self::FewBytes => "few-bytes",
        }
    }

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Page => "async-graphql, the page",
            Self::ByDate => "async-graphql, by date",
            Self::ByName => "async-graphql, by name",
            Self::Bytes => "axum, the page's bytes",
            Self::FewBytes => "axum, the small answer",
        }
    }
}

/// Serves one limit until the process is ended. `answer` is the file with Kindling's own answer.
pub(crate) fn serve(limit: &str, address: SocketAddr, answer: &Path) -> Result<(), Failure> {
    let answer = std::fs::read(answer)?;
    let router = match limit {
        "page" | "by-date" | "by-name" => in_memory(&answer)?,
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

/// The executor, and the documents that were sent before, which were validated then.
#[derive(Clone)]
struct InMemory {
    schema: Schema<Query, EmptyMutation, EmptySubscription>,
    documents: Arc<RwLock<HashMap<String, ExecutableDocument>>>,
}

impl InMemory {
    async fn answer(&self, mut request: Request) -> async_graphql::Response {
        let kept = self.document(&request.query);
        match kept {
            Some(document) => request.set_parsed_query(document),
            None => match request.parsed_query() {
                Ok(document) => self.keep(document.clone(), &request.query),
                Err(error) => return async_graphql::Response::from_errors(vec![error]),
            },
        }
        self.schema.execute(request).await
    }

    fn document(&self, text: &str) -> Option<ExecutableDocument> {
        let documents = self
            .documents
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        documents.get(text).cloned()
    }

    fn keep(&self, document: ExecutableDocument, text: &str) {
        let mut documents = self
            .documents
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        documents.insert(text.to_owned(), document);
    }
}

fn in_memory(answer: &[u8]) -> Result<Router, Failure> {
    async fn reply(State(memory): State<InMemory>, request: Bytes) -> Response {
        let Ok(request) = serde_json::from_slice::<Request>(&request) else {
            return StatusCode::BAD_REQUEST.into_response();
        };
        match serde_json::to_vec(&memory.answer(request).await) {
            Ok(body) => json(body.into()),
            Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
        }
    }
    let Answer { data } = serde_json::from_slice(answer)?;
    let schema = Schema::build(Query, EmptyMutation, EmptySubscription)
        .data(Arc::new(data))
        // What was sent before needs no validation again; this looks at cost alone.
        .validation_mode(ValidationMode::Fast)
        .finish();
    let memory = InMemory {
        schema,
        documents: Arc::default(),
    };
    Ok(Router::new()
        .route("/graphql", post(reply))
        .with_state(memory))
}

fn json(body: Bytes) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body).into_response()
}

#[derive(Deserialize)]
struct Answer {
    data: Data,
}

/// What a limit has: that which it is asked for.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Data {
    page: Option<Page>,
    milestones: Option<Milestones>,
    team_members: Option<TeamMembers>,
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

#[derive(Clone, Copy, Enum, Eq, PartialEq)]
enum Field {
    Date,
    Name,
}

#[derive(Clone, Copy, Enum, Eq, PartialEq)]
enum Direction {
    Asc,
    Desc,
}

#[derive(InputObject)]
struct Order {
    field: Field,
    direction: Option<Direction>,
}

/// Whether the first page is asked for in the order in which the limit has it.
fn is_known(first: i32, after: Option<&str>, order: &[Order]) -> bool {
    let is_order = |order: &Order| match order.field {
        Field::Date => order.direction == Some(Direction::Desc),
        Field::Name => order.direction.is_none(),
    };
    first == 20 && after.is_none() && order.iter().all(is_order)
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
        let page = data(ctx)?.page.as_ref()?;
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
        (is_asked_for && is_visible).then_some(page)
    }

    async fn milestones<'a>(
        &self,
        ctx: &Context<'a>,
        first: i32,
        after: Option<String>,
        order_by: Vec<Order>,
    ) -> Option<&'a Milestones> {
        let milestones = data(ctx)?.milestones.as_ref()?;
        is_known(first, after.as_deref(), &order_by).then_some(milestones)
    }

    async fn team_members<'a>(
        &self,
        ctx: &Context<'a>,
        first: i32,
        after: Option<String>,
        order_by: Vec<Order>,
    ) -> Option<&'a TeamMembers> {
        let team_members = data(ctx)?.team_members.as_ref()?;
        is_known(first, after.as_deref(), &order_by).then_some(team_members)
    }
}

fn data<'a>(ctx: &Context<'a>) -> Option<&'a Data> {
    let data: &Arc<Data> = ctx.data_opt()?;
    Some(data.as_ref())
}
