//! What is compared: Kindling as it is shipped, asked in several ways, and the limits, which are given Kindling's own answers.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::limits::{self, Limit};
use crate::support::Failure;
use crate::support::client::{self, Connection};
use crate::support::kindling;
use crate::support::pinning::Pinning;
use crate::support::scratch::Scratch;
use crate::support::server::{self, Server};

const QUERY: &str = include_str!("page.graphql");
/// Requests that are not alike, which is as many as there are connections, or more.
const DIFFERENT: u32 = 64;
const SMALL_QUERY: &str = "{ page(by: {slug: \"our-story\"}) { id title tagline } }";

/// One way to ask one server.
pub(crate) struct Contestant {
    pub(crate) name: String,
    pub(crate) server: Rc<Server>,
    /// Whole HTTP requests, of which each connection sends one again and again.
    pub(crate) requests: Vec<Arc<[u8]>>,
    /// Every answer under load has this status …
    pub(crate) status: u16,
    /// … and this body, or one as long.
    pub(crate) answer: Arc<[u8]>,
    /// The name of what it is held against, with the ratio that is asked for.
    pub(crate) held_against: Vec<(&'static str, f64)>,
    /// What is known of Kindling as it is shipped.
    pub(crate) at_rest: Option<AtRest>,
}

pub(crate) struct AtRest {
    pub(crate) first_ready_after: Duration,
    pub(crate) ready_after: Duration,
    pub(crate) resident_kib: Option<u64>,
}

/// Kindling on one engine: as it is shipped, and with less and less of it kept in memory.
pub(crate) async fn kindling(
    scratch: &Scratch,
    pinning: Pinning,
    database_url: Option<&str>,
) -> Result<Vec<Contestant>, Failure> {
    let (engine, nothing_kept) = match database_url {
        Some(_) => ("PostgreSQL", 0.15),
        None => ("SQLite", 0.25),
    };
    // The first start imports the demo content, the second is measured.
    let first = kindling::start(scratch, pinning, database_url, &[]).await?;
    let first_ready_after = first.ready_after;
    first.stop().await?;
    let server = kindling::start(scratch, pinning, database_url, &[]).await?;
    let at_rest = AtRest {
        first_ready_after,
        ready_after: server.ready_after,
        resident_kib: server.resident_kib(),
    };
    let server = Rc::new(server);
    let mut contestants = Vec::new();
    let kept = enter(format!("{engine}: page kept"), &server, &[page_request()]).await?;
    let mut kept = kept.against(Limit::Bytes, 0.6);
    kept.at_rest = Some(at_rest);
    if database_url.is_none() {
        let unchanged = unchanged(&server).await?;
        contestants.push(unchanged.against(Limit::Bytes, 0.8));
        let small = enter(
            "SQLite: small query kept".into(),
            &server,
            &[small_request()],
        )
        .await?;
        contestants.push(small.against(Limit::FewBytes, 0.5));
    }
    contestants.insert(0, kept);
    let modes: [(&str, &[&str], f64); 2] = [
        ("rows kept", &["--answer-cache-bytes", "0"], 0.5),
        (
            "nothing kept",
            &["--answer-cache-bytes", "0", "--row-cache-bytes", "0"],
            nothing_kept,
        ),
    ];
    for (name, settings, asked) in modes {
        let server = kindling::start(scratch, pinning, database_url, settings).await?;
        let server = Rc::new(server);
        let contestant = enter(format!("{engine}: {name}"), &server, &page_requests()).await?;
        contestants.push(contestant.against(Limit::InMemory, asked));
    }
    Ok(contestants)
}

impl Contestant {
    fn against(mut self, limit: Limit, asked: f64) -> Self {
        self.held_against.push((limit.title(), asked));
        self
    }
}

/// Starts a limit in a process of its own, and makes sure that it answers what Kindling answered.
pub(crate) async fn limit(
    limit: Limit,
    answer: &[u8],
    scratch: &Scratch,
    pinning: Pinning,
) -> Result<Contestant, Failure> {
    let file = scratch.path(&format!("{}.json", limit.name()));
    std::fs::write(&file, answer)?;
    let address = server::free_address()?;
    let mut command = pinning.server_command(std::env::current_exe()?);
    command
        .args([limits::COMMAND, limit.name(), &address.to_string()])
        .arg(&file);
    let server = Server::start(
        command,
        address,
        scratch.path(&format!("{}.log", limit.name())),
    )
    .await?;
    let requests = match limit {
        Limit::FewBytes => vec![small_request()],
        Limit::Bytes => vec![page_request()],
        Limit::InMemory => page_requests(),
    };
    let contestant = enter(limit.title().into(), &Rc::new(server), &requests).await?;
    if page(&contestant.answer)? != page(answer)? {
        let differs = String::from_utf8_lossy(&contestant.answer).into_owned();
        return Err(format!(
            "the limit '{}' answers another page than Kindling:\n{differs}",
            limit.name()
        )
        .into());
    }
    Ok(contestant)
}

fn variables() -> Value {
    json!({ "by": { "slug": "our-story" }, "view": { "locales": ["en"] } })
}

fn page_request() -> Vec<u8> {
    let body = json!({ "query": QUERY, "variables": variables() });
    client::post_graphql(&body.to_string(), None)
}

/// The same, but no two alike: what is asked alike at the same moment is executed once.
fn page_requests() -> Vec<Vec<u8>> {
    let request = |number: u32| {
        let mut variables = variables();
        variables["number"] = number.into();
        let body = json!({ "query": QUERY, "variables": variables });
        client::post_graphql(&body.to_string(), None)
    };
    (0..DIFFERENT).map(request).collect()
}

fn small_request() -> Vec<u8> {
    client::post_graphql(&json!({ "query": SMALL_QUERY }).to_string(), None)
}

/// Asks once, checks the answer and keeps it as the one that every later answer is held against.
async fn enter(
    name: String,
    server: &Rc<Server>,
    requests: &[Vec<u8>],
) -> Result<Contestant, Failure> {
    let mut connection = Connection::open(server.address).await?;
    let request = requests.first().ok_or("there is nothing to ask")?;
    let answer = connection.exchange(request).await?;
    let text = String::from_utf8_lossy(answer.body);
    if answer.status != 200 {
        return Err(format!("{name} answers {}:\n{text}", answer.status).into());
    }
    page(answer.body).map_err(|error| format!("{name}: {error}:\n{text}"))?;
    let answer = answer.body.into();
    Ok(Contestant {
        name,
        server: Rc::clone(server),
        requests: requests
            .iter()
            .map(|request| request.as_slice().into())
            .collect(),
        status: 200,
        answer,
        held_against: Vec::new(),
        at_rest: None,
    })
}

/// A browser or a cache that has the page already, and asks whether it still holds.
async fn unchanged(server: &Rc<Server>) -> Result<Contestant, Failure> {
    let parameters = [
        ("query", QUERY.to_owned()),
        ("variables", variables().to_string()),
    ];
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish();
    let path = format!("/graphql?{query}");
    let mut connection = Connection::open(server.address).await?;
    let answer = connection.exchange(&client::get(&path)).await?;
    let head = std::str::from_utf8(answer.head)?.to_ascii_lowercase();
    let (_, rest) = head.split_once("\r\netag: ").ok_or("a page has no ETag")?;
    let tag = rest.lines().next().unwrap_or_default();
    // The tag is case-sensitive, and what was found is not.
    let at = head.len() - rest.len();
    let tag = std::str::from_utf8(&answer.head[at..at + tag.len()])?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: {tag}\r\n\r\n");
    let request = request.into_bytes();
    let answer = connection.exchange(&request).await?;
    if answer.status != 304 {
        return Err(format!("wanted 304, got {}", answer.status).into());
    }
    Ok(Contestant {
        name: "SQLite: page unchanged".into(),
        server: Rc::clone(server),
        requests: vec![request.into()],
        status: 304,
        answer: Arc::new([]),
        held_against: Vec::new(),
        at_rest: None,
    })
}

/// The page in an answer that has one and has no errors.
fn page(answer: &[u8]) -> Result<Value, Failure> {
    let mut answer: Value = serde_json::from_slice(answer)?;
    if answer.get("errors").is_some() {
        return Err("the answer has errors".into());
    }
    match answer["data"]["page"].take() {
        Value::Null => Err("the answer has no page".into()),
        page => Ok(page),
    }
}
