//! Figures of the process, by the names that all programs have for them, and of what runs its tasks.

use std::{fmt::Result, fs};

use tokio::runtime::RuntimeMetrics;

use super::{
    meter::float,
    sheet::{Figures, Sheet},
};

/// Linux counts the time of processes in these parts of a second, whatever the machine does.
const TICKS: f64 = 100.0;

/// What the operating system tells of the process; nothing where it is not Linux.
#[derive(Clone, Debug, Default)]
pub struct Process {
    /// Memory that it has, in bytes.
    pub resident_bytes: Option<u64>,
    /// Memory that it has asked for.
    virtual_bytes: Option<u64>,
    cpu_ticks: Option<u64>,
    /// Files and connections that it has open.
    pub open_files: Option<u64>,
    /// How many there may be.
    pub most_files: Option<u64>,
    threads: Option<u64>,
}

impl Process {
    /// As it is now.
    pub fn read() -> Self {
        let text = |name: &str| fs::read_to_string(format!("/proc/self/{name}"));
        let status = text("status").unwrap_or_default();
        let field = |name: &str| {
            let mut lines = status.lines();
            let value = lines.find_map(|line| line.strip_prefix(name))?;
            value.split_whitespace().next()?.parse::<u64>().ok()
        };
        let limits = text("limits").unwrap_or_default();
        let files = limits
            .lines()
            .find_map(|line| line.strip_prefix("Max open files"));
        let most_files = files.and_then(|rest| rest.split_whitespace().next()?.parse().ok());
        let open = fs::read_dir("/proc/self/fd").map(Iterator::count);
        Self {
            resident_bytes: field("VmRSS:").map(|kib| kib * 1024),
            virtual_bytes: field("VmSize:").map(|kib| kib * 1024),
            cpu_ticks: cpu_ticks(&text("stat").unwrap_or_default()),
            open_files: open.ok().map(|count| count as u64),
            most_files,
            threads: field("Threads:"),
        }
    }
}

/// The time in user and in kernel mode, which stands after the name in brackets, as the 14th and 15th field.
fn cpu_ticks(stat: &str) -> Option<u64> {
    let (_, after) = stat.rsplit_once(')')?;
    let mut fields = after.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

impl Figures for Process {
    fn write(&self, sheet: &mut Sheet<'_>) -> Result {
        if let Some(ticks) = self.cpu_ticks {
            let help = "Processor time that the process has taken.";
            sheet.sum("process_cpu_seconds", help, float(ticks) / TICKS)?;
        }
        for (name, help, value) in [
            (
                "process_resident_memory_bytes",
                "Memory that the process has.",
                self.resident_bytes,
            ),
            (
                "process_virtual_memory_bytes",
                "Memory that it has asked for.",
                self.virtual_bytes,
            ),
            (
                "process_open_fds",
                "Files and connections that it has open.",
                self.open_files,
            ),
            ("process_max_fds", "How many there may be.", self.most_files),
            ("process_threads", "Its threads.", self.threads),
        ] {
            if let Some(value) = value {
                sheet.gauge(name, help, float(value))?;
            }
        }
        Ok(())
    }
}

/// What runs the tasks of the process, by what they do.
#[derive(Debug)]
pub struct Runtimes(pub [(&'static str, RuntimeMetrics); 2]);

impl Runtimes {
    fn each<T>(&self, value: fn(&RuntimeMetrics) -> T) -> impl Iterator<Item = (Labels, T)> {
        let each = self.0.iter();
        each.map(move |(name, runtime)| ([("runtime", *name)], value(runtime)))
    }
}

type Labels = [(&'static str, &'static str); 1];

impl Figures for Runtimes {
    fn write(&self, sheet: &mut Sheet<'_>) -> Result {
        let help = "Time in which the threads that run tasks were busy.";
        sheet.sums("runtime_busy_seconds", help, self.each(busy))?;
        let gauges = [
            (
                "runtime_workers",
                "Threads that run tasks.",
                RuntimeMetrics::num_workers as fn(&_) -> _,
            ),
            (
                "runtime_tasks",
                "Tasks that have not ended.",
                RuntimeMetrics::num_alive_tasks,
            ),
            (
                "runtime_queue",
                "Tasks that wait for any thread.",
                RuntimeMetrics::global_queue_depth,
            ),
        ];
        for (name, help, value) in gauges {
            let values = self.each(value);
            let values = values.map(|(labels, value)| (labels, float(value as u64)));
            sheet.gauges(name, help, values)?;
        }
        Ok(())
    }
}

fn busy(runtime: &RuntimeMetrics) -> f64 {
    let workers = 0..runtime.num_workers();
    let busy = workers.map(|worker| runtime.worker_total_busy_duration(worker));
    busy.map(|busy| busy.as_secs_f64()).sum()
}

#[cfg(test)]
mod tests {
    use super::{Process, cpu_ticks};

    #[test]
    fn the_name_of_the_program_does_not_matter() {
        let stat = "7 (a) b) R 1 7 7 0 -1 4194304 100 0 0 0 12 30 0 0 20 0 1 0 5 6 7";
        assert_eq!(cpu_ticks(stat), Some(42));
        assert_eq!(cpu_ticks("nonsense"), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn linux_tells_of_the_process() {
        let process = Process::read();
        assert!(process.resident_bytes.is_some_and(|bytes| bytes > 0));
        assert!(process.open_files.is_some_and(|count| count > 0));
        assert!(process.most_files >= process.open_files);
    }
}
