//! Figures of signing in, and of work beside requests.

use std::{
    array,
    fmt::Result,
    sync::{Mutex, MutexGuard, PoisonError},
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
        /// Files that no asset has are moved to the trash, and deleted from there.
        MediaSweep = "media_sweep",
        /// Entries of an older version are made searchable.
        SearchText = "search_text",
        /// The event log is followed.
        EventLog = "event_log",
    }

    /// How a run of due work ended.
    TaskEnd = "outcome" {
        /// Well.
        Done = "ok",
        /// With an error; it is run again.
        Failed = "failed",
        /// With a panic; it is run again.
        Panicked = "panicked",
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

/// The state of one task.
#[derive(Clone, Debug, Default)]
pub struct TaskState {
    /// When its last run ended.
    pub last_run_at: Option<Instant>,
    /// When the present run began.
    pub running_since: Option<Instant>,
    /// Runs that failed since the last one that did not.
    pub failures_in_row: u64,
    /// The last run that failed.
    pub last_failure: Option<TaskFailure>,
}

/// A run that failed.
#[derive(Clone, Debug)]
pub struct TaskFailure {
    /// When it ended.
    pub at: Instant,
    /// Why, without what only the log may show.
    pub reason: String,
}

/// Counts the runs of due work, and keeps the state of each task.
#[derive(Debug)]
pub struct TaskMeter {
    runs: Counters<(Task, TaskEnd)>,
    states: Mutex<[TaskState; Task::COUNT]>,
}

impl Default for TaskMeter {
    fn default() -> Self {
        Self {
            runs: Counters::default(),
            states: Mutex::new(array::from_fn(|_| TaskState::default())),
        }
    }
}

impl TaskMeter {
    /// Records that a run begins.
    pub fn record_start(&self, task: Task, now: Instant) {
        self.states()[task.place()].running_since = Some(now);
    }

    /// Records that a run ended well; returns how many runs before it failed in a row.
    pub fn record_success(&self, task: Task, now: Instant) -> u64 {
        self.runs.count((task, TaskEnd::Done));
        let state = &mut self.states()[task.place()];
        state.last_run_at = Some(now);
        state.running_since = None;
        std::mem::take(&mut state.failures_in_row)
    }

    /// Records that a run failed; returns how many have failed in a row.
    pub fn record_failure(&self, task: Task, end: TaskEnd, failure: TaskFailure) -> u64 {
        self.runs.count((task, end));
        let state = &mut self.states()[task.place()];
        state.last_run_at = Some(failure.at);
        state.running_since = None;
        state.failures_in_row += 1;
        state.last_failure = Some(failure);
        state.failures_in_row
    }

    /// How many runs ended like this.
    pub fn runs(&self, task: Task, end: TaskEnd) -> u64 {
        self.runs.get((task, end))
    }

    /// The state of a task.
    pub fn state(&self, task: Task) -> TaskState {
        self.states()[task.place()].clone()
    }

    fn states(&self) -> MutexGuard<'_, [TaskState; Task::COUNT]> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Figures for TaskMeter {
    fn write(&self, sheet: &mut Sheet<'_>) -> Result {
        let help = "Runs of due work, by how they ended.";
        sheet.counters("task_runs", help, &self.runs)?;
        let states = self.states().clone();
        let labelled = || {
            Task::ALL
                .iter()
                .map(|(task, _)| Task::at(task.place()))
                .zip(&states)
        };
        let last = labelled().filter_map(|(label, state)| {
            let milliseconds = u64::try_from(state.last_run_at?.timestamp_millis()).ok()?;
            Some((label, float(milliseconds) / 1_000.0))
        });
        let help = "When due work ran the last time.";
        sheet.gauges("task_last_run_timestamp_seconds", help, last)?;
        let failing = labelled().map(|(label, state)| (label, float(state.failures_in_row)));
        let help = "Runs of due work that failed since the last one that did not.";
        sheet.gauges("task_failures_in_row", help, failing)
    }
}
