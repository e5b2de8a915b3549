//! Visitors, who ask for the whole page.

use std::{
    cell::{Cell, RefCell},
    net::SocketAddr,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::support::{
    Failure,
    client::{self, Connection},
};

const QUERY: &str = include_str!("../page_query/page.graphql");
/// Requests that are not alike, so that no two of them are done as one.
const DIFFERENT: usize = 1_024;
/// Connections of a crowd that does not wait for answers.
const CONNECTIONS: usize = 256;

/// What came of requests.
#[derive(Default)]
pub(crate) struct Load {
    /// How long each answer took.
    pub(crate) answers: Vec<Duration>,
    /// How long each refusal took.
    pub(crate) refusals: Vec<Duration>,
    pub(crate) elapsed: Duration,
}

impl Load {
    /// Good answers in a second.
    pub(crate) fn per_second(&self) -> f64 {
        let seconds = self.elapsed.as_secs_f64();
        if seconds == 0.0 {
            return 0.0;
        }
        self.answers.iter().map(|_| 1.0).sum::<f64>() / seconds
    }

    /// Requests in a second.
    pub(crate) fn asked_per_second(&self) -> f64 {
        let all = self.answers.iter().chain(&self.refusals);
        all.map(|_| 1.0).sum::<f64>() / self.elapsed.as_secs_f64()
    }

    pub(crate) fn percentile_of_answers(&self, share: f64) -> Duration {
        percentile(&self.answers, share)
    }

    pub(crate) fn percentile_of_refusals(&self, share: f64) -> Duration {
        percentile(&self.refusals, share)
    }
}

/// The time within which this share of them came.
pub(crate) fn percentile(times: &[Duration], share: f64) -> Duration {
    let mut times = times.to_vec();
    times.sort_unstable();
    let parts = Duration::from_secs(1).mul_f64(share).as_millis();
    let at = times.len() * usize::try_from(parts).unwrap_or(1_000) / 1_000;
    let at = at.min(times.len().saturating_sub(1));
    times.get(at).copied().unwrap_or_default()
}

pub(crate) struct Crowd {
    address: SocketAddr,
    requests: Vec<Vec<u8>>,
    next: Cell<usize>,
}

impl Crowd {
    pub(crate) fn new(address: SocketAddr) -> Self {
        let request = |number: usize| {
            let variables = json!({ "by": { "slug": "our-story" }, "number": number });
            let body = json!({ "query": QUERY, "variables": variables });
            client::post_graphql(&body.to_string(), None)
        };
        Self {
            address,
            requests: (0..DIFFERENT).map(request).collect(),
            next: Cell::new(0),
        }
    }

    /// Some who send the next request once they have their answer.
    pub(crate) async fn one_after_the_other(
        &self,
        connections: usize,
        how_long: Duration,
    ) -> Result<Load, Failure> {
        let begun = Instant::now();
        let due = || Some(Instant::now()).filter(|now| *now < begun + how_long);
        self.ask(connections, due).await
    }

    /// Many who send requests at this rate, in a second, whatever comes of them.
    pub(crate) async fn at_rate(&self, rate: f64, how_long: Duration) -> Result<Load, Failure> {
        let begun = Instant::now();
        let pause = Duration::from_secs_f64(1.0 / rate);
        let next = Cell::new(begun);
        let due = || {
            let due = next.get();
            next.set(due + pause);
            Some(due).filter(|due| *due < begun + how_long)
        };
        self.ask(CONNECTIONS, due).await
    }

    /// How long one answer takes; nothing if it is a refusal.
    pub(crate) async fn ask_once(&self) -> Result<Option<Duration>, Failure> {
        let mut connection = Connection::open(self.address).await?;
        let asked = Instant::now();
        let is_answered = is_answered(&mut connection, self.request()).await?;
        Ok(is_answered.then(|| asked.elapsed()))
    }

    /// Sends requests over so many connections, each when it is due, until none is.
    async fn ask(
        &self,
        connections: usize,
        due: impl Fn() -> Option<Instant>,
    ) -> Result<Load, Failure> {
        let load = RefCell::new(Load::default());
        let mut opened = Vec::with_capacity(connections);
        for _ in 0..connections {
            opened.push(Connection::open(self.address).await?);
        }
        let begun = Instant::now();
        let visitors = opened.into_iter().map(async |mut connection| {
            while let Some(due) = due() {
                tokio::time::sleep_until(due.into()).await;
                let asked = Instant::now();
                let is_answered = is_answered(&mut connection, self.request()).await?;
                let took = asked.elapsed();
                let mut load = load.borrow_mut();
                if is_answered {
                    load.answers.push(took);
                } else {
                    load.refusals.push(took);
                }
            }
            Ok::<(), Failure>(())
        });
        futures_util::future::try_join_all(visitors).await?;
        let mut load = load.into_inner();
        load.elapsed = begun.elapsed();
        Ok(load)
    }

    fn request(&self) -> &[u8] {
        let next = self.next.get();
        self.next.set(next + 1);
        &self.requests[next % DIFFERENT]
    }
}

/// Whether the request was answered, and not refused; everything else fails the benchmark.
async fn is_answered(connection: &mut Connection, request: &[u8]) -> Result<bool, Failure> {
    let answer = connection.exchange(request).await?;
    match answer.status {
        200 => Ok(true),
        503 => Ok(false),
        _ => Err(format!("wanted 200 or 503, got {}", answer.shown()).into()),
    }
}
