//! Memory under attack: random documents of every size by many principals, read, read slowly, or not read at all. The server
//! stays below a limit, its probes answer, and other readers go on.

use std::{
    fmt::Write as _,
    fs,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};

use crate::{
    observer::{Seen, observe},
    sizes::{random, size, tell, turn},
    support::server::{SERVE, Server, kindling},
};

const FIELDS: [&str; 8] = [
    "body",
    "bodyHtml",
    "bodyHtml",
    "title",
    "id",
    "createdAt",
    "status",
    "translations { locale missing }",
];
const ENCODINGS: [&str; 4] = ["br", "gzip", "zstd", "identity"];

/// What is attacked, and by whom.
struct World {
    server: Server,
    /// Headers with the credentials of each principal.
    principals: Vec<String>,
    milestones: Vec<String>,
    statuses: [AtomicUsize; 6],
}

#[tokio::test(flavor = "multi_thread")]
async fn random_documents_by_many_principals_stay_within_the_memory() {
    let _turn = turn().await;
    let folder = TempDir::new().expect("a folder");
    let world = World::start(&folder).await;
    let documents = size("DOCUMENTS", 60, 5_000);
    let calm = world.observed_while(sleep(Duration::from_secs(3))).await;
    let attackers = size("ATTACKERS", 8, 32);
    let next = AtomicUsize::new(0);
    let attack = join_all((0..attackers).map(|_| world.attack(&next, documents)));
    let attacked = world.observed_while(attack).await;
    let peak = world.peak();
    let (before, during) = (calm.0.rate(calm.1), attacked.0.rate(attacked.1));
    let mut probes = attacked.0.probes.clone();
    probes.sort_unstable();
    let slowest = probes.last().copied().unwrap_or_default();
    let usual = probes
        .get(probes.len() * 99 / 100)
        .copied()
        .unwrap_or_default();
    let statuses: Vec<usize> = world
        .statuses
        .iter()
        .map(|count| count.load(Relaxed))
        .collect();
    tell(&format!(
        "{documents} documents by {} principals in {:.1?}: peak {} MiB; answers by status 0xx to 5xx {statuses:?}; {} probes, 99 % within {usual:.1?}, \
         all within {slowest:.1?}; readers {during:.1}/s, {before:.1}/s before, {} unread",
        world.principals.len(),
        attacked.1,
        peak / 1024,
        probes.len(),
        attacked.0.unread
    ));
    assert!(peak <= size("MEMORY_MIB", 512, 512) * 1024, "{peak} KiB");
    assert_eq!(attacked.0.failed_probes, 0);
    let most = size("PROBE_MS", 10_000, 50) as u128;
    assert!(
        usual.as_millis() <= most,
        "99 % of all probes within {usual:?}"
    );
    let least = size("READERS_PERCENT", 0, 90);
    assert!(during * 100.0 >= before * f64::from(u32::try_from(least).expect("a share")));
    assert_eq!(
        world.server.query("{ pages { totalCount } }").await.status,
        200
    );
}

impl World {
    async fn start(folder: &TempDir) -> Self {
        let mut command = kindling(folder.path(), &[&SERVE[..], &["--demo"]].concat());
        command.env("KINDLING_MANAGEMENT_LISTEN", "127.0.0.1:0");
        let mut server = Server::run(command);
        let token = server.sign_in("editor").await;
        let mut world = Self {
            server,
            principals: vec![String::new()],
            milestones: Vec::new(),
            statuses: Default::default(),
        };
        world.fill(&token).await;
        world.invite(&token).await;
        world
    }

    async fn done(&self, token: &str, mutation: &str, input: Value, fields: &str) -> Value {
        let name = format!("{}{}Input", mutation[..1].to_uppercase(), &mutation[1..]);
        let query = format!(
            "mutation($input: {name}!) {{ payload: {mutation}(input: $input) {{ {fields} userErrors {{ path message }} }} }}"
        );
        let answer = self
            .server
            .query_as(token, &query, json!({ "input": input }))
            .await
            .json();
        let payload = answer["data"]["payload"].clone();
        assert_eq!(payload["userErrors"], json!([]), "{answer}");
        payload
    }

    /// Milestones of every length, and a page whose sections show them.
    async fn fill(&mut self, token: &str) {
        let count = size("MILESTONES", 20, 300);
        let story =
            "It *began* in a [small room](https://example.org) above the bakery. ".repeat(300);
        for n in 0..count {
            let length = 100 + usize::try_from(random(19_000)).expect("a length");
            let content = json!({"date": "2026", "title": format!("Story {n}"), "body": &story[..length].trim_end()});
            let payload = self
                .done(
                    token,
                    "createMilestone",
                    json!({ "content": content }),
                    "milestone { id }",
                )
                .await;
            self.milestones.push(
                payload["milestone"]["id"]
                    .as_str()
                    .expect("an id")
                    .to_owned(),
            );
        }
        let mut sections = Vec::new();
        for n in 0..size("SECTIONS", 5, 50) {
            let items: Vec<&String> = self
                .milestones
                .iter()
                .cycle()
                .skip(n * 7)
                .take(50.min(count))
                .collect();
            let content =
                json!({"anchor": format!("s{n}"), "layout": "TIMELINE", "items": {"set": items}});
            let payload = self
                .done(
                    token,
                    "createStorySection",
                    json!({ "content": content }),
                    "storySection { id }",
                )
                .await;
            sections.push(
                payload["storySection"]["id"]
                    .as_str()
                    .expect("an id")
                    .to_owned(),
            );
        }
        let content = json!({"slug": "large", "title": "Large", "sections": {"set": sections}});
        let payload = self
            .done(
                token,
                "createPage",
                json!({ "content": content }),
                "page { id }",
            )
            .await;
        let page = payload["page"]["id"].as_str().expect("an id").to_owned();
        let all: Vec<&String> = self
            .milestones
            .iter()
            .chain(&sections)
            .chain([&page])
            .collect();
        for some in all.chunks(50) {
            let entries: Vec<Value> = some.iter().map(|id| json!({ "id": id })).collect();
            self.done(
                token,
                "publishEntries",
                json!({ "entries": entries }),
                "entries { id }",
            )
            .await;
        }
        self.milestones.push(page);
    }

    /// API tokens and preview links, by turns.
    async fn invite(&mut self, token: &str) {
        let page = self.milestones.pop().expect("the page");
        for n in 1..size("PRINCIPALS", 12, 200) {
            let secret = if n % 2 == 0 {
                let input = json!({"name": format!("Reader {n}"), "scopes": []});
                self.done(token, "createApiToken", input, "secret").await["secret"].clone()
            } else {
                let input = json!({ "entry": page });
                self.done(token, "createPreviewLink", input, "token").await["token"].clone()
            };
            let secret = secret.as_str().expect("a secret");
            self.principals
                .push(format!("Authorization: Bearer {secret}\r\n"));
        }
    }

    /// Sends documents until all have been sent.
    async fn attack(&self, next: &AtomicUsize, documents: usize) {
        while next.fetch_add(1, Relaxed) < documents {
            let body = json!({ "query": self.document() }).to_string();
            let principal = &self.principals[below(self.principals.len())];
            let encoding = ENCODINGS[below(ENCODINGS.len())];
            let head = format!(
                "POST /graphql HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json\r\nAccept-Encoding: {encoding}\r\n\
                 {principal}Content-Length: {}\r\n\r\n{body}",
                body.len()
            );
            // An error is as good as an answer: the server may close the connection.
            let status = self.sent(head.as_bytes()).await.unwrap_or(0);
            self.statuses[status / 100].fetch_add(1, Relaxed);
        }
    }

    /// Sends a request and reads the answer, in one of the ways that clients have; the status, 0 where nobody waited for it.
    async fn sent(&self, request: &[u8]) -> std::io::Result<usize> {
        let mut stream = TcpStream::connect(self.server.address).await?;
        stream.write_all(request).await?;
        let way = random(10);
        if way == 0 {
            // Gone before the answer.
            sleep(Duration::from_millis(random(200))).await;
            return Ok(0);
        }
        let mut buffer = vec![0; 64 * 1024];
        let first = timeout(Duration::from_mins(2), stream.read(&mut buffer)).await??;
        let status = String::from_utf8_lossy(&buffer[..first]);
        let status = status
            .split(' ')
            .nth(1)
            .and_then(|code| code.parse().ok())
            .unwrap_or(0);
        if way == 1 {
            // Slow, and gone before the end.
            for _ in 0..random(20) {
                sleep(Duration::from_millis(100)).await;
                if stream.read(&mut buffer[..4096]).await? == 0 {
                    break;
                }
            }
            return Ok(status);
        }
        while stream.read(&mut buffer).await? > 0 {}
        Ok(status)
    }

    /// A document of any size.
    fn document(&self) -> String {
        let mark = random(1_000_000);
        let mut fields = String::new();
        for n in 0..=below(40) {
            let _ = write!(fields, "a{mark}_{n}: {} ", FIELDS[below(FIELDS.len())]);
        }
        let mut roots = String::new();
        for n in 0..=below(8) {
            let first = 1 + random(100);
            let root = match random(4) {
                0 => format!("milestones(first: {first}) {{ nodes {{ ...F }} }}"),
                1 => format!("milestones(last: {first}) {{ edges {{ cursor node {{ ...F }} }} }}"),
                2 => "page(by: {slug: \"large\"}) { sections { items { ...F } } }".to_owned(),
                _ => format!(
                    "node(id: \"{}\") {{ ...F }}",
                    self.milestones[below(self.milestones.len())]
                ),
            };
            let _ = write!(roots, "r{n}: {root} ");
        }
        format!("{{ {roots} }} fragment F on Milestone {{ {fields} }}")
    }

    /// What others see while something goes on, and how long that took.
    async fn observed_while(&self, work: impl Future) -> (Seen, Duration) {
        let management = management(&self.server);
        let is_over = Arc::new(AtomicBool::new(false));
        let address = self.server.address;
        let observers = tokio::spawn(observe(address, management, Arc::clone(&is_over)));
        let begun = Instant::now();
        work.await;
        let took = begun.elapsed();
        is_over.store(true, Relaxed);
        (observers.await.expect("what was seen"), took)
    }

    /// The most memory that the process has held, in KiB.
    fn peak(&self) -> usize {
        let path = format!("/proc/{}/status", self.server.process());
        let status = fs::read_to_string(path).expect("the server runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.split_whitespace().next());
        kib.and_then(|kib| kib.parse().ok()).expect("its memory")
    }
}

fn below(end: usize) -> usize {
    usize::try_from(random(end as u64)).expect("a number")
}

/// Where operators are answered.
fn management(server: &Server) -> SocketAddr {
    let log = server.log();
    let mut told = log.iter().map(|line| &line["fields"]["management"]);
    let address = told.find_map(|address| address.as_str()?.parse().ok());
    address.expect("the port of operators")
}
