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
    let names = ["chromium", "chromium-browser", "google-chrome"];
    installed("/usr/bin", &names, "Chromium")
}

/// `PgBouncer`; none if it is not installed.
pub(crate) fn pgbouncer() -> Option<PathBuf> {
    installed("/usr/sbin", &["pgbouncer"], "PgBouncer")
}

/// nginx; none if it is not installed.
pub(crate) fn nginx() -> Option<PathBuf> {
    installed("/usr/sbin", &["nginx"], "nginx")
}

/// Caddy; none if it is not installed.
pub(crate) fn caddy() -> Option<PathBuf> {
    installed("/usr/bin", &["caddy"], "Caddy")
}

/// systemd's own checks; none if they are not installed.
pub(crate) fn systemd_analyze() -> Option<PathBuf> {
    installed("/usr/bin", &["systemd-analyze"], "systemd-analyze")
}

/// SQLite's command line; none if it is not installed.
pub(crate) fn sqlite3() -> Option<PathBuf> {
    installed("/usr/bin", &["sqlite3"], "sqlite3")
}

/// PostgreSQL's `pg_dump`, with `pg_restore` beside it; none if they are not installed.
pub(crate) fn pg_dump() -> Option<PathBuf> {
    installed("/usr/bin", &["pg_dump"], "pg_dump")
}

/// The first of these programs that lies in the folder.
fn installed(folder: &str, names: &[&str], what: &str) -> Option<PathBuf> {
    let paths = names.iter().map(|name| Path::new(folder).join(name));
    there_or_told(
        paths
            .into_iter()
            .find(|path| path.exists())
            .unwrap_or_default(),
        what,
    )
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
