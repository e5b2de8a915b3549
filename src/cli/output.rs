//! What commands print. Secrets go to standard output: the log must not hold them.

use std::{
    io::{self, Write, stderr, stdout},
    sync::mpsc,
    thread,
    time::Duration,
};

use crate::error::{Error, Result};

/// How long to wait for a reader before going on without one.
const PATIENCE: Duration = Duration::from_secs(1);

/// Prints a line to standard output, however long its reader takes.
pub(super) fn tell(line: &str) -> Result<()> {
    writeln!(stdout(), "{line}").map_err(Error::internal)
}

/// Prints a text to standard output without depending on a reader: a server must serve even if nobody reads what it prints.
pub(super) fn tell_without_waiting(text: String) {
    match write_apart(stdout(), text) {
        Some(Ok(())) => {}
        Some(Err(error)) => {
            tracing::warn!(%error, "standard output cannot be written; what it was to show is lost");
        }
        None => tracing::warn!(
            "standard output is not read; what it is to show appears once it is read"
        ),
    }
}

/// Prints a text to standard error before there is a log. If nobody can read it, nothing can be done about that.
pub(super) fn complain(text: &str) {
    write_apart(stderr(), format!("{text}\n"));
}

/// Writes in a thread of its own, which stays behind if it is blocked. Returns the result if there is one soon.
fn write_apart(mut target: impl Write + Send + 'static, text: String) -> Option<io::Result<()>> {
    let (written, result) = mpsc::channel();
    let writing = move || {
        let result = target.write_all(text.as_bytes());
        // Nobody listens any more if this took too long.
        let _ = written.send(result.and_then(|()| target.flush()));
    };
    match thread::Builder::new().spawn(writing) {
        Ok(_) => result.recv_timeout(PATIENCE).ok(),
        Err(error) => Some(Err(error)),
    }
}
