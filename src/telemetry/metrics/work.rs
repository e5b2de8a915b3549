//! Figures of signing in, and of work beside requests.

use std::{
    collections::BTreeMap,
    fmt::Result,
    sync::{Mutex, MutexGuard, PoisonError},
};

use entity::Instant;

use crate::telemetry::{
    label::{Label, labels},
    meter::float,
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

    /// How a run of background work ended.
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

/// The state of one task: a kind of job, or a loop beside requests.
#[derive(Clone, Debug, Default)]
pub struct TaskState {
    /// When its last run ended.
    pub last_run_at: Option<Instant>,
    /// When the oldest of the present runs began.
    pub running_since: Option<Instant>,
    /// Runs that failed since the last one that did not.
    pub failures_in_row: u64,
    /// The last run that failed.
    pub last_failure: Option<TaskFailure>,
    running: u64,
    runs: [u64; TaskEnd::COUNT],
}

impl TaskState {
    /// Returns how many runs ended like this.
    pub fn runs(&self, end: TaskEnd) -> u64 {
        self.runs.get(end.place()).copied().unwrap_or_default()
    }

    fn end(&mut self, end: TaskEnd, now: Instant) {
        if let Some(runs) = self.runs.get_mut(end.place()) {
            *runs += 1;
        }
        self.last_run_at = Some(now);
        self.running = self.running.saturating_sub(1);
        if self.running == 0 {
            self.running_since = None;
        }
    }
}

/// A run that failed.
#[derive(Clone, Debug)]
pub struct TaskFailure {
    /// When it ended.
    pub at: Instant,
    /// Why, without what only the log may show.
    pub reason: String,
}

/// Counts the runs of background work, and keeps the state of each task. Tasks are registered when the work begins, by the names in
/// the code.
#[derive(Debug, Default)]
pub struct TaskMeter(Mutex<BTreeMap<&'static str, TaskState>>);

impl TaskMeter {
    /// Adds a task that has not run yet.
    pub fn register(&self, task: &'static str) {
        self.states().entry(task).or_default();
    }

    /// Records that a run begins.
    pub fn record_start(&self, task: &'static str, now: Instant) {
        let mut states = self.states();
        let state = states.entry(task).or_default();
        state.running += 1;
        state.running_since.get_or_insert(now);
    }

    /// Records that a run ended well; returns how many runs before it failed in a row.
    pub fn record_success(&self, task: &'static str, now: Instant) -> u64 {
        let mut states = self.states();
        let state = states.entry(task).or_default();
        state.end(TaskEnd::Done, now);
        std::mem::take(&mut state.failures_in_row)
    }

    /// Records that a run failed; returns how many have failed in a row.
    pub fn record_failure(&self, task: &'static str, end: TaskEnd, failure: TaskFailure) -> u64 {
        let mut states = self.states();
        let state = states.entry(task).or_default();
        state.end(end, failure.at);
        state.failures_in_row += 1;
        state.last_failure = Some(failure);
        state.failures_in_row
    }

    /// Returns how many runs ended like this.
    pub fn runs(&self, task: &str, end: TaskEnd) -> u64 {
        self.state(task).runs(end)
    }

    /// Returns the state of a task.
    pub fn state(&self, task: &str) -> TaskState {
        self.states().get(task).cloned().unwrap_or_default()
    }

    /// Returns all tasks in the order of their names.
    pub fn all(&self) -> Vec<(&'static str, TaskState)> {
        let states = self.states();
        states
            .iter()
            .map(|(task, state)| (*task, state.clone()))
            .collect()
    }

    fn states(&self) -> MutexGuard<'_, BTreeMap<&'static str, TaskState>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Figures for TaskMeter {
    fn write(&self, sheet: &mut Sheet<'_>) -> Result {
        let tasks = self.all();
        let help = "Runs of background work, by how they ended.";
        let runs = tasks.iter().flat_map(|(task, state)| {
            TaskEnd::ALL.iter().map(|(end, name)| {
                let labels = [("task", *task), ("outcome", *name)];
                (labels, state.runs(*end))
            })
        });
        sheet.counts("task_runs", help, runs)?;
        let label = |task: &'static str| [("task", task)];
        let last = tasks.iter().filter_map(|(task, state)| {
            let milliseconds = u64::try_from(state.last_run_at?.timestamp_millis()).ok()?;
            Some((label(task), float(milliseconds) / 1_000.0))
        });
        let help = "When background work ran the last time.";
        sheet.gauges("task_last_run_timestamp_seconds", help, last)?;
        let failing = tasks
            .iter()
            .map(|(task, state)| (label(task), float(state.failures_in_row)));
        let help = "Runs of background work that failed since the last one that did not.";
        sheet.gauges("task_failures_in_row", help, failing)
    }
}
