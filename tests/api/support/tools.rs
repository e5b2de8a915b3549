//! Programs that some tests talk to: those of `tests/tools`, and a browser.

use std::path::{Path, PathBuf};

use super::postgres::{environment, say};

/// The Python interpreter that knows the packages of `tests/tools`; none if they are not installed.
pub(crate) fn python() -> Option<PathBuf> {
    there_or_told(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tools/venv/bin/python"),
        "Python packages, by tests/tools/install",
    )
}

/// The folder in which Node.js finds the packages of `tests/tools`; none if they are not installed.
pub(crate) fn node_folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tools");
    there_or_told(
        folder.join("node_modules"),
        "npm packages, by tests/tools/install",
    )?;
    Some(folder)
}

/// A Chromium that Playwright can drive; none if there is none.
pub(crate) fn chromium() -> Option<PathBuf> {
    let known = [
        "/usr/bin/chromium",
        "/usr/bin/chromium-browser",
        "/usr/bin/google-chrome",
    ];
    let found = known
        .into_iter()
        .map(PathBuf::from)
        .find(|path| path.exists());
    there_or_told(found.unwrap_or_default(), "Chromium")
}

/// `PgBouncer`; none if it is not installed.
pub(crate) fn pgbouncer() -> Option<PathBuf> {
    let known = [
        "/usr/sbin/pgbouncer",
        "/usr/bin/pgbouncer",
        "/usr/local/bin/pgbouncer",
    ];
    let found = known
        .into_iter()
        .map(PathBuf::from)
        .find(|path| path.exists());
    there_or_told(found.unwrap_or_default(), "PgBouncer")
}

/// The path, if something is there. Where CI is set, it must be.
fn there_or_told(path: PathBuf, what: &str) -> Option<PathBuf> {
    if path.exists() {
        return Some(path);
    }
    assert!(environment("CI").is_none(), "missing in CI: {what}");
    say(&format!("!!! NOT RUN for want of {what}"));
    None
}
