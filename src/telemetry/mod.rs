//! What operators see of the program: figures, and traces. Nothing here names an entry, an account, an address or a secret.

pub mod disk;
pub mod label;
pub mod log;
pub mod meter;
pub mod metrics;
pub mod outage;
pub mod process;
pub mod sheet;
pub mod traces;

use std::sync::Arc;

pub use self::metrics::Metrics;
use self::{log::LogMeter, traces::Traces};
use crate::{config::Config, error::Result};

/// What the parts of the program tell. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Telemetry {
    /// The figures.
    pub metrics: Arc<Metrics>,
    /// The traces.
    pub traces: Traces,
    /// The lines of the log of this process.
    pub log: Arc<LogMeter>,
}

impl Telemetry {
    /// As the settings say.
    pub fn open(config: &Config) -> Result<Self> {
        Ok(Self {
            metrics: Arc::default(),
            traces: Traces::open(config)?,
            log: Arc::default(),
        })
    }
}
