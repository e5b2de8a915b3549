//! Figures of GraphQL operations. Their names come from clients, so that only some of them get figures of their own.

use std::{
    collections::BTreeMap,
    fmt::Result,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard},
    time::Instant,
};

use crate::telemetry::{
    label::labels,
    meter::{Counters, Durations},
    sheet::{Figures, Sheet},
};

/// How many names have figures of their own: the first ones of operations that could be executed.
const MOST_NAMES: usize = 100;
const LONGEST_NAME: usize = 64;
/// What stands for no name, and for all names beyond those.
const ANONYMOUS: &str = "anonymous";
const OTHER: &str = "other";

labels! {
    /// What an operation does.
    OperationKind = "kind" {
        /// It reads.
        Query = "query",
        /// It changes something.
        Mutation = "mutation",
        /// It follows something.
        Subscription = "subscription",
    }

    /// What came of an operation.
    Outcome = "outcome" {
        /// All of it.
        Whole = "ok",
        /// Something, with errors.
        Errors = "errors",
        /// It was not executed.
        Refused = "refused",
        /// What it needs does not answer, or there was no place for it.
        Unavailable = "unavailable",
    }

    /// Where an answer comes from.
    AnswerSource = "source" {
        /// The operation was executed for it.
        Executed = "executed",
        /// It was executed for somebody who asked the same at the same moment.
        Shared = "shared",
        /// It was kept, and held.
        Kept = "kept",
        /// It was kept, and nobody knows whether it still held.
        Stale = "stale",
    }
}

/// Counts one operation.
#[derive(Debug, Default)]
pub struct OperationMeter {
    outcomes: Counters<Outcome>,
    durations: Durations,
}

impl OperationMeter {
    /// Notes what came of an operation that began then.
    pub fn ended(&self, outcome: Outcome, begun: Instant) {
        self.outcomes.count(outcome);
        self.durations.note_since(begun);
    }
}

type Named = BTreeMap<(String, &'static str), Arc<OperationMeter>>;

/// Counts all operations.
#[derive(Debug, Default)]
pub struct OperationMeters {
    /// Where answers come from.
    pub sources: Counters<AnswerSource>,
    named: RwLock<Named>,
}

impl OperationMeters {
    /// The figures of an operation with this name that could be executed. Whoever asks keeps them: this takes a lock.
    pub fn of(&self, name: Option<&str>, kind: OperationKind) -> Arc<OperationMeter> {
        let name = name.unwrap_or(ANONYMOUS);
        let mut named = self.named.write().unwrap_or_else(PoisonError::into_inner);
        let key = |name: &str| (name.to_owned(), kind.name());
        let is_known = named.contains_key(&key(name));
        let fits = name.len() <= LONGEST_NAME && named.len() < MOST_NAMES;
        let name = if is_known || fits || name == ANONYMOUS {
            name
        } else {
            OTHER
        };
        Arc::clone(named.entry(key(name)).or_default())
    }

    /// The figures of operations without figures of their own.
    pub fn other(&self, kind: OperationKind) -> Arc<OperationMeter> {
        let key = (OTHER.to_owned(), kind.name());
        if let Some(known) = self.named().get(&key) {
            return Arc::clone(known);
        }
        let mut named = self.named.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(named.entry(key).or_default())
    }

    fn named(&self) -> RwLockReadGuard<'_, Named> {
        self.named.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Figures for OperationMeters {
    fn write(&self, sheet: &mut Sheet<'_>) -> Result {
        let help = "Answers to operations, by where they come from.";
        sheet.counters("graphql_answers", help, &self.sources)?;
        let named: Vec<_> = {
            let named = self.named();
            let named = named.iter();
            named
                .map(|((name, kind), meter)| (name.clone(), *kind, Arc::clone(meter)))
                .collect()
        };
        let labels = |name: &str, kind: &str| {
            [
                ("operation".to_owned(), name.to_owned()),
                ("kind".to_owned(), kind.to_owned()),
            ]
        };
        let counts = named.iter().flat_map(|(name, kind, meter)| {
            Outcome::ALL.iter().map(move |(outcome, outcome_name)| {
                let labels = labels(name, kind).into_iter();
                let outcome_name = ("outcome".to_owned(), (*outcome_name).to_owned());
                let labels: Vec<_> = labels.chain([outcome_name]).collect();
                (labels, meter.outcomes.get(*outcome))
            })
        });
        let help = "GraphQL operations, by name, kind and outcome.";
        sheet.counts("graphql_operations", help, counts)?;
        let durations = named.iter();
        let durations = durations.map(|(name, kind, meter)| (labels(name, kind), &meter.durations));
        let help = "Time that operations took.";
        sheet.durations("graphql_operation_duration_seconds", help, durations)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{MOST_NAMES, OperationKind::Query, OperationMeters};

    #[test]
    fn names_of_clients_make_no_end_of_figures() {
        let meters = OperationMeters::default();
        let first = meters.of(Some("First"), Query);
        for number in 0..1_000 {
            meters.of(Some(&format!("Name{number}")), Query);
        }
        let other = meters.of(Some("Late"), Query);
        assert!(Arc::ptr_eq(&other, &meters.other(Query)));
        assert!(Arc::ptr_eq(&first, &meters.of(Some("First"), Query)));
        assert!(meters.named().len() <= MOST_NAMES + 2);
    }
}
