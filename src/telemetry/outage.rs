//! Outages in the log: one line at the begin of each and one at its end, however many requests fail in between.
//!
//! This is one register for the whole process, because there is one log for the whole process.

use std::{
    fmt::Display,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::label::{Label, labels};
use crate::error::Error;

/// An outage is over once nothing has failed for this long.
const QUIET: Duration = Duration::from_secs(5);

labels! {
    /// What can be out of order.
    Outage = "outage" {
        /// The database does not answer, or its storage is full.
        Database = "database",
        /// The database accepts no writes.
        ReadOnly = "read-only database",
        /// The media store cannot be read or written.
        MediaStore = "media store",
        /// The mail server cannot be reached.
        MailServer = "mail server",
        /// An OpenID provider does not do its part.
        OpenIdProvider = "OpenID provider",
        /// No connection can be accepted.
        Listener = "listener",
        /// Requests reach their deadline.
        Deadline = "deadline",
        /// Operations are refused because there are too many of them.
        Overload = "overload",
    }
}

/// The failure of something that is out of order.
#[derive(Debug, thiserror::Error)]
#[error("{1}")]
pub struct OutageError(pub Outage, pub String);

/// An outage that has begun.
#[derive(Clone, Copy)]
struct State {
    begun: Instant,
    last: Instant,
    failures: u64,
}

type Register = [Option<State>; Outage::COUNT];

static REGISTER: Mutex<Register> = Mutex::new([None; Outage::COUNT]);

/// Notes that something failed. The first failure is a warning, the others only show at the level debug.
pub fn failed(outage: Outage, cause: &dyn Display) {
    let now = Instant::now();
    let is_first = {
        let mut register = register();
        let state = &mut register[outage as usize];
        let is_first = state.is_none();
        let state = state.get_or_insert(State {
            begun: now,
            last: now,
            failures: 0,
        });
        state.last = now;
        state.failures += 1;
        is_first
    };
    let name = outage.name();
    if is_first {
        tracing::warn!(
            outage = name,
            "{cause}; an outage begins: further failures are only counted until it ends"
        );
    } else {
        tracing::debug!(outage = name, "{cause}");
    }
}

/// Notes an error if it belongs to an outage. Any other error is up to the caller.
pub fn report(error: &Error) -> bool {
    match error {
        Error::ReadOnly(cause) => failed(Outage::ReadOnly, cause),
        Error::Unavailable(cause) => failed(kind(&**cause), cause),
        _ => return false,
    }
    true
}

/// Whether something is out of order now.
pub fn is_on(outage: Outage) -> bool {
    register()[outage as usize].is_some()
}

/// Notes that something works again, where its users know.
pub fn ended(outage: Outage) {
    let state = register()[outage as usize].take();
    if let Some(state) = state {
        log_end(outage, &state);
    }
}

/// Ends the outages that are over. Nobody may have tried to send mail or to write since the last failure: those who do so end
/// these outages.
pub fn end_quiet() {
    let now = Instant::now();
    for (outage, _) in Outage::ALL {
        let is_over = |state: &mut State| now.duration_since(state.last) >= QUIET;
        let state = match outage {
            Outage::MailServer | Outage::ReadOnly => None,
            _ => register()[*outage as usize].take_if(is_over),
        };
        if let Some(state) = state {
            log_end(*outage, &state);
        }
    }
}

fn log_end(outage: Outage, state: &State) {
    let State {
        begun,
        last,
        failures,
    } = state;
    let seconds = last.duration_since(*begun).as_secs_f64();
    let name = outage.name();
    tracing::info!(outage = name, failures, seconds, "an outage has ended");
}

fn kind(cause: &(dyn std::error::Error + Send + Sync + 'static)) -> Outage {
    if let Some(OutageError(outage, _)) = cause.downcast_ref() {
        *outage
    } else if cause.is::<object_store::Error>() || cause.is::<std::io::Error>() {
        Outage::MediaStore
    } else {
        Outage::Database
    }
}

fn register() -> MutexGuard<'static, Register> {
    REGISTER.lock().unwrap_or_else(PoisonError::into_inner)
}
