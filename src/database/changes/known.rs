//! What is known of the log, at one moment.

use std::time::Instant;

use sea_orm::prelude::Uuid;

use super::{
    position::{Head, LogEvent, LogPosition, News, RecentIds, State},
    stamps::Stamps,
};

/// How many entries are remembered one by one. When there are more, all is forgotten and counts as changed.
const MAX_ENTRIES: usize = 100_000;

#[derive(Debug)]
pub(super) struct Known {
    pub(super) generation: u64,
    lineage: Uuid,
    /// The latest events; none before the first answer of the database.
    pub(super) recent: Option<RecentIds>,
    /// An event that this instance has recorded, and between which and the latest known ones others may lie.
    pub(super) due: LogPosition,
    /// All changes after this event are known, and none before it.
    floor: i64,
    pub(super) stamps: Stamps,
    /// When the database was last queried for news, and answered.
    pub(super) confirmed_at: Option<Instant>,
    /// When the database last did not answer.
    pub(super) failed_at: Option<Instant>,
    /// Whether the connection to a database server was interrupted since the last answer.
    pub(super) is_interrupted: bool,
    /// When the log was last found not to fit what is known; what is known counts again once a later query confirms it.
    pub(super) doubted_at: Option<Instant>,
    /// When the log was last found to be another one.
    pub(super) diverged_at: Option<Instant>,
}

/// A query for everything that the log contains beyond what is known.
#[derive(Clone, Copy, Debug)]
pub struct LogQuery {
    known: Option<LogPosition>,
    pub(super) generation: u64,
    lineage: Uuid,
    due: LogPosition,
    sent_at: Instant,
}

impl LogQuery {
    /// The sequence of the last known event; none if nothing is known yet.
    pub fn since(&self) -> Option<i64> {
        self.known.map(|position| position.sequence)
    }

    /// Returns whether the log has another lineage than the one known when the query was made.
    pub fn knows_other_lineage(&self, news: &News) -> bool {
        self.lineage != news.lineage
    }
}

impl Default for Known {
    fn default() -> Self {
        Self {
            generation: 1,
            lineage: Uuid::nil(),
            recent: None,
            due: LogPosition::default(),
            floor: 0,
            stamps: Stamps::default(),
            confirmed_at: None,
            failed_at: None,
            is_interrupted: false,
            doubted_at: None,
            diverged_at: None,
        }
    }
}

impl Known {
    pub(super) fn query(&self) -> LogQuery {
        LogQuery {
            known: self.position(),
            generation: self.generation,
            lineage: self.lineage,
            due: self.due,
            sent_at: Instant::now(),
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.stamps.len() > MAX_ENTRIES
    }

    pub(super) fn position(&self) -> Option<LogPosition> {
        self.recent.as_ref().map(RecentIds::last)
    }

    pub(super) fn head(&self) -> Option<Head> {
        let position = self.position()?;
        Some(Head {
            state: self.state(position.sequence),
            position,
            lineage: self.lineage,
        })
    }

    pub(super) fn state(&self, sequence: i64) -> State {
        State {
            generation: self.generation,
            sequence,
        }
    }

    pub(super) fn id_at(&self, sequence: i64) -> Option<Uuid> {
        self.recent.as_ref()?.at(sequence)
    }

    pub(super) fn is_settled(&self) -> bool {
        let head = self.position().map_or(0, |head| head.sequence);
        let is_doubted = self.doubted_at.is_some_and(|doubted| {
            self.confirmed_at
                .is_none_or(|confirmed| confirmed < doubted)
        });
        self.due.sequence <= head && !is_doubted
    }

    /// The earlier one of two states, if both belong to this generation and all changes after it are known.
    pub(super) fn common(&self, at: State, other: State) -> Option<i64> {
        let since = at.sequence.min(other.sequence);
        let is_own = [at, other].map(|state| state.generation) == [self.generation; 2];
        (is_own && since >= self.floor).then_some(since)
    }

    pub(super) fn expect(&mut self, position: LogPosition) {
        if position.sequence > self.due.sequence {
            self.due = position;
        }
    }

    pub(super) fn record(&mut self, events: &[LogEvent]) {
        for event in events {
            if let Some(change) = &event.change {
                self.stamps.record(event.position.sequence, change);
            }
            if let Some(recent) = &mut self.recent {
                recent.push(event.position);
            }
        }
    }

    /// Whether the log continues what was known when it was queried, and agrees with what became known since.
    pub(super) fn fits(&self, query: &LogQuery, news: &News) -> bool {
        let same_lineage = query.known.is_none() || !query.knows_other_lineage(news);
        let continues = query.known.is_none_or(|known| news.continues(known));
        let mut events = news.events.iter().map(|event| event.position);
        let agrees = events.all(|LogPosition { sequence, id }| {
            self.id_at(sequence).is_none_or(|known| known == id)
        });
        // What this instance has committed before the query must be there.
        let has_due = query.due.sequence <= news.head;
        query.generation == self.generation && same_lineage && continues && agrees && has_due
    }

    pub(super) fn begin_anew(&mut self) {
        *self = Self {
            generation: self.generation + 1,
            lineage: self.lineage,
            recent: None,
            due: LogPosition::default(),
            floor: 0,
            stamps: Stamps::default(),
            is_interrupted: false,
            ..*self
        };
    }

    pub(super) fn take_in(&mut self, query: &LogQuery, news: &News) -> State {
        self.lineage = news.lineage;
        let is_gap = query.known.is_none() || self.recent.is_none();
        if is_gap || self.is_full() {
            let known = self.position().map_or(news.head, |head| head.sequence);
            self.floor = news.head.max(known);
            self.stamps = Stamps::default();
        }
        if self.recent.is_none() {
            self.recent = Some(RecentIds::from(news.position()));
        }
        self.record(&news.events);
        self.confirmed_at = self.confirmed_at.max(Some(query.sent_at));
        self.state(news.head)
    }
}
