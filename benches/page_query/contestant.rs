//! The servers that are compared: Kindling as it is shipped, and the limits that are given Kindling's own answer.

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

pub(crate) struct Contestant {
    pub(crate) name: &'static str,
    pub(crate) server: Server,
    /// The whole HTTP request that asks for the page.
    pub(crate) request: Arc<[u8]>,
    /// The answer's body. Every answer under load has this length.
    pub(crate) answer: Arc<[u8]>,
    /// What is known of Kindling only.
    pub(crate) at_rest: Option<AtRest>,
}

pub(crate) struct AtRest {
    pub(crate) first_ready_after: Duration,
    pub(crate) ready_after: Duration,
    pub(crate) resident_kib: Option<u64>,
}

/// Starts the shipped binary twice on the same data: the first start imports the demo content, the second is measured.
pub(crate) async fn kindling(
    scratch: &Scratch,
    pinning: Pinning,
    database_url: Option<&str>,
) -> Result<Contestant, Failure> {
    let name = if database_url.is_some() {
        "kindling, PostgreSQL"
    } else {
        "kindling, SQLite"
    };
    let first = kindling::start(scratch, pinning, database_url).await?;
    let first_ready_after = first.ready_after;
    first.stop().await?;
    let server = kindling::start(scratch, pinning, database_url).await?;
    let at_rest = AtRest {
        first_ready_after,
        ready_after: server.ready_after,
        resident_kib: server.resident_kib(),
    };
    let mut contestant = enter(name, server).await?;
    contestant.at_rest = Some(at_rest);
    Ok(contestant)
}

/// Starts a limit in a process of its own, and makes sure that it answers what Kindling answered.
pub(crate) async fn limit(
    limit: Limit,
    answer: &[u8],
    scratch: &Scratch,
    pinning: Pinning,
) -> Result<Contestant, Failure> {
    let file = scratch.path("answer.json");
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
    let contestant = enter(limit.title(), server).await?;
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

/// Asks for the page once, checks the answer and keeps it as the one that every later answer is held against.
async fn enter(name: &'static str, server: Server) -> Result<Contestant, Failure> {
    let body = json!({
        "query": QUERY,
        "variables": { "by": { "slug": "our-story" }, "view": { "locales": ["en"] } },
    });
    let request = client::post_graphql(&body.to_string(), None);
    let mut connection = Connection::open(server.address).await?;
    let answer = connection.exchange(&request).await?;
    let text = String::from_utf8_lossy(answer.body);
    if answer.status != 200 {
        return Err(format!("{name} answers {}:\n{text}", answer.status).into());
    }
    page(answer.body).map_err(|error| format!("{name}: {error}:\n{text}"))?;
    let answer = answer.body.into();
    Ok(Contestant {
        name,
        server,
        request: request.into(),
        answer,
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
