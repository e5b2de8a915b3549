//! What the command line asks of the benchmark.

use std::time::Duration;

use super::Failure;

pub(crate) struct Options {
    pub(crate) rounds: usize,
    /// How long each server is under load in each round.
    pub(crate) turn: Duration,
    /// Load before each turn that is not counted.
    pub(crate) warm_up: Duration,
    pub(crate) connections: usize,
    /// Entries of each type on the site that is measured, where it is filled.
    pub(crate) entries: u32,
    /// An empty database that Kindling is measured on as well.
    pub(crate) postgres: Option<String>,
}

impl Options {
    pub(crate) fn parse(arguments: &[String]) -> Result<Self, Failure> {
        // Cargo adds `--bench` to `cargo bench` and to nothing else.
        let mut options = if arguments.iter().any(|argument| argument == "--bench") {
            Self::full()
        } else {
            Self::brief()
        };
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            let mut value = || {
                rest.next()
                    .ok_or_else(|| format!("{argument} needs a value"))
            };
            match argument.as_str() {
                "--bench" => {}
                "--rounds" => options.rounds = value()?.parse()?,
                "--seconds" => options.turn = Duration::try_from_secs_f64(value()?.parse()?)?,
                "--connections" => options.connections = value()?.parse()?,
                "--entries" => options.entries = value()?.parse()?,
                "--postgres" => options.postgres = Some(value()?.clone()),
                other => return Err(format!("unknown argument {other}").into()),
            }
        }
        if options.rounds == 0 || options.connections == 0 || options.turn.is_zero() {
            return Err("rounds, seconds and connections are more than 0".into());
        }
        Ok(options)
    }

    fn full() -> Self {
        Self {
            rounds: 5,
            turn: Duration::from_secs(3),
            warm_up: Duration::from_secs(1),
            connections: 16,
            entries: 10_000,
            postgres: None,
        }
    }

    fn brief() -> Self {
        Self {
            rounds: 1,
            turn: Duration::from_millis(200),
            warm_up: Duration::from_millis(50),
            entries: 30,
            ..Self::full()
        }
    }
}
