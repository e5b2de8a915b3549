//! The bounded queue in front of standard error, and the thread that empties it.

use std::{
    collections::VecDeque,
    io::{self, ErrorKind, Write},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use super::LogMeter;
use crate::telemetry::outage;

/// Bytes of lines that wait to be written. What comes beyond them is dropped.
const CAPACITY: usize = 4 * 1024 * 1024;
/// The pause before writing again to a descriptor that is set to fail instead of blocking.
const PAUSE: Duration = Duration::from_millis(20);

/// How often the thread looks whether outages have ended.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Lines that wait to be written.
#[derive(Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    filled: Condvar,
    emptied: Condvar,
    pub(super) meter: Arc<LogMeter>,
}

#[derive(Default)]
struct State {
    lines: VecDeque<Vec<u8>>,
    /// Bytes of the lines that wait and of the one that is being written.
    bytes: usize,
    /// Lines that were dropped since a gap was last reported.
    unreported: u64,
}

impl Queue {
    /// Takes a line to write, or drops it if too many wait. Never waits.
    pub(super) fn push(&self, line: Vec<u8>) {
        let mut state = self.state();
        if state.bytes + line.len() > CAPACITY {
            state.unreported += 1;
            drop(state);
            return self.meter.dropped.count(());
        }
        state.bytes += line.len();
        state.lines.push_back(line);
        drop(state);
        self.filled.notify_one();
    }

    /// Waits until nothing is left to write; at most for `timeout`.
    pub(super) fn flush(&self, timeout: Duration) {
        let end = Instant::now() + timeout;
        let mut state = self.state();
        while state.bytes > 0 {
            let Some(rest) = end.checked_duration_since(Instant::now()) else {
                return;
            };
            let waited = self.emptied.wait_timeout(state, rest);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Waits for a line until `end`.
    fn next(&self, end: Instant) -> Option<Vec<u8>> {
        let mut state = self.state();
        loop {
            let line = state.lines.pop_front();
            if line.is_some() {
                return line;
            }
            let rest = end.checked_duration_since(Instant::now())?;
            let waited = self.filled.wait_timeout(state, rest);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Notes that a line of so many bytes was written, or was not. Returns how many lines are missing, once there is room to
    /// report them.
    fn settle(&self, bytes: usize, is_written: bool) -> Option<u64> {
        let mut state = self.state();
        state.bytes -= bytes;
        if state.bytes == 0 {
            self.emptied.notify_all();
        }
        if !is_written {
            self.meter.dropped.count(());
            state.unreported += 1;
            return None;
        }
        self.meter.written.count(());
        if state.unreported == 0 || state.bytes > CAPACITY / 2 {
            return None;
        }
        Some(std::mem::take(&mut state.unreported))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes lines for as long as the process lives.
pub(super) fn write_lines(queue: &Queue, target: impl Write) {
    let mut output = Output {
        target,
        is_torn: false,
    };
    let mut look = Instant::now() + LOOK_EVERY;
    loop {
        if Instant::now() >= look {
            outage::end_quiet();
            look = Instant::now() + LOOK_EVERY;
        }
        let Some(line) = queue.next(look) else {
            continue;
        };
        let is_written = output.write(&line).is_ok();
        if let Some(dropped) = queue.settle(line.len(), is_written) {
            tracing::warn!(
                dropped,
                "log lines are missing: standard error was not read or could not be written"
            );
        }
    }
}

/// What lines are written to.
struct Output<W> {
    target: W,
    /// The last line was written in part.
    is_torn: bool,
}

impl<W: Write> Output<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<()> {
        if self.is_torn {
            self.write_bytes(b"\n")?;
        }
        self.write_bytes(line)?;
        self.is_torn = false;
        Ok(())
    }

    fn write_bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut rest = bytes;
        while !rest.is_empty() {
            match self.target.write(rest) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(count) => {
                    rest = rest.get(count..).unwrap_or_default();
                    self.is_torn = true;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(PAUSE),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{self, Write},
        time::Instant,
    };

    use super::{CAPACITY, Output, Queue};

    /// Takes the next line from the queue as if it had been written, or not.
    fn settle(queue: &Queue, is_written: bool) -> Option<u64> {
        let line = queue.next(Instant::now()).expect("a line");
        queue.settle(line.len(), is_written)
    }

    #[test]
    fn what_does_not_fit_is_dropped_counted_and_reported_once() {
        let queue = Queue::default();
        let line = || vec![b'a'; CAPACITY / 4];
        for _ in 0..7 {
            queue.push(line());
        }
        assert_eq!(queue.meter.dropped.get(()), 3);
        assert_eq!(settle(&queue, true), None, "there is hardly any room");
        assert_eq!(settle(&queue, true), Some(3));
        assert_eq!(settle(&queue, true), None);
        queue.push(line());
        assert_eq!(queue.meter.dropped.get(()), 3, "there is room again");
    }

    #[test]
    fn a_line_that_cannot_be_written_counts_as_dropped() {
        let queue = Queue::default();
        for _ in 0..2 {
            queue.push(b"a line\n".to_vec());
        }
        assert_eq!(settle(&queue, false), None);
        assert_eq!(settle(&queue, true), Some(1));
        assert_eq!(queue.meter.written.get(()), 1);
    }

    /// Takes a few bytes, then fails until it is mended.
    struct Fragile {
        taken: Vec<u8>,
        room: usize,
    }

    impl Write for Fragile {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let count = bytes.len().min(self.room);
            if count == 0 {
                return Err(io::Error::other("full"));
            }
            self.room -= count;
            self.taken.extend_from_slice(&bytes[..count]);
            Ok(count)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_that_was_torn_does_not_run_into_the_next_one() {
        let target = Fragile {
            taken: Vec::new(),
            room: 3,
        };
        let mut output = Output {
            target,
            is_torn: false,
        };
        assert!(output.write(b"first\n").is_err());
        assert!(output.write(b"second\n").is_err());
        output.target.room = 100;
        output.write(b"third\n").expect("room");
        output.write(b"fourth\n").expect("room");
        assert_eq!(output.target.taken, b"fir\nthird\nfourth\n");
    }
}
