//! Answers that were given before. Each is kept with what it depends on, and holds for exactly as long as nothing of that
//! has changed in the event log.

mod encoding;
mod flights;
mod kept;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use chrono::NaiveDate;
use moka::sync::Cache;

use self::{encoding::Encoder, flights::Flights};
pub use self::{
    encoding::Encoding,
    kept::{Kept, Source},
};
use super::{Answer, answer::Trouble, asked::Key};
use crate::{
    app::App,
    auth::Identity,
    budget::AnswerMemory,
    crypto::Secret,
    database::{Head, LogPosition, State},
    event::tail,
    telemetry::metrics::cache::{CacheMeter, CacheState},
};

/// What tells one answer from another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Question {
    /// Which operation, with which variables.
    pub(super) asked: Arc<Key>,
    /// Who asks: answers to one principal are never given to another one. Those to nobody in particular are for all.
    pub(super) identity: Identity,
    /// Fields may depend on the day, and on no time beside it.
    pub(super) day: NaiveDate,
}

impl Question {
    /// About how much memory it takes, in bytes.
    fn size(&self) -> usize {
        size_of::<Self>() + self.asked.size() + self.identity.size()
    }

    /// Whether everybody gets the same answer.
    fn is_public(&self) -> bool {
        self.identity.is_public()
    }
}

/// What a version of the content is sealed as.
const VERSION: &str = "content-version";

/// An answer, and where it comes from.
pub struct Given {
    /// The answer.
    pub kept: Arc<Kept>,
    /// Whether it was kept.
    pub source: Source,
    /// Whether it is an answer to a query of content that is the same for everybody.
    pub is_public: bool,
    /// Whether it holds at the newest state, which the database confirmed less than a second ago: only then a shared cache may
    /// give it without asking.
    pub is_current: bool,
}

impl Given {
    /// The same answer with another body.
    pub(super) fn with_body(self, body: impl FnOnce(&Answer) -> Bytes) -> Self {
        let body = body(&self.kept.answer);
        Self {
            kept: Arc::new(self.kept.with_body(body)),
            ..self
        }
    }
}

/// The answers that are kept, bounded by the memory that they take.
pub(super) struct Answers {
    app: App,
    kept: Cache<Question, Arc<Kept>>,
    flights: Arc<Flights<(Question, State), Arc<Kept>>>,
    meter: CacheMeter,
    encoder: Encoder,
}

impl Answers {
    /// Keeps as much as the settings say.
    pub(super) fn new(app: &App) -> Self {
        let weight = |question: &Question, kept: &Arc<Kept>| {
            let bytes = question.size() + kept.size();
            u32::try_from(bytes).unwrap_or(u32::MAX)
        };
        let meter = CacheMeter::default();
        let kept = Cache::builder()
            .max_capacity(app.config.answer_cache_bytes as u64)
            .weigher(weight)
            .eviction_listener(meter.evictions());
        Self {
            app: app.clone(),
            kept: kept.build(),
            flights: Arc::default(),
            meter,
            encoder: Encoder::new(),
        }
    }

    /// The body of an answer in an encoding; none if that is not worth it. What is encoded counts among the memory of answers.
    pub(super) async fn encoded(
        &self,
        kept: &Kept,
        encoding: Encoding,
        memory: &AnswerMemory,
    ) -> Option<Bytes> {
        let encode = async |body| {
            let encoded = self.encoder.encode(encoding, body).await;
            encoded.map(|encoded| memory.hold(encoded))
        };
        kept.encoded(encoding, encode).await
    }

    /// How full it is, and how often it helped.
    pub(super) fn state(&self) -> CacheState {
        CacheState::of("answers", &self.kept, &self.meter)
    }

    /// The answer to a question: one that was kept and holds, or what `execute` finds. It is not of an earlier state than
    /// `required`. While the database is away, what was kept is given if it holds at the newest known state.
    pub(super) async fn to<F: Future<Output = Answer>>(
        &self,
        question: Question,
        required: Option<LogPosition>,
        execute: impl FnOnce() -> F,
    ) -> Given {
        let head = match tail::known(&self.app.database, required).await {
            Ok(head) => head,
            Err(error) => return self.stale(&question, required, || Answer::failed(error)),
        };
        let is_public = question.is_public();
        let kept = self.holding(&question, head.state);
        self.meter.looked(kept.is_some());
        if let Some(kept) = kept {
            return Given {
                kept,
                source: Source::Kept,
                is_public,
                is_current: true,
            };
        }
        // On the heap: what is not kept takes much more room than what is.
        Box::pin(self.found(question, head, execute)).await
    }

    /// What `execute` finds. Whoever asks the same at the same moment gets the same answer.
    async fn found<F: Future<Output = Answer>>(
        &self,
        question: Question,
        head: Head,
        execute: impl FnOnce() -> F,
    ) -> Given {
        let is_public = question.is_public();
        let flight = (question.clone(), head.state);
        let is_own = AtomicBool::new(false);
        let work = async {
            is_own.store(true, Ordering::Relaxed);
            match self.holding(&question, head.state) {
                Some(kept) => kept,
                None => Arc::new(self.sealed(execute().await, Some(head))),
            }
        };
        let kept = self.flights.join(flight, work).await;
        if kept.answer.is_executed && !kept.answer.has_errors {
            self.kept.insert(question, Arc::clone(&kept));
        }
        let source = if is_own.load(Ordering::Relaxed) {
            Source::Executed
        } else {
            Source::Shared
        };
        let is_current = is_public && self.is_current(&kept).await;
        Given {
            kept,
            source,
            is_public,
            is_current,
        }
    }

    /// Whether an answer that was executed just now still holds: the execution may have taken long, and what it read may have
    /// changed meanwhile. It matters only where shared caches may give it by themselves.
    async fn is_current(&self, kept: &Kept) -> bool {
        if self.app.config.shared_max_age_seconds == 0 {
            return true;
        }
        let now = tail::known(&self.app.database, None).await;
        now.is_ok_and(|now| kept.holds(&self.app.database.changes, now.state))
    }

    /// An answer that nobody else gets. It is of all that this instance did, and of all that it knows.
    pub(super) fn new_one(&self, answer: Answer) -> Given {
        Given {
            kept: Arc::new(self.sealed(answer, None)),
            source: Source::Executed,
            is_public: false,
            is_current: false,
        }
    }

    /// The position that a version of the content names; none if it names nothing, or was sealed with another key.
    pub(super) fn opened(&self, version: &str) -> Option<LogPosition> {
        let vault = &self.app.crypto.vault;
        let opened = vault.open_sealed(VERSION, version).ok()?;
        let (sequence, id) = opened.expose().split_once('.')?;
        Some(LogPosition {
            sequence: sequence.parse().ok()?,
            id: id.parse().ok()?,
        })
    }

    /// The answer with its version: that of this state, or of the newest one.
    fn sealed(&self, answer: Answer, head: Option<Head>) -> Kept {
        if answer.trouble == Some(Trouble::Overloaded) {
            // It shows nothing, and must cost next to nothing.
            return Kept::new(answer, head, None);
        }
        let position =
            head.map_or_else(|| self.app.database.changes.newest(), |head| head.position);
        let version = format!("{}.{}", position.sequence, position.id.simple());
        let version = self.app.crypto.vault.seal(VERSION, &Secret::new(version));
        Kept::new(answer, head, version.ok())
    }

    fn holding(&self, question: &Question, state: State) -> Option<Arc<Kept>> {
        let kept = self.kept.get(question)?;
        kept.holds(&self.app.database.changes, state)
            .then_some(kept)
    }

    /// What was kept, if it holds at the newest known state and at `required`, and the database has not been away for too long;
    /// otherwise what failed.
    fn stale(
        &self,
        question: &Question,
        required: Option<LogPosition>,
        failed: impl FnOnce() -> Answer,
    ) -> Given {
        let changes = &self.app.database.changes;
        let most = Duration::from_secs(self.app.config.stale_if_error_seconds);
        let age = changes.age().filter(|age| age <= &most);
        let head = changes
            .settled()
            .filter(|_| required.is_none_or(|position| changes.contains(position)));
        let kept = head.and_then(|head| self.holding(question, head.state));
        let Some((age, kept)) = age.zip(kept) else {
            return self.new_one(failed());
        };
        Given {
            kept,
            source: Source::Stale(age),
            is_public: question.is_public(),
            is_current: false,
        }
    }
}
