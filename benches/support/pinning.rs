//! Gives the servers one core and the load generator another, through `taskset`.

use std::ffi::OsStr;
use std::process::{Command, Stdio};

use super::Failure;

#[derive(Clone, Copy)]
pub(crate) enum Pinning {
    Apart { server: usize, load: usize },
    OneCore,
    None,
}

impl Pinning {
    /// Takes the first two cores that this process may use, and says loudly what is not possible here.
    pub(crate) fn choose() -> Self {
        let cores = allowed_cores();
        let has_taskset = Command::new("taskset")
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        match (
            cores.as_slice(),
            has_taskset.is_ok_and(|status| status.success()),
        ) {
            ([server, load, ..], true) => Self::Apart {
                server: *server,
                load: *load,
            },
            ([_], _) => Self::OneCore.shout(),
            _ => Self::None.shout(),
        }
    }

    fn shout(self) -> Self {
        eprintln!(
            "\n!!! {}\n!!! Compare the ratios if you must; the absolute numbers mean little.\n",
            self.describe()
        );
        self
    }

    pub(crate) fn describe(self) -> String {
        match self {
            Self::Apart { server, load } => {
                format!("server on core {server}, load generator on core {load}")
            }
            Self::OneCore => {
                "ONE CORE ONLY: the load generator takes its time from the server".to_owned()
            }
            Self::None => {
                "NOT PINNED: taskset (util-linux) is missing or tells no cores".to_owned()
            }
        }
    }

    /// Moves this process to the load generator's core. Call it while there is only one thread.
    pub(crate) fn hold_load_generator(self) -> Result<(), Failure> {
        let Self::Apart { load, .. } = self else {
            return Ok(());
        };
        let (core, process) = (load.to_string(), std::process::id().to_string());
        let status = Command::new("taskset")
            .args(["-c", "-p", &core, &process])
            .stdout(Stdio::null())
            .status()?;
        if status.success() {
            Ok(())
        } else {
            Err(format!("taskset could not pin to core {core}").into())
        }
    }

    /// A command that runs `program` on the servers' core. `taskset` replaces itself, so the child is the server.
    pub(crate) fn server_command(self, program: impl AsRef<OsStr>) -> Command {
        let Self::Apart { server, .. } = self else {
            return Command::new(program);
        };
        let mut command = Command::new("taskset");
        command.arg("-c").arg(server.to_string()).arg(program);
        command
    }
}

/// The kernel writes them as `0-3,8`. Empty where there is no such file.
fn allowed_cores() -> Vec<usize> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let list = status
        .lines()
        .find_map(|line| line.strip_prefix("Cpus_allowed_list:"))
        .unwrap_or_default();
    list.trim()
        .split(',')
        .filter_map(parse_range)
        .flatten()
        .collect()
}

fn parse_range(range: &str) -> Option<std::ops::RangeInclusive<usize>> {
    let (first, last) = range.split_once('-').unwrap_or((range, range));
    Some(first.parse().ok()?..=last.parse().ok()?)
}
