//! Figures of signing in, and of work beside requests.

use std::{
    fmt::Result,
    sync::atomic::{AtomicI64, Ordering::Relaxed},
};

use entity::Instant;

use crate::telemetry::{
    label::{Label, labels},
    meter::{Counters, float},
    sheet::{Figures, Sheet},
};

labels! {
    /// What came of a step of signing in.
    SignInStep = "outcome" {
        /// A session began.
        Succeeded = "succeeded",
        /// Another step must follow.
        Challenged = "challenged",
        /// A secret was wrong, or the account cannot be signed in with.
        Failed = "failed",
        /// There were too many attempts before; nothing was looked at. Attempts at links and codes are among these.
        Throttled = "throttled",
    }

    /// Due work.
    Task = "task" {
        /// Requests for new passwords are answered.
        PasswordResets = "password_resets",
        /// Mail is sent.
        Mail = "mail",
        /// Files of erased assets are removed.
        Erasure = "erasure",
        /// What nobody needs any more is forgotten.
        Tidying = "tidying",
    }

    /// How a run of due work ended.
    TaskEnd = "outcome" {
        /// Well.
        Done = "ok",
        /// It will be tried again.
        Failed = "failed",
    }

    /// What became of a mail.
    Mails = "outcome" {
        /// The mail server took it.
        Sent = "sent",
        /// It did not, and it is tried again.
        NotTaken = "not_taken",
        /// It could not be sent for too long.
        GivenUp = "given_up",
    }
}

/// Counts due work.
#[derive(Debug)]
pub struct TaskMeter {
    runs: Counters<(Task, TaskEnd)>,
    /// In milliseconds since 1970; 0 if there was none.
    last: [AtomicI64; Task::COUNT],
}

impl Default for TaskMeter {
    fn default() -> Self {
        Self {
            runs: Counters::default(),
            last: [const { AtomicI64::new(0) }; Task::COUNT],
        }
    }
}

impl TaskMeter {
    /// Notes a run that ended at this moment.
    pub fn ended(&self, task: Task, end: TaskEnd, now: Instant) {
        self.runs.count((task, end));
        self.last[task.place()].store(now.timestamp_millis(), Relaxed);
    }

    /// How often it failed.
    pub fn failures(&self, task: Task) -> u64 {
        self.runs.get((task, TaskEnd::Failed))
    }

    /// When it ran the last time.
    pub fn last(&self, task: Task) -> Option<Instant> {
        let milliseconds = self.last[task.place()].load(Relaxed);
        Instant::from_timestamp_millis(milliseconds).filter(|_| milliseconds != 0)
    }
}

impl Figures for TaskMeter {
    fn write(&self, sheet: &mut Sheet<'_>) -> Result {
        let help = "Runs of due work, by how they ended.";
        sheet.counters("task_runs", help, &self.runs)?;
        let last = Task::ALL.iter().filter_map(|(task, _)| {
            let milliseconds = u64::try_from(self.last(*task)?.timestamp_millis()).ok()?;
            Some((Task::at(task.place()), float(milliseconds) / 1_000.0))
        });
        let help = "When due work ran the last time.";
        sheet.gauges("task_last_run_timestamp_seconds", help, last)
    }
}
