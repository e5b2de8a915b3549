//! Figures of operations that run at once, and of those that wait for a place.

use std::fmt::Result;

use crate::telemetry::{
    meter::float,
    sheet::{Figures, Sheet},
};

/// Operations of some kind of clients, as they are now.
#[derive(Clone, Copy, Debug)]
pub struct CrowdState {
    /// Of which clients.
    pub of: &'static str,
    /// How many may run at once.
    pub places: u64,
    /// How many do.
    pub running: u64,
    /// How many wait for that.
    pub waiting: u64,
}

/// Operations of all kinds of clients.
#[derive(Clone, Debug)]
pub struct Crowds(pub Vec<CrowdState>);

impl Figures for Crowds {
    fn write(&self, sheet: &mut Sheet<'_>) -> Result {
        let of = |value: fn(&CrowdState) -> u64| {
            let states = self.0.iter();
            states.map(move |state| ([("of", state.of)], float(value(state))))
        };
        let help = "Operations that are executed.";
        sheet.gauges(
            "graphql_operations_running",
            help,
            of(|state| state.running),
        )?;
        let help = "Operations that wait for a place.";
        sheet.gauges(
            "graphql_operations_waiting",
            help,
            of(|state| state.waiting),
        )?;
        let help = "How many operations may be executed at once.";
        sheet.gauges("graphql_operations_max", help, of(|state| state.places))
    }
}
