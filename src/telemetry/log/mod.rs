//! The log on standard error: a writer that never blocks and never panics, whatever reads it.
//!
//! `tracing-appender` does the same for files, but its queue is bounded in lines rather than bytes, it never reports a gap in the
//! log itself, and its shutdown waits for a blocked pipe.

mod line;
mod queue;

use std::{
    backtrace::{Backtrace, BacktraceStatus},
    fmt::Result as FmtResult,
    fs::File,
    io::{self, IsTerminal, Write, stderr},
    os::fd::AsFd,
    panic,
    sync::Arc,
    thread,
    time::Duration,
};

use tracing::{Level, Metadata};
use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

use self::{line::Style, queue::Queue};
use super::{
    meter::Counters,
    sheet::{Figures, Sheet},
};
use crate::config::{Config, LogFormat};

/// How long the end of the program waits for the last lines to be read.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(1);
/// Filter directives that apply unless `log_level` overrides them. Each migration reports itself, PostgreSQL reports objects that
/// exist already, and a pool reports each slow acquisition during an outage.
const QUIET: &str = "sea_orm_migration=warn,sqlx::postgres::notice=warn,sqlx::pool=error";

/// Counts what became of log lines.
#[derive(Debug, Default)]
pub struct LogMeter {
    /// Lines that were written.
    pub written: Counters,
    /// Lines that were not: the queue was full, or writing failed.
    pub dropped: Counters,
}

impl Figures for LogMeter {
    fn write(&self, sheet: &mut Sheet<'_>) -> FmtResult {
        let help = "Log lines that were written to standard error.";
        sheet.counters("log_lines_written", help, &self.written)?;
        let help = "Log lines that were dropped because standard error was not read or could not be written.";
        sheet.counters("log_lines_dropped", help, &self.dropped)
    }
}

/// The log of this process. Clones share it.
#[derive(Clone)]
pub struct Log {
    queue: Arc<Queue>,
}

impl Log {
    /// Starts the thread that writes to standard error, and sends all events of `tracing` and all panics there.
    pub fn start(config: &Config) -> Result<Self, String> {
        let filter = EnvFilter::try_new(format!("{QUIET},{}", config.log_level));
        let filter = filter.map_err(|error| format!("log_level: {error}"))?;
        // A handle of its own: whoever else writes to standard error never waits for the lock of a blocked writer.
        let file = stderr().as_fd().try_clone_to_owned().map(File::from);
        let file = file.map_err(|error| format!("cannot use standard error: {error}"))?;
        let queue = Arc::new(Queue::default());
        let writing = Arc::clone(&queue);
        thread::Builder::new()
            .name("kindling-log".to_owned())
            .spawn(move || queue::write_lines(&writing, file))
            .map_err(|error| format!("cannot start the thread of the log: {error}"))?;
        let style = match config.log_format {
            LogFormat::Json => Style::Json,
            LogFormat::Text if stderr().is_terminal() => Style::Terminal,
            LogFormat::Text => Style::Text,
        };
        let subscriber = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_ansi(false)
            // It would print to standard error by itself.
            .log_internal_errors(false)
            .with_writer(Lines {
                queue: Arc::clone(&queue),
                style,
            });
        match config.log_format {
            LogFormat::Text => subscriber.init(),
            LogFormat::Json => subscriber.json().init(),
        }
        panic::set_hook(Box::new(record_panic));
        Ok(Self { queue })
    }

    /// What counts its lines.
    pub fn meter(&self) -> Arc<LogMeter> {
        Arc::clone(&self.queue.meter)
    }

    /// Writes a text for whoever started the program, as it stands.
    pub fn print(&self, text: &str) {
        for line in text.lines() {
            self.queue.push(line::bounded(line, Style::Text, None));
        }
    }

    /// Waits until all lines are written, for a moment: a pipe that nobody reads must not hold up the end.
    pub fn flush(&self) {
        self.queue.flush(FLUSH_TIMEOUT);
    }
}

/// Logs a panic. The standard hook writes to standard error itself, which can block, and panics once more if that fails.
fn record_panic(panic: &panic::PanicHookInfo<'_>) {
    let thread = thread::current();
    let backtrace = Backtrace::capture();
    let backtrace = (backtrace.status() == BacktraceStatus::Captured).then_some(backtrace);
    tracing::error!(
        thread = thread.name(),
        place = panic.location().map(tracing::field::display),
        panic = panic.payload_as_str(),
        backtrace = backtrace.as_ref().map(tracing::field::display),
        "a thread panicked"
    );
}

/// Makes a writer for each event.
struct Lines {
    queue: Arc<Queue>,
    style: Style,
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line {
            lines: self,
            level: None,
        }
    }

    fn make_writer_for(&'a self, metadata: &Metadata<'_>) -> Line<'a> {
        Line {
            lines: self,
            level: Some(*metadata.level()),
        }
    }
}

/// Takes one event, which comes whole.
struct Line<'a> {
    lines: &'a Lines,
    level: Option<Level>,
}

impl Write for Line<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        let text = text.strip_suffix('\n').unwrap_or(&text);
        let line = line::bounded(text, self.lines.style, self.level);
        self.lines.queue.push(line);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
