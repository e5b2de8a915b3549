//! Clients that each put a mark of their own into one list, and take it out again, over and over; and the proof that none
//! of their changes was lost.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use entity::{entry_id::EntryId, reference, revision, story_section};
use sea_orm::{ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};

use crate::{
    books::{contradictions, told},
    client::{Client, Outcome, Request},
    site::Site,
    sizes::deadline,
};

const SHOW: &str = "query($id: ID!) { storySection(by: {id: $id}, view: {perspective: DRAFT}) {
    revision items { ... on Milestone { id } } } }";

/// A change of the list that was acknowledged.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Change {
    mark: EntryId,
    added: bool,
    /// The revision that the answer showed: that of the change, or a later one, if others were quick. None if the answer
    /// was lost.
    shown: Option<i32>,
}

/// What all clients did together.
#[derive(Default)]
pub(crate) struct Work {
    /// The changes, by the message that each of them left.
    pub(crate) acknowledged: BTreeMap<String, Change>,
    pub(crate) unavailable: usize,
    pub(crate) unknown: usize,
}

/// A client with its mark.
struct Marker {
    client: Client,
    section: String,
    mark: String,
    in_list: bool,
    seen: i32,
    work: Work,
}

/// Lets so many clients change the list until so many changes are acknowledged.
pub(crate) async fn change(site: &Site, section: &str, clients: usize, changes: usize) -> Work {
    let remaining = Arc::new(AtomicUsize::new(changes));
    let end = deadline();
    let mut tasks = Vec::new();
    for number in 0..clients {
        let marker = Marker {
            client: site.client(number),
            section: section.to_owned(),
            mark: site.milestone(&format!("Mark {number}")).await,
            in_list: false,
            seen: 1,
            work: Work::default(),
        };
        tasks.push(marker);
    }
    let tasks: Vec<_> = tasks
        .into_iter()
        .map(|marker| tokio::spawn(marker.work(Arc::clone(&remaining), end)))
        .collect();
    let mut work = Work::default();
    for task in tasks {
        let mut done = task.await.expect("a client");
        work.acknowledged.append(&mut done.acknowledged);
        work.unavailable += done.unavailable;
        work.unknown += done.unknown;
    }
    work
}

impl Marker {
    async fn work(mut self, remaining: Arc<AtomicUsize>, end: Instant) -> Work {
        let one_less = |left: usize| left.checked_sub(1);
        while remaining
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less)
            .is_ok()
        {
            assert!(Instant::now() < end, "it takes too long");
            self.change_once().await;
        }
        self.work.unavailable = self.client.unavailable;
        self.work
    }

    /// Changes the list until that is acknowledged.
    async fn change_once(&mut self) {
        let message = format!("{} {}", self.mark, self.work.acknowledged.len());
        let items = if self.in_list {
            json!({ "remove": [self.mark] })
        } else {
            json!({ "add": [{ "id": self.mark }] })
        };
        let input = json!({ "id": self.section, "expectedRevision": self.seen, "message": message,
            "content": { "items": items } });
        let request = Request::new("updateStorySection", &input, "storySection { revision }");
        let shown = match self.client.insist(&request).await.expect("an answer") {
            Outcome::Answered(payload) => {
                assert_eq!(
                    payload["userErrors"],
                    json!([]),
                    "different marks never clash"
                );
                Some(number(&payload["storySection"]["revision"]))
            }
            Outcome::Unknown => {
                self.work.unknown += 1;
                None
            }
        };
        self.in_list = !self.in_list;
        match shown {
            Some(shown) => self.seen = shown,
            None => self.look().await,
        }
        let change = Change {
            mark: self.mark.parse().expect("an id"),
            added: self.in_list,
            shown,
        };
        self.work.acknowledged.insert(message, change);
    }

    /// Looks at the list, after a change whose answer is lost.
    async fn look(&mut self) {
        let answer = loop {
            let answer = self.client.ask(SHOW, &json!({ "id": self.section })).await;
            let answer = answer.expect("an answer");
            if answer["errors"].is_null() {
                break answer;
            }
        };
        let section = &answer["data"]["storySection"];
        let items = section["items"].as_array().expect("items");
        let in_list = items.iter().any(|item| item["id"] == self.mark.as_str());
        assert_eq!(in_list, self.in_list, "what was claimed has been done");
        self.seen = number(&section["revision"]);
    }
}

fn number(value: &Value) -> i32 {
    let number = value.as_i64().unwrap_or_else(|| panic!("{value}"));
    number.try_into().expect("a small number")
}

/// Shows that every acknowledged change is there, once, in the history of the list and in the log; returns how many
/// answers showed a later revision than that of their change.
pub(crate) async fn verify(site: &Site, section: &str, work: &Work) -> usize {
    let database = site.database().await;
    let id: EntryId = section.parse().expect("an id");
    let count = i32::try_from(work.acknowledged.len()).expect("a small number");
    let saved = revision::Entity::find()
        .filter(revision::Column::EntryId.eq(id.uuid))
        .order_by_asc(revision::Column::Number)
        .all(&database)
        .await
        .expect("revisions");
    let numbers: Vec<i32> = saved.iter().map(|saved| saved.number).collect();
    let expected: Vec<i32> = (1..=count + 1).collect();
    assert_eq!(numbers, expected, "each change made one revision");
    let messages: BTreeSet<_> = saved
        .iter()
        .filter_map(|saved| saved.message.clone())
        .collect();
    let acknowledged: BTreeSet<_> = work.acknowledged.keys().cloned().collect();
    assert_eq!(
        messages, acknowledged,
        "each revision is of one acknowledged change"
    );
    assert_eq!(
        told(&database, id).await,
        expected,
        "the log tells them in their order"
    );
    assert_eq!(contradictions(&database).await, [""; 0]);

    let later = verify_lists(&database, id, &saved, work).await;
    verify_api(site, section, count + 1).await;
    database.close().await.expect("an end");
    later
}

/// Each list is the one before with, or without, the mark of its change.
async fn verify_lists(
    database: &DatabaseConnection,
    id: EntryId,
    saved: &[revision::Model],
    work: &Work,
) -> usize {
    let rows = story_section::Entity::find()
        .filter(story_section::Column::EntryId.eq(id.uuid))
        .order_by_asc(story_section::Column::Revision)
        .all(database)
        .await
        .expect("rows");
    assert_eq!(rows.len(), saved.len());
    let mut later = 0;
    for (pair, saved) in rows.windows(2).zip(&saved[1..]) {
        let (before, after) = (&pair[0].items.0, &pair[1].items.0);
        let change = &work.acknowledged[saved.message.as_deref().expect("a message")];
        let without = |list: &[EntryId]| -> Vec<EntryId> {
            list.iter()
                .filter(|item| **item != change.mark)
                .copied()
                .collect()
        };
        let marks = |list: &[EntryId]| list.iter().filter(|item| **item == change.mark).count();
        assert_eq!(without(before), without(after), "{saved:?}: {change:?}");
        let expected = (usize::from(!change.added), usize::from(change.added));
        assert_eq!(
            (marks(before), marks(after)),
            expected,
            "{saved:?}: {change:?}"
        );
        if let Some(shown) = change.shown {
            assert!(shown >= saved.number, "{saved:?}: {change:?}");
            later += usize::from(shown > saved.number);
        }
    }
    let last = rows
        .last()
        .expect("a row")
        .items
        .0
        .iter()
        .map(|item| item.uuid);
    let references = reference::Entity::find()
        .filter(reference::Column::OwnerId.eq(id.uuid))
        .all(database)
        .await
        .expect("references");
    let references: BTreeSet<_> = references.iter().map(|row| row.target_id).collect();
    assert_eq!(references, last.collect(), "what the list refers to");
    later
}

/// The history and some differences, as an editor sees them.
async fn verify_api(site: &Site, section: &str, revisions: i32) {
    let mut client = site.client(0);
    let query = "query($id: ID!) { history(id: $id, first: 1) { totalCount nodes { number } } }";
    let answer = client
        .ask(query, &json!({ "id": section }))
        .await
        .expect("an answer");
    let expected = json!({ "totalCount": revisions, "nodes": [{ "number": revisions }] });
    assert_eq!(answer["data"]["history"], expected, "{answer}");
    let query = "query($id: ID!, $from: Int!, $to: Int!) { diff(id: $id, from: $from, to: $to) { changes { path } } }";
    let step = usize::try_from(revisions / 20).expect("a step").max(1);
    for from in (1..revisions).step_by(step) {
        let variables = json!({ "id": section, "from": from, "to": from + 1 });
        let answer = client.ask(query, &variables).await.expect("an answer");
        assert_eq!(
            answer["data"]["diff"]["changes"],
            json!([{ "path": "items" }]),
            "{answer}"
        );
    }
}
