//! What is compared: Kindling as it is shipped, asked in several ways, and the limits, which are given Kindling's own answers.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::editor::{self, Editor};
use crate::limits::{self, Limit};
use crate::question::{self, BY_DATE, BY_NAME, Viewer};
use crate::site;
use crate::support::Failure;
use crate::support::client::{self, Connection};
use crate::support::kindling;
use crate::support::pinning::Pinning;
use crate::support::scratch::Scratch;
use crate::support::server::{self, Server};

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
    pub(crate) held_against: Vec<(String, f64)>,
    /// What is known of Kindling as it is shipped.
    pub(crate) at_rest: Option<AtRest>,
}

pub(crate) struct AtRest {
    pub(crate) first_ready_after: Duration,
    pub(crate) ready_after: Duration,
    pub(crate) resident_kib: Option<u64>,
}

/// Where Kindling keeps its content, and how large the site is.
#[derive(Clone, Copy)]
pub(crate) struct World<'a> {
    pub(crate) scratch: &'a Scratch,
    pub(crate) pinning: Pinning,
    pub(crate) database_url: Option<&'a str>,
    /// Entries of each type, beside the page.
    pub(crate) entries: u32,
}

impl World<'_> {
    fn name(self, what: &str) -> String {
        let engine = self.database_url.map_or("SQLite", |_| "PostgreSQL");
        format!("{engine}: {what}")
    }

    async fn start(self, settings: &[&str]) -> Result<Server, Failure> {
        kindling::start(self.scratch, self.pinning, self.database_url, settings).await
    }

    /// Kindling on one engine: as it is shipped, and with less and less of it kept in memory.
    pub(crate) async fn contestants(self) -> Result<Vec<Contestant>, Failure> {
        // The first start imports the demo content, the second is measured.
        let first = self.start(&[]).await?;
        let first_ready_after = first.ready_after;
        first.stop().await?;
        println!(
            "filling {} with {} entries of each type",
            self.name("a site"),
            self.entries
        );
        site::fill(self.scratch, self.database_url, self.entries).await?;
        let mut contestants = self.as_shipped(first_ready_after).await?;
        contestants.extend(self.rows_kept().await?);
        contestants.extend(self.nothing_kept().await?);
        Ok(contestants)
    }

    async fn as_shipped(self, first_ready_after: Duration) -> Result<Vec<Contestant>, Failure> {
        let server = self.start(&[]).await?;
        let at_rest = AtRest {
            first_ready_after,
            ready_after: server.ready_after,
            resident_kib: server.resident_kib(),
        };
        let server = Rc::new(server);
        let kept = enter(self.name("page kept"), &server, question::page()).await?;
        let mut kept = kept.against(Limit::Bytes.title(), 0.6);
        kept.at_rest = Some(at_rest);
        let unchanged = unchanged(self.name("page unchanged"), &server).await?;
        let small = enter(self.name("small query kept"), &server, question::small()).await?;
        Ok(vec![
            kept,
            unchanged.against(Limit::Bytes.title(), 0.9),
            small.against(Limit::FewBytes.title(), 0.5),
        ])
    }

    async fn rows_kept(self) -> Result<Vec<Contestant>, Failure> {
        let editor = Editor::create(self.scratch, self.database_url)?;
        let server = Rc::new(self.start(&["--answer-cache-bytes", "0"]).await?);
        let mut connection = Connection::open(server.address).await?;
        let token = editor.sign_in(&mut connection).await?;
        let public = self.name("rows kept");
        let requests = question::different_pages(Viewer::Visitor);
        let page = enter(public.clone(), &server, requests).await?;
        let requests = question::different_pages(Viewer::Editor(&token));
        let draft = enter(self.name("rows kept, draft"), &server, requests).await?;
        Ok(vec![
            page.against(Limit::Page.title(), 0.6),
            draft.against(&public, 1.0 / 1.3),
        ])
    }

    async fn nothing_kept(self) -> Result<Vec<Contestant>, Failure> {
        let asked = self.database_url.map_or(0.15, |_| 0.10);
        let settings = ["--answer-cache-bytes", "0", "--row-cache-bytes", "0"];
        let server = Rc::new(self.start(&settings).await?);
        let requests = question::different_pages(Viewer::Visitor);
        let page = enter(self.name("nothing kept"), &server, requests).await?;
        let mut contestants = vec![page.against(Limit::Page.title(), asked)];
        for (name, query, limit) in [
            ("by date", BY_DATE, Limit::ByDate),
            ("by name", BY_NAME, Limit::ByName),
        ] {
            let deep = cursor(&server, query, self.entries * 9 / 10).await?;
            let first = enter(self.name(name), &server, question::lists(query, None)).await?;
            let requests = question::lists(query, Some(&deep));
            let at_depth = enter(self.name(&format!("{name}, deep")), &server, requests).await?;
            contestants.push(first.against(limit.title(), 0.2));
            contestants.push(at_depth.against(limit.title(), 0.2));
        }
        Ok(contestants)
    }
}

impl Contestant {
    fn against(mut self, other: &str, asked: f64) -> Self {
        self.held_against.push((other.to_owned(), asked));
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
    let log = scratch.path(&format!("{}.log", limit.name()));
    let server = Rc::new(Server::start(command, address, log).await?);
    let requests = match limit {
        Limit::FewBytes => question::small(),
        Limit::Bytes => question::page(),
        Limit::Page => question::different_pages(Viewer::Visitor),
        Limit::ByDate => question::lists(BY_DATE, None),
        Limit::ByName => question::lists(BY_NAME, None),
    };
    let contestant = enter(limit.title().into(), &server, requests).await?;
    if data(&contestant.answer)? != data(answer)? {
        let differs = String::from_utf8_lossy(&contestant.answer).into_owned();
        return Err(format!(
            "the limit '{}' answers something else than Kindling:\n{differs}",
            limit.name()
        )
        .into());
    }
    Ok(contestant)
}

/// The cursor of the entry at this depth.
async fn cursor(server: &Server, query: &str, depth: u32) -> Result<String, Failure> {
    let mut connection = Connection::open(server.address).await?;
    let mut after = Value::Null;
    for _ in 0..depth.div_ceil(20) {
        let found = editor::ask(&mut connection, query, &json!({ "after": after }), None).await?;
        let list = found.as_object().and_then(|data| data.values().next());
        after = list.map_or(Value::Null, |list| list["pageInfo"]["endCursor"].clone());
    }
    let cursor = after.as_str().ok_or("the list ended early")?;
    Ok(cursor.to_owned())
}

/// Asks once, checks the answer and keeps it as the one that every later answer is held against.
async fn enter(
    name: String,
    server: &Rc<Server>,
    requests: Vec<Vec<u8>>,
) -> Result<Contestant, Failure> {
    let mut connection = Connection::open(server.address).await?;
    let request = requests.first().ok_or("there is nothing to ask")?;
    let answer = connection.exchange(request).await?;
    let text = String::from_utf8_lossy(answer.body);
    if answer.status != 200 {
        return Err(format!("{name} answers {}:\n{text}", answer.status).into());
    }
    data(answer.body).map_err(|error| format!("{name}: {error}:\n{text}"))?;
    let answer = answer.body.into();
    Ok(Contestant {
        name,
        server: Rc::clone(server),
        requests: requests.into_iter().map(Into::into).collect(),
        status: 200,
        answer,
        held_against: Vec::new(),
        at_rest: None,
    })
}

/// A browser or a cache that has the page already, and asks whether it still holds.
async fn unchanged(name: String, server: &Rc<Server>) -> Result<Contestant, Failure> {
    let path = question::path();
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
        name,
        server: Rc::clone(server),
        requests: vec![request.into()],
        status: 304,
        answer: Arc::new([]),
        held_against: Vec::new(),
        at_rest: None,
    })
}

/// The data of an answer in which something was found and nothing failed.
fn data(answer: &[u8]) -> Result<Value, Failure> {
    let mut answer: Value = serde_json::from_slice(answer)?;
    if answer.get("errors").is_some() {
        return Err("the answer has errors".into());
    }
    let data = answer["data"].take();
    let found = data.as_object().and_then(|data| data.values().next());
    match found {
        None | Some(Value::Null) => Err("nothing was found".into()),
        Some(_) => Ok(data),
    }
}
