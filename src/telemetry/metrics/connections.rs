//! Figures of the connections of clients.

use std::fmt::Result;

use crate::telemetry::{
    label::labels,
    meter::{Counters, Level},
    sheet::{Figures, Sheet},
};

labels! {
    /// Which limit a connection would have been beyond.
    ConnectionLimit = "limit" {
        /// That of all connections.
        All = "max_connections",
        /// That of one network.
        OfNetwork = "max_connections_per_network",
    }
}

/// Counts connections.
#[derive(Debug, Default)]
pub struct ConnectionMeter {
    /// Those that are open.
    pub open: Level,
    /// Those that were accepted.
    pub accepted: Counters,
    /// Those that there was no room for.
    pub refused: Counters<ConnectionLimit>,
}

impl Figures for ConnectionMeter {
    fn write(&self, sheet: &mut Sheet<'_>) -> Result {
        let help = "Connections of clients that are open.";
        sheet.level("connections_open", help, &self.open)?;
        let help = "Connections that were accepted.";
        sheet.counters("connections_accepted", help, &self.accepted)?;
        let help = "Connections that there was no room for, by the limit.";
        sheet.counters("connections_refused", help, &self.refused)
    }
}
