//! What docs/operating.md and the folder deploy/ tell operators: proxies before a server, its service, its backups.

mod backups;
mod checks;
mod proxies;
mod service;

use std::path::{Path, PathBuf};

/// A file of the folder deploy/.
fn sample(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join("deploy").join(name)
}

/// The text of a file of the folder deploy/, in which each of these is there and is replaced.
fn adapted(name: &str, replacements: &[(&str, &str)]) -> String {
    let text = std::fs::read_to_string(sample(name)).expect("a sample");
    replacements.iter().fold(text, |text, (shown, real)| {
        assert!(text.contains(shown), "{name} has no {shown}");
        text.replace(shown, real)
    })
}
