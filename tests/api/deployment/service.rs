//! The sample of a systemd unit, as systemd's own checks see it.

use std::{fs, process::Command};

use tempfile::TempDir;

use super::adapted;
use crate::support::{config, tools::systemd_analyze};

/// The most that the sample may be exposed to, of 100 by `systemd-analyze security`.
const EXPOSURE: &str = "20";

/// The value of a directive, as a number.
fn number(unit: &str, directive: &str) -> u64 {
    let line = unit
        .lines()
        .find_map(|line| line.strip_prefix(directive)?.strip_prefix('='));
    line.expect(directive).parse().expect("a number")
}

#[test]
fn the_unit_is_valid_and_hardened() {
    let Some(program) = systemd_analyze() else {
        return;
    };
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("kindling.service");
    let kindling = env!("CARGO_BIN_EXE_kindling");
    let unit = adapted("kindling.service", &[("/usr/local/bin/kindling", kindling)]);
    fs::write(&file, &unit).expect("a file");
    for arguments in [
        &["verify"] as &[_],
        &["security", "--offline=true", "--threshold", EXPOSURE],
    ] {
        let output = Command::new(&program).args(arguments).arg(&file).output();
        let output = output.expect("systemd-analyze");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {told}");
        // It only warns of directives that it does not know.
        assert_eq!(told.trim(), "", "{arguments:?}");
    }
}

#[test]
fn the_unit_leaves_the_server_time_to_end_and_files_for_its_connections() {
    let unit = adapted("kindling.service", &[]);
    let settings = config(&[]);
    assert!(number(&unit, "TimeoutStopSec") > settings.shutdown_timeout_seconds);
    assert!(number(&unit, "LimitNOFILE") > settings.max_connections.into());
}
