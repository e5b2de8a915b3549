//! Many editors change one text at the same time: whoever is told of a conflict takes theirs, and tries again.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use entity::entry_id::EntryId;
use serde_json::json;

use crate::{
    books::{contradictions, told},
    client::{Client, Outcome, Request},
    site::Site,
    sizes::{deadline, size, tell, turn},
};

/// A client that appends to the text.
struct Author {
    client: Client,
    section: String,
    number: usize,
    text: String,
    seen: i32,
    conflicts: usize,
}

impl Author {
    async fn work(mut self, remaining: Arc<AtomicUsize>, end: Instant) -> (Vec<String>, usize) {
        let one_less = |left: usize| left.checked_sub(1);
        let mut appended = Vec::new();
        while remaining
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less)
            .is_ok()
        {
            let mark = format!("[{}-{}]", self.number, appended.len());
            while !self.append(&mark).await {
                assert!(Instant::now() < end, "it takes too long");
            }
            appended.push(mark);
        }
        (appended, self.conflicts)
    }

    /// Whether the mark could be appended; if not, the client knows what stands there now.
    async fn append(&mut self, mark: &str) -> bool {
        let text = format!("{}{mark}", self.text);
        let input = json!({ "id": self.section, "expectedRevision": self.seen, "content": { "body": text } });
        let fields = "storySection { revision body }";
        let request = Request::new("updateStorySection", &input, fields);
        let outcome = self.client.insist(&request).await.expect("an answer");
        let Outcome::Answered(payload) = outcome else {
            panic!("an answer is lost");
        };
        let error = &payload["userErrors"][0];
        let (text, seen) = if error.is_null() {
            let saved = &payload["storySection"];
            (&saved["body"], &saved["revision"])
        } else {
            self.conflicts += 1;
            assert_eq!(
                (&error["code"], &error["fields"][0]["path"]),
                (&json!("CONFLICT"), &json!("body.en"))
            );
            (&error["fields"][0]["theirs"], &error["latestRevision"])
        };
        text.as_str().expect("a text").clone_into(&mut self.text);
        self.seen = seen
            .as_i64()
            .expect("a number")
            .try_into()
            .expect("a small number");
        error.is_null()
    }
}

async fn every_mark_is_there(site: Site, engine: &str) {
    let (clients, appends) = (size("AUTHORS", 16, 64), size("APPENDS", 64, 300));
    let section = site.section().await;
    let remaining = Arc::new(AtomicUsize::new(appends));
    let (started, end) = (Instant::now(), deadline());
    let tasks: Vec<_> = (0..clients)
        .map(|number| Author {
            client: site.client(number),
            section: section.clone(),
            number,
            text: String::new(),
            seen: 1,
            conflicts: 0,
        })
        .map(|author| tokio::spawn(author.work(Arc::clone(&remaining), end)))
        .collect();
    let (mut marks, mut conflicts) = (Vec::new(), 0);
    for task in tasks {
        let (appended, met) = task.await.expect("a client");
        marks.extend(appended);
        conflicts += met;
    }
    let took = started.elapsed();
    assert_eq!(marks.len(), appends);

    let query = "query($id: ID!) { storySection(by: {id: $id}, view: {perspective: DRAFT}) { revision body } }";
    let answer = site
        .client(0)
        .ask(query, &json!({ "id": section }))
        .await
        .expect("an answer");
    let shown = &answer["data"]["storySection"];
    let text = shown["body"].as_str().expect("a text");
    for mark in &marks {
        assert_eq!(text.matches(mark.as_str()).count(), 1, "{mark} in {text}");
    }
    assert_eq!(text.len(), marks.iter().map(String::len).sum::<usize>());
    assert_eq!(shown["revision"], appends + 1);
    let database = site.database().await;
    let id: EntryId = section.parse().expect("an id");
    assert_eq!(told(&database, id).await.len(), appends + 1);
    assert_eq!(contradictions(&database).await, [""; 0]);
    tell(&format!(
        "{appends} appends to one text by {clients} clients on {engine} in {took:.1?}: none lost, {conflicts} conflicts"
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_words_of_editors_who_clash_are_lost_on_sqlite() {
    let _turn = turn().await;
    every_mark_is_there(Site::on_sqlite(), "SQLite").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_words_of_editors_who_clash_are_lost_between_two_servers_over_postgres() {
    let _turn = turn().await;
    if let Some(site) = Site::on_postgres(2).await {
        every_mark_is_there(site, "two servers over one PostgreSQL").await;
    }
}
