//! Positions in the event log: which event of which log a state of the database ends with.

use std::collections::VecDeque;

use entity::entry::ContentType;
use sea_orm::prelude::Uuid;

/// How many of the latest events are known by their ids.
const MAX_RECENT: usize = 4_096;

/// A position in the event log: an event by its sequence and by its random id. A database that was restored from a backup
/// numbers other events with the same sequences, and the id tells them apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogPosition {
    /// The sequence of the event; 0 for an empty log.
    pub sequence: i64,
    /// The id of the event; nil for an empty log.
    pub id: Uuid,
}

/// A state of the database as one process counts it: states of different generations have nothing in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// Incremented whenever the log turns out to be another one than the one known before.
    pub generation: u64,
    /// The last event.
    pub sequence: i64,
}

/// The newest known state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The state.
    pub state: State,
    /// Its last event.
    pub position: LogPosition,
    /// The lineage of the log, as the database names it: the same on all instances, another one after a restore was noticed.
    pub lineage: Uuid,
}

/// An event of the log.
#[derive(Clone, Copy, Debug)]
pub struct LogEvent {
    /// Its position.
    pub position: LogPosition,
    /// The entry that it changed, if it changed one.
    pub change: Option<EntryChange>,
}

/// A change of an entry.
#[derive(Clone, Copy, Debug)]
pub struct EntryChange {
    /// The entry.
    pub entry: Uuid,
    /// Its type.
    pub content_type: ContentType,
    /// Whether readers of public content can see a difference.
    pub is_public: bool,
}

/// What the database returned for a [`super::LogQuery`].
#[derive(Clone, Debug, Default)]
pub struct News {
    /// The lineage of the log.
    pub lineage: Uuid,
    /// The sequence of the last event.
    pub head: i64,
    /// All events from the known one, inclusive, to the last one; the last one alone if none was known.
    pub events: Vec<LogEvent>,
}

impl News {
    /// Returns whether the log still contains the known position, and everything between it and its end.
    pub(super) fn continues(&self, known: LogPosition) -> bool {
        let at_known = self.id_at(known.sequence).unwrap_or_default();
        let later = self.events.iter().map(|event| event.position.sequence);
        let later = later.filter(|sequence| *sequence > known.sequence);
        known.id == at_known && later.eq(known.sequence + 1..=self.head)
    }

    /// Returns the position of the last event.
    pub(super) fn position(&self) -> LogPosition {
        LogPosition {
            sequence: self.head,
            id: self.id_at(self.head).unwrap_or_default(),
        }
    }

    fn id_at(&self, sequence: i64) -> Option<Uuid> {
        let mut positions = self.events.iter().map(|event| event.position);
        let found = positions.find(|position| position.sequence == sequence);
        found.map(|position| position.id)
    }
}

/// The ids of the latest events, without a gap.
#[derive(Debug)]
pub(super) struct RecentIds {
    last: i64,
    ids: VecDeque<Uuid>,
}

impl RecentIds {
    /// Creates the list that ends with this position.
    pub(super) fn from(position: LogPosition) -> Self {
        Self {
            last: position.sequence,
            ids: VecDeque::from([position.id]),
        }
    }

    /// Returns the last position.
    pub(super) fn last(&self) -> LogPosition {
        LogPosition {
            sequence: self.last,
            id: self.ids.back().copied().unwrap_or_default(),
        }
    }

    /// Returns the id of the event with this sequence, if it is one of the latest.
    pub(super) fn at(&self, sequence: i64) -> Option<Uuid> {
        let back = usize::try_from(self.last.checked_sub(sequence)?).ok()?;
        let index = self.ids.len().checked_sub(back + 1)?;
        self.ids.get(index).copied()
    }

    /// Appends the event if it is the next one.
    pub(super) fn push(&mut self, position: LogPosition) {
        if position.sequence != self.last + 1 {
            return;
        }
        if self.ids.len() == MAX_RECENT {
            self.ids.pop_front();
        }
        self.last = position.sequence;
        self.ids.push_back(position.id);
    }
}
