//! Pairs of milestones that carry the same number and become public together; and readers who see that they do.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicUsize, Ordering},
    },
};

use serde_json::{Value, json};

use crate::{
    client::{Client, Outcome, Request, code},
    site::Site,
};

const READ: &str = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Milestone { title } } }";
const LOOK: &str =
    "query($id: ID!) { milestone(by: {id: $id}, view: {perspective: DRAFT}) { revision title } }";

/// A state of a milestone that was acknowledged.
#[derive(Clone, Debug)]
pub(crate) struct Saved {
    pub(crate) id: String,
    pub(crate) revision: i64,
    pub(crate) number: i64,
}

/// What one writer changes, and nobody else: first the one, then the other, then both become public.
pub(crate) struct Pair {
    pub(crate) ids: [String; 2],
    revisions: [i64; 2],
    number: i64,
    step: usize,
    /// What was sent and not answered.
    pending: Option<Request>,
    /// The greatest number of which it was acknowledged that it is public.
    pub(crate) public: Arc<AtomicI64>,
    /// What was acknowledged.
    pub(crate) saved: Vec<Saved>,
    /// How many answers were lost with the server, of what had been done.
    pub(crate) lost: usize,
}

impl Pair {
    /// A new pair with the number 0, public.
    pub(crate) async fn new(site: &Site) -> Self {
        let mut pair = Self {
            ids: [site.milestone("0").await, site.milestone("0").await],
            revisions: [1, 1],
            number: 0,
            step: 2,
            pending: None,
            public: Arc::new(AtomicI64::new(-1)),
            saved: Vec::new(),
            lost: 0,
        };
        pair.change_once(&mut site.client(0))
            .await
            .expect("an answer");
        pair
    }

    /// Changes the pair until the server is gone.
    pub(crate) async fn work(mut self, mut client: Client) -> Self {
        while self.change_once(&mut client).await.is_ok() {}
        self
    }

    /// One step; what was not answered before is sent again, with the same key.
    async fn change_once(&mut self, client: &mut Client) -> io::Result<()> {
        let request = self.pending.take().unwrap_or_else(|| self.request());
        self.pending = Some(request.clone());
        match client.insist(&request).await? {
            Outcome::Answered(payload) => {
                assert_eq!(
                    payload["userErrors"],
                    json!([]),
                    "nobody else changes the pair"
                );
                if self.step < 2 {
                    self.note(&payload["milestone"]);
                }
            }
            // The change came true before the server was killed, and its answer could not be kept.
            Outcome::Unknown => {
                if self.step < 2 {
                    let id = json!({ "id": self.ids[self.step] });
                    let answer = client.ask(LOOK, &id).await?;
                    self.note(&answer["data"]["milestone"]);
                }
                self.lost += 1;
            }
        }
        if self.step == 2 {
            self.public.store(self.number, Ordering::SeqCst);
            self.number += 1;
        }
        self.step = (self.step + 1) % 3;
        self.pending = None;
        Ok(())
    }

    fn request(&self) -> Request {
        if self.step == 2 {
            let entries: Vec<Value> = self
                .ids
                .iter()
                .zip(self.revisions)
                .map(|(id, revision)| json!({ "id": id, "expectedRevision": revision }))
                .collect();
            return Request::new("publishEntries", &json!({ "entries": entries }), "");
        }
        let input = json!({ "id": self.ids[self.step], "expectedRevision": self.revisions[self.step],
            "content": { "title": self.number.to_string() } });
        Request::new("updateMilestone", &input, "milestone { revision title }")
    }

    /// Takes down a saved state. A change that was done twice would have made two revisions.
    fn note(&mut self, milestone: &Value) {
        let expected =
            json!({ "revision": self.revisions[self.step] + 1, "title": self.number.to_string() });
        assert_eq!(*milestone, expected);
        self.revisions[self.step] += 1;
        self.saved.push(Saved {
            id: self.ids[self.step].clone(),
            revision: self.revisions[self.step],
            number: self.number,
        });
    }
}

/// Reads all pairs until the server is gone: both of a pair show the same number, and never one before that of which it
/// was acknowledged that it is public.
pub(crate) async fn watch(
    mut client: Client,
    ids: Vec<String>,
    public: Vec<Arc<AtomicI64>>,
    reads: Arc<AtomicUsize>,
) {
    loop {
        let floors: Vec<i64> = public
            .iter()
            .map(|public| public.load(Ordering::SeqCst))
            .collect();
        let Ok(answer) = client.ask(READ, &json!({ "ids": ids })).await else {
            return;
        };
        if code(&answer) == "UNAVAILABLE" {
            continue;
        }
        let numbers: Vec<i64> = answer["data"]["nodes"]
            .as_array()
            .unwrap_or_else(|| panic!("{answer}"))
            .iter()
            .map(|node| {
                node["title"]
                    .as_str()
                    .expect("public")
                    .parse()
                    .expect("a number")
            })
            .collect();
        for (pair, floor) in numbers.chunks(2).zip(floors) {
            assert_eq!(pair[0], pair[1], "half a publication");
            assert!(
                pair[0] >= floor,
                "{} is public, after {floor} was acknowledged",
                pair[0]
            );
        }
        reads.fetch_add(1, Ordering::Relaxed);
    }
}
