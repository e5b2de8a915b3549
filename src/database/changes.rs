//! What this instance knows of the event log: up to which event, and with which of them each entry and type last changed.
//!
//! Whatever was read at one state of the database holds as long as nothing that it was read from has changed since. So
//! nothing is ever thrown away on a guess, and nothing is kept for a time that somebody thought long enough.

use std::{
    collections::HashMap,
    sync::{
        Arc, PoisonError, RwLock, RwLockReadGuard,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use entity::entry::ContentType;
use sea_orm::prelude::Uuid;
use tokio::sync::{Mutex, MutexGuard, Notify};

use super::reads::{Reads, Touched};

/// How many entries are remembered one by one. When there are more, all is forgotten and counts as changed.
const MOST_ENTRIES: usize = 100_000;

/// Before anything is known.
const UNKNOWN: i64 = -1;

/// What is known of the log. Clones share it.
#[derive(Clone, Debug)]
pub struct Changes(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    known: RwLock<Known>,
    head: AtomicI64,
    due: AtomicI64,
    /// Held by whoever asks the database for news, so that not everybody does.
    turn: Mutex<()>,
    /// Tells those who wait that it has been let go.
    turn_ended: Notify,
}

/// The turn to ask the database for news.
#[derive(Debug)]
pub struct Turn<'a> {
    changes: &'a Inner,
    held: Option<MutexGuard<'a, ()>>,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.held = None;
        self.changes.turn_ended.notify_waiters();
    }
}

#[derive(Debug, Default)]
struct Known {
    /// All changes after this event are known, and none before it.
    floor: i64,
    /// When somebody last asked the database for news, and got an answer.
    confirmed_at: Option<Instant>,
    /// When the database last did not answer.
    failed_at: Option<Instant>,
    /// What changed for those who see what is public, and nothing else.
    public: Stamps,
    /// What changed for those who see drafts, too.
    all: Stamps,
}

/// The last event of each entry and of each type.
#[derive(Debug, Default)]
struct Stamps {
    entries: HashMap<Uuid, i64>,
    types: HashMap<ContentType, i64>,
}

/// A change of an entry that the log tells of.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    /// The event.
    pub sequence: i64,
    /// The entry.
    pub entry: Uuid,
    /// Its type.
    pub content_type: ContentType,
    /// Whether those who see what is public can see that anything changed.
    pub is_public: bool,
}

/// What the log is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    /// All lines after this event; none at all if nothing is known yet.
    pub since: Option<i64>,
    at: Instant,
    due: i64,
}

impl Default for Changes {
    fn default() -> Self {
        Self(Arc::new(Inner {
            known: RwLock::default(),
            head: AtomicI64::new(UNKNOWN),
            due: AtomicI64::new(0),
            turn: Mutex::default(),
            turn_ended: Notify::new(),
        }))
    }
}

impl Changes {
    /// The last event that is known of; none if nobody has asked yet.
    pub fn head(&self) -> Option<i64> {
        Some(self.0.head.load(Ordering::Acquire)).filter(|head| *head != UNKNOWN)
    }

    /// The newest event that the log is known to hold; 0 if nothing is known yet.
    pub fn newest(&self) -> i64 {
        let due = self.0.due.load(Ordering::Acquire);
        due.max(self.head().unwrap_or(0))
    }

    /// The last event that is known of, if the database was asked for news within this time, and nothing is due.
    pub fn current(&self, within: Duration) -> Option<i64> {
        let head = self.head()?;
        let is_due = self.0.due.load(Ordering::Acquire) > head;
        (!is_due && self.age()? < within).then_some(head)
    }

    /// The turn to ask the database for news, which keeps others from it; nothing once somebody else has done so. All who wait for the
    /// news go on together.
    pub async fn turn(&self) -> Option<Turn<'_>> {
        let ended = self.0.turn_ended.notified();
        let Ok(held) = self.0.turn.try_lock() else {
            ended.await;
            return None;
        };
        Some(Turn {
            changes: &self.0,
            held: Some(held),
        })
    }

    /// The question for what the log tells beyond what is known.
    pub fn question(&self) -> Question {
        Question {
            due: self.0.due.load(Ordering::Acquire),
            since: self.head(),
            at: Instant::now(),
        }
    }

    /// Notes that the database did not answer.
    pub fn fail(&self) {
        let mut known = self.0.known.write().unwrap_or_else(PoisonError::into_inner);
        known.failed_at = Some(Instant::now());
    }

    /// Whether the database did not answer when it was last asked, which is not longer ago than this.
    pub fn has_failed(&self, within: Duration) -> bool {
        let known = self.known();
        let failed_at = known.failed_at.filter(|at| at.elapsed() < within);
        failed_at.is_some_and(|at| known.confirmed_at.is_none_or(|confirmed| confirmed < at))
    }

    /// Notes that the log holds this event, so that nobody is answered with what was before it.
    pub fn expect(&self, sequence: i64) {
        self.0.due.fetch_max(sequence, Ordering::AcqRel);
    }

    /// Takes in what this instance did itself, which nobody needs to ask for: these lines are all of the log up to the event `last`. They can
    /// only be taken in if what was before them is known; otherwise they are due.
    pub fn tell(&self, last: i64, lines: &[Line]) {
        let mut known = self.0.known.write().unwrap_or_else(PoisonError::into_inner);
        let first = lines.first().map(|line| line.sequence);
        let follows = first.is_some_and(|first| self.head() == Some(first - 1));
        if follows && known.all.entries.len() <= MOST_ENTRIES {
            known.note(lines);
            self.0.head.store(last, Ordering::Release);
        } else {
            self.expect(last);
        }
    }

    /// Takes in the answer to a question: all lines up to the event `head`.
    pub fn learn(&self, question: Question, head: i64, lines: &[Line]) {
        let Question {
            since,
            at: asked_at,
            due,
        } = question;
        let mut known = self.0.known.write().unwrap_or_else(PoisonError::into_inner);
        let is_gap = since.is_none() || self.head().is_none();
        if is_gap || known.all.entries.len() > MOST_ENTRIES {
            *known = Known {
                floor: head.max(self.head().unwrap_or(UNKNOWN)),
                ..Known::default()
            };
        } else {
            known.note(lines);
        }
        known.confirmed_at = known.confirmed_at.max(Some(asked_at));
        self.0.head.fetch_max(head, Ordering::AcqRel);
        drop(known);
        self.settle(due, head);
    }

    /// Events that were due when the log was asked, and that it does not hold, were of another log: of a copy that was put in
    /// its place.
    fn settle(&self, due_before: i64, head: i64) {
        if due_before > head {
            let due = &self.0.due;
            let _ = due.compare_exchange(due_before, head, Ordering::AcqRel, Ordering::Acquire);
        }
    }

    /// Whether what was read at one state is the same at another one. What is known must reach to both.
    pub fn hold(&self, reads: &Reads, at: i64, other: i64) -> bool {
        let known = self.known();
        let since = at.min(other);
        let unchanged = |stamps: &Stamps, touched: &Touched| {
            let entries = touched.entries.iter().map(|id| stamps.entries.get(id));
            let types = touched.types.iter().map(|of| stamps.types.get(of));
            entries
                .chain(types)
                .flatten()
                .all(|changed| *changed <= since)
        };
        since >= known.floor
            && unchanged(&known.public, &reads.public)
            && unchanged(&known.all, &reads.all)
    }

    /// Whether an entry is the same at two states, drafts and all.
    pub fn is_same(&self, entry: Uuid, at: i64, other: i64) -> bool {
        let known = self.known();
        let since = at.min(other);
        let changed = known.all.entries.get(&entry);
        since >= known.floor && changed.is_none_or(|changed| *changed <= since)
    }

    /// How long ago the database was last asked for news and answered; none if it never was.
    pub fn age(&self) -> Option<Duration> {
        self.known().confirmed_at.map(|at| at.elapsed())
    }

    fn known(&self) -> RwLockReadGuard<'_, Known> {
        self.0.known.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn note(&mut self, lines: &[Line]) {
        for line in lines {
            self.all.note(line);
            if line.is_public {
                self.public.note(line);
            }
        }
    }
}

impl Stamps {
    fn note(&mut self, line: &Line) {
        let raise = |stamp: &mut i64| *stamp = (*stamp).max(line.sequence);
        raise(self.entries.entry(line.entry).or_default());
        raise(self.types.entry(line.content_type).or_default());
    }
}

#[cfg(test)]
mod tests {
    use entity::entry::ContentType;
    use sea_orm::prelude::Uuid;

    use super::{Changes, Line};
    use crate::database::Reads;

    fn line(sequence: i64, entry: u128, is_public: bool) -> Line {
        Line {
            sequence,
            entry: Uuid::from_u128(entry),
            content_type: ContentType::Page,
            is_public,
        }
    }

    fn reads(is_public: bool, entry: u128) -> Reads {
        let mut reads = Reads::default();
        reads.of(is_public).entries.insert(Uuid::from_u128(entry));
        reads
    }

    fn at(head: i64) -> Changes {
        let changes = Changes::default();
        changes.learn(changes.question(), head, &[]);
        changes
    }

    #[test]
    fn what_was_read_holds_until_it_changes() {
        let changes = at(10);
        assert_eq!(changes.head(), Some(10));
        changes.learn(
            changes.question(),
            12,
            &[line(11, 1, false), line(12, 2, true)],
        );
        for (is_public, entry, since, holds) in [
            (false, 1, 10, false),
            (false, 1, 11, true),
            (true, 1, 10, true),
            (true, 2, 11, false),
            (true, 2, 12, true),
            (true, 3, 10, true),
            (true, 3, 9, false),
        ] {
            let reads = reads(is_public, entry);
            assert_eq!(changes.hold(&reads, since, 12), holds, "{entry} {since}");
        }
        let mut of_type = Reads::default();
        of_type.of(true).types.insert(ContentType::Page);
        assert!(!changes.hold(&of_type, 11, 12));
        assert!(changes.hold(&of_type, 12, 12));
        assert!(!changes.is_same(Uuid::from_u128(2), 12, 11), "either way");
    }

    #[test]
    fn what_one_did_oneself_is_known_at_once_unless_something_before_it_is_not() {
        let changes = at(10);
        let within = std::time::Duration::from_mins(1);
        changes.tell(12, &[line(11, 1, true), line(12, 2, true)]);
        assert_eq!(changes.current(within), Some(12));
        assert!(!changes.hold(&reads(true, 2), 11, 12));
        changes.tell(14, &[line(14, 3, true)]);
        assert_eq!(changes.head(), Some(12));
        assert_eq!(changes.current(within), None, "13 may be anything");
        let fresh = Changes::default();
        fresh.tell(1, &[line(1, 1, true)]);
        assert_eq!(fresh.current(within), None);
    }

    #[tokio::test]
    async fn all_who_wait_for_news_go_on_once_somebody_has_asked() {
        let changes = at(10);
        let turn = changes.turn().await;
        let waiting: Vec<_> = (0..3).map(|_| Box::pin(changes.turn())).collect();
        let mut waiting = futures_util::future::join_all(waiting);
        assert!(futures_util::poll!(&mut waiting).is_pending());
        drop(turn.expect("the turn of the first"));
        assert!(waiting.await.iter().all(Option::is_none));
        assert!(changes.turn().await.is_some());
    }

    #[test]
    fn answers_that_come_late_take_nothing_back() {
        let changes = at(10);
        let early = changes.question();
        changes.learn(changes.question(), 12, &[line(12, 1, true)]);
        changes.learn(early, 11, &[]);
        assert_eq!(changes.head(), Some(12));
        assert!(!changes.hold(&reads(true, 1), 11, 12));
    }

    #[test]
    fn an_event_that_is_due_is_waited_for_unless_the_log_never_held_it() {
        let changes = at(10);
        let within = std::time::Duration::from_mins(1);
        assert_eq!(changes.current(within), Some(10));
        let before = changes.question();
        changes.expect(11);
        assert_eq!(changes.current(within), None);
        changes.learn(before, 10, &[]);
        assert_eq!(changes.current(within), None, "it was asked before");
        changes.learn(changes.question(), 10, &[]);
        assert_eq!(changes.current(within), Some(10), "another log");
    }
}
