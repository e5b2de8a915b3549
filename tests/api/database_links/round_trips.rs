//! How often the server waits for PostgreSQL, counted on the line between them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, BufReader},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};

use super::{address, behind};
use crate::support::{
    postgres::{self, TestDatabase},
    server::Server,
};

const WHOLE_PAGE: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/benches/page_query/page.graphql"
));
const SAVE: &str = "mutation($input: UpdateMilestoneInput!) {
    updateMilestone(input: $input) { milestone { revision title } userErrors { message } }
}";
/// Begin; the page; what it refers to, three levels deep; commit.
const OF_A_PAGE: usize = 6;
/// Begin; the session; the entry with its content; its picture; the next revision; what it consists of; the entry as it is now; the
/// place in the log; the event; commit.
const OF_A_SAVE: usize = 10;

/// A transaction, as the statements that were sent and waited for.
type Transaction = Vec<String>;

/// What was sent, by transactions that have ended.
#[derive(Clone, Default)]
struct Sent(Arc<Mutex<Vec<Transaction>>>);

impl Sent {
    /// Forgets what was sent.
    fn clear(&self) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    /// The transactions that hold such a statement.
    fn with(&self, part: &str) -> Vec<Transaction> {
        let sent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let holds = |transaction: &&Transaction| {
            let mut statements = transaction.iter();
            statements.any(|statement| statement.contains(part))
        };
        sent.iter().filter(holds).cloned().collect()
    }
}

/// What one connection has said.
#[derive(Default)]
struct Line {
    prepared: HashMap<Vec<u8>, String>,
    /// The statement that is executed next.
    bound: Option<String>,
    open: Option<Transaction>,
}

impl Line {
    /// Reads a message of a client, see "Message Formats" in PostgreSQL's manual.
    fn read(&mut self, kind: u8, body: &[u8], sent: &Sent) {
        let mut texts = body.split(|byte| *byte == 0);
        let mut text = || texts.next().unwrap_or_default();
        match kind {
            b'P' => {
                let name = text().to_vec();
                let statement = String::from_utf8_lossy(text()).into_owned();
                self.prepared.insert(name, statement);
            }
            b'B' => {
                let _portal = text();
                self.bound = self.prepared.get(text()).cloned();
            }
            // Each of these waits for an answer. Without a statement before it, something was prepared.
            b'S' => {
                if let (Some(statement), Some(open)) = (self.bound.take(), &mut self.open) {
                    open.push(statement);
                }
            }
            b'Q' => self.simple(&String::from_utf8_lossy(text()), sent),
            _ => {}
        }
    }

    fn simple(&mut self, statement: &str, sent: &Sent) {
        if statement.starts_with("BEGIN") {
            self.open = Some(Vec::new());
        }
        if let Some(open) = &mut self.open {
            open.push(statement.to_owned());
        }
        if ["COMMIT", "ROLLBACK"].contains(&statement) {
            let mut all = sent.0.lock().unwrap_or_else(PoisonError::into_inner);
            all.extend(self.open.take());
        }
    }
}

/// Hands everything on to the server, and notes what is sent; returns the port.
async fn proxy(target: (String, u16), sent: Sent) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let (target, sent) = (target.clone(), sent.clone());
            tokio::spawn(async move {
                let server = TcpStream::connect(target).await?;
                for stream in [&client, &server] {
                    stream.set_nodelay(true)?;
                }
                let (from_client, mut to_client) = client.into_split();
                let (mut from_server, to_server) = server.into_split();
                tokio::spawn(
                    async move { tokio::io::copy(&mut from_server, &mut to_client).await },
                );
                listen(from_client, to_server, sent).await
            });
        }
    });
    port
}

async fn listen(
    client: OwnedReadHalf,
    mut server: OwnedWriteHalf,
    sent: Sent,
) -> std::io::Result<()> {
    let mut client = BufReader::new(client);
    let mut line = Line::default();
    // The first message has no kind.
    let mut kind = None;
    loop {
        let length = client.read_u32().await?;
        let mut body = vec![0; length as usize - 4];
        client.read_exact(&mut body).await?;
        if let Some(kind) = kind {
            line.read(kind, &body, &sent);
        }
        let head = kind.into_iter().chain(length.to_be_bytes());
        let message: Vec<u8> = head.chain(body).collect();
        server.write_all(&message).await?;
        kind = Some(client.read_u8().await?);
    }
}

/// A server that keeps nothing, what it works on, and what it sends; none without PostgreSQL.
async fn start() -> Option<(Server, (TempDir, TestDatabase), Sent)> {
    let database = postgres::server().await?.create_database(None).await;
    let sent = Sent::default();
    let port = proxy(address(&database), sent.clone()).await;
    let url = behind(&database, "127.0.0.1", port, "sslmode=disable");
    let folder = TempDir::new().expect("a folder");
    let nothing_kept = ["--answer-cache-bytes", "0", "--row-cache-bytes", "0"];
    let settings = [&["--database-url", &url], &nothing_kept[..]].concat();
    let server = Server::start(folder.path(), &settings);
    Some((server, (folder, database), sent))
}

/// The id of a new entry.
async fn create(server: &Server, token: &str, of: &str, content: Value) -> String {
    let field = of[..1].to_lowercase() + &of[1..];
    let query = format!(
        "mutation($input: Create{of}Input!) {{ create{of}(input: $input) {{ {field} {{ id }} userErrors {{ message }} }} }}"
    );
    let variables = json!({"input": {"content": content}});
    let made = server.query_as(token, &query, variables).await.json();
    let id = &made["data"][format!("create{of}")][field]["id"];
    id.as_str().unwrap_or_else(|| panic!("{made}")).to_owned()
}

/// A section with so many drafts of two types, and the statements that publishing all of it takes.
async fn statements_of_publishing(
    server: &Server,
    token: &str,
    sent: &Sent,
    items: usize,
) -> usize {
    let mut ids = Vec::new();
    for number in 0..items {
        ids.push(create(server, token, "Value", json!({"title": number.to_string()})).await);
        let milestone = json!({"title": number.to_string(), "date": "2008"});
        ids.push(create(server, token, "Milestone", milestone).await);
    }
    let section = json!({"anchor": format!("of-{items}"), "items": {"set": ids}});
    let section = create(server, token, "StorySection", section).await;
    sent.clear();
    let publish = "mutation($input: PublishEntriesInput!) { publishEntries(input: $input) { entries { status } userErrors { message } } }";
    let input = json!({"entries": [{"id": section}], "withDependencies": true});
    let done = server
        .query_as(token, publish, json!({"input": input}))
        .await
        .json();
    let entries = done["data"]["publishEntries"]["entries"].as_array();
    assert_eq!(entries.map(Vec::len), Some(1 + 2 * items), "{done}");
    let changes = sent.with("INSERT INTO \"publication\"");
    assert_eq!(changes.len(), 1, "{changes:#?}");
    changes[0].len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_publication_of_a_hundred_entries_waits_as_often_as_one_of_three() {
    let Some((mut server, _kept, sent)) = start().await else {
        return;
    };
    let token = server.sign_in("editor").await;
    let few = statements_of_publishing(&server, &token, &sent, 1).await;
    let many = statements_of_publishing(&server, &token, &sent, 49).await;
    assert_eq!(few, many);
    // Begin and commit, credentials, two levels of two statements each with their types, twice; what is read, lowered and raised of
    // three types; and so on: by types and levels, not by entries.
    assert!(many <= 50, "{many}");
}

// The server starts while this thread waits for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_and_a_save_wait_for_the_database_a_few_times() {
    let Some((mut server, _kept, sent)) = start().await else {
        return;
    };
    let token = server.sign_in("editor").await;

    sent.clear();
    let by = json!({"by": {"slug": "our-story"}});
    let page = server.query_as(&token, WHOLE_PAGE, by).await.json();
    let sections = page["data"]["page"]["sections"].as_array();
    let sections = sections.unwrap_or_else(|| panic!("{page}"));
    let is_item = |kind: &str| {
        sections
            .iter()
            .any(|section| section.to_string().contains(kind))
    };
    assert!(
        is_item("Milestone") && is_item("TeamMember") && is_item("ImpactStat"),
        "{page}"
    );
    let pages = sent.with("FROM \"page\"");
    assert_eq!(pages.len(), 1, "{pages:#?}");
    assert_eq!(pages[0].len(), OF_A_PAGE, "{pages:#?}");

    let some = server
        .query("{ milestones(first: 1) { nodes { id } } }")
        .await
        .json();
    let id = &some["data"]["milestones"]["nodes"][0]["id"];
    for revision in 1..4 {
        sent.clear();
        let title = format!("Saved {revision} times");
        let input = json!({"id": id, "expectedRevision": revision, "content": {"title": title}});
        let saved = server
            .query_as(&token, SAVE, json!({"input": input}))
            .await
            .json();
        let shown = &saved["data"]["updateMilestone"]["milestone"];
        assert_eq!(
            shown,
            &json!({"revision": revision + 1, "title": title}),
            "{saved}"
        );
        let changes = sent.with("INSERT INTO \"revision\"");
        assert_eq!(changes.len(), 1, "{changes:#?}");
        assert_eq!(changes[0].len(), OF_A_SAVE, "{changes:#?}");
    }
}
