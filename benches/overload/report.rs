//! What was seen, beside what must hold.

use std::time::Duration;

use crate::{
    crowd::{Load, percentile},
    editing::Edits,
    support::{pinning::Pinning, sample},
};

/// How many times longer than half of the answers nearly all of them may take, where there is room for twice as many.
const TAIL: f64 = 3.0;
const GOODPUT: f64 = 0.9;
const REFUSAL: Duration = Duration::from_millis(20);
const EDITING: f64 = 0.99;
const NORMAL_AGAIN: Duration = Duration::from_secs(5);

/// What was seen at one rate.
pub(crate) struct Overload {
    pub(crate) times: f64,
    pub(crate) load: Load,
    pub(crate) edits: Edits,
    /// The share of its core that the load generator took.
    pub(crate) busy: Option<f64>,
    /// None if the server did not come back to normal.
    pub(crate) normal_after: Option<Duration>,
}

pub(crate) struct Report {
    pub(crate) pinning: Pinning,
    pub(crate) resident_kib: Option<u64>,
    pub(crate) peak: Load,
    /// What was seen at half of that.
    pub(crate) half: Load,
    pub(crate) overloads: Vec<Overload>,
}

impl Report {
    pub(crate) fn print(&self) {
        println!("{}", self.pinning.describe());
        println!(
            "at its peak: {:.0} whole pages a second, none of them kept; {} held in the end",
            self.peak.per_second(),
            sample::mebibytes(self.resident_kib)
        );
        println!(
            "half of it: answers within {:.1?} (half) and {:.1?} (99 %), which is {:.2} of the first",
            self.half.percentile_of_answers(0.5),
            self.half.percentile_of_answers(0.99),
            self.tail(),
        );
        for overload in &self.overloads {
            overload.print(&self.peak);
        }
        println!(
            "bounds: 99 % within {TAIL} times of what half takes at half load; goodput {GOODPUT} of the peak, 99 % of refusals within {REFUSAL:?}, {EDITING} of saves, normal within \
             {NORMAL_AGAIN:?}: {}",
            if self.holds() { "they hold" } else { "BROKEN" }
        );
    }

    pub(crate) fn holds(&self) -> bool {
        let mut overloads = self.overloads.iter();
        self.tail() <= TAIL && overloads.all(|overload| overload.holds(&self.peak))
    }

    fn tail(&self) -> f64 {
        let [half, nearly_all] = [0.5, 0.99].map(|part| self.half.percentile_of_answers(part));
        nearly_all.div_duration_f64(half)
    }
}

impl Overload {
    fn goodput(&self, peak: &Load) -> f64 {
        self.load.per_second() / peak.per_second()
    }

    fn holds(&self, peak: &Load) -> bool {
        self.goodput(peak) >= GOODPUT
            && self.load.percentile_of_refusals(0.99) <= REFUSAL
            && self.edits.success() >= EDITING
            && self.normal_after.is_some_and(|after| after <= NORMAL_AGAIN)
    }

    fn print(&self, peak: &Load) {
        let Self { load, edits, .. } = self;
        println!(
            "{:.0} times: asked {:.2} of the peak, goodput {:.2}, answers within {:.1?} (half) and {:.1?} (99 %)",
            self.times,
            load.asked_per_second() / peak.per_second(),
            self.goodput(peak),
            load.percentile_of_answers(0.5),
            load.percentile_of_answers(0.99),
        );
        println!(
            "  refused within {:.1?} (half), {:.1?} (99 %) and {:.1?} (all)",
            load.percentile_of_refusals(0.5),
            load.percentile_of_refusals(0.99),
            load.percentile_of_refusals(1.0),
        );
        println!(
            "  saves: {:.3} of {} succeeded, within {:.1?} (half) and {:.1?} (99 %)",
            edits.success(),
            edits.saved.len() + edits.failed,
            percentile(&edits.saved, 0.5),
            percentile(&edits.saved, 0.99),
        );
        let busy = self
            .busy
            .map_or("?".to_owned(), |busy| format!("{:.0} %", busy * 100.0));
        println!(
            "  normal again after {:.1?}; the load generator was busy for {busy} of the time",
            self.normal_after
        );
    }
}
