//! Figures of a database.

use std::{
    fmt::Result,
    time::{Duration, Instant},
};

use crate::telemetry::{
    label::{Label, labels},
    meter::{Counters, Durations, Level},
    sheet::{Figures, Sheet},
};

labels! {
    /// What a statement does.
    Verb = "verb" {
        /// It reads.
        Select = "select",
        /// It adds rows.
        Insert = "insert",
        /// It changes rows.
        Update = "update",
        /// It removes rows.
        Delete = "delete",
        /// Anything else.
        Other = "other",
    }

    /// What a statement came to.
    StatementEnd = "outcome" {
        /// Its end.
        Done = "ok",
        /// An error.
        Failed = "failed",
    }

    /// What connections are for.
    Pool = "pool" {
        /// Reading.
        Readers = "readers",
        /// Writing.
        Writers = "writers",
    }
}

impl Verb {
    /// What a statement of this text does.
    pub fn of(sql: &str) -> Self {
        match sql.trim_start().get(..6) {
            Some(verb) if verb.eq_ignore_ascii_case("select") => Self::Select,
            Some(verb) if verb.eq_ignore_ascii_case("insert") => Self::Insert,
            Some(verb) if verb.eq_ignore_ascii_case("update") => Self::Update,
            Some(verb) if verb.eq_ignore_ascii_case("delete") => Self::Delete,
            _ => Self::Other,
        }
    }
}

/// Counts what is asked of a database.
#[derive(Debug, Default)]
pub struct DatabaseMeter {
    statements: Counters<(Verb, StatementEnd)>,
    took: [Durations; Verb::COUNT],
    waited: [Durations; Pool::COUNT],
    waiting: [Level; Pool::COUNT],
}

impl DatabaseMeter {
    /// Notes a statement of this text.
    pub fn statement(&self, verb: Verb, took: Duration, has_failed: bool) {
        let end = if has_failed {
            StatementEnd::Failed
        } else {
            StatementEnd::Done
        };
        self.statements.count((verb, end));
        self.took[verb.place()].note(took);
    }

    /// Notes that somebody waits for a transaction, which takes a connection or the right to write, until what is returned
    /// goes.
    pub fn wait(&self, pool: Pool) -> Waiting<'_> {
        self.waiting[pool.place()].rise();
        Waiting {
            meter: self,
            pool,
            begun: Instant::now(),
        }
    }
}

/// Somebody who waits.
#[derive(Debug)]
pub struct Waiting<'a> {
    meter: &'a DatabaseMeter,
    pool: Pool,
    begun: Instant,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let place = self.pool.place();
        self.meter.waiting[place].fall();
        self.meter.waited[place].note_since(self.begun);
    }
}

impl Figures for DatabaseMeter {
    fn write(&self, sheet: &mut Sheet<'_>) -> Result {
        let help = "Statements, by what they do and what they came to.";
        sheet.counters("database_statements", help, &self.statements)?;
        let took = self.took.iter().enumerate();
        let took = took.map(|(place, took)| (Verb::at(place), took));
        let help = "Time that statements took in the database.";
        sheet.durations("database_statement_duration_seconds", help, took)?;
        let waited = self.waited.iter().enumerate();
        let waited = waited.map(|(place, waited)| (Pool::at(place), waited));
        let help =
            "Time until a transaction began: waiting for a connection, or for the right to write.";
        sheet.durations("database_wait_duration_seconds", help, waited)?;
        let waiting = self.waiting.iter().enumerate();
        let waiting = waiting.map(|(place, level)| (Pool::at(place), level.as_gauge()));
        sheet.gauges("database_waiting", "Those who wait for that.", waiting)
    }
}

#[cfg(test)]
mod tests {
    use super::Verb;

    #[test]
    fn the_first_word_tells_what_a_statement_does() {
        for (sql, verb) in [
            ("SELECT 1", Verb::Select),
            (" insert INTO a", Verb::Insert),
            ("UPDATE", Verb::Update),
            ("PRAGMA x", Verb::Other),
            ("é", Verb::Other),
            ("", Verb::Other),
        ] {
            assert_eq!(Verb::of(sql), verb, "{sql}");
        }
    }
}
