//! The program as operators meet it: what it says when something is missing or wrong, and what it leaves alone.

mod absent;
mod checking;
mod files;
mod listening;
mod starting;
mod telling;

use std::{path::Path, process::Output};

use tempfile::TempDir;

use crate::support::{
    postgres::{self, TestDatabase},
    server::run,
};

/// A folder with a site on one of the engines.
struct Site {
    folder: TempDir,
    url: String,
    _database: Option<TestDatabase>,
}

impl Site {
    /// A new site on each engine.
    async fn all() -> Vec<Self> {
        let folder = TempDir::new().expect("a folder");
        let url = format!("sqlite://{}/data/kindling.db", folder.path().display());
        let mut sites = vec![Self {
            folder,
            url,
            _database: None,
        }];
        if let Some(server) = postgres::server().await {
            let database = server.create_database(None).await;
            sites.push(Self {
                folder: TempDir::new().expect("a folder"),
                url: database.url(),
                _database: Some(database),
            });
        }
        sites
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Runs a command with this site to its end.
    fn run(&self, words: &[&str]) -> Output {
        let site = ["--data-dir", "data", "--database-url", &self.url];
        run(self.path(), &[words, &site].concat())
    }

    /// What a command says that fails.
    fn refusal(&self, words: &[&str]) -> String {
        let output = self.run(words);
        let said = said(&output);
        assert_eq!(output.status.code(), Some(1), "{words:?}: {said}");
        said
    }

    /// What a command says that does what it is to do.
    fn done(&self, words: &[&str]) -> String {
        let output = self.run(words);
        let said = said(&output);
        assert!(output.status.success(), "{words:?}: {said}");
        said
    }
}

fn said(output: &Output) -> String {
    let both = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8_lossy(&both).into_owned()
}

/// The files and folders in a folder, with their sizes, in order; nothing if there is no such folder.
fn listing(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten() {
            let entry = entry.expect("a file");
            let metadata = entry.metadata().expect("its metadata");
            if metadata.is_dir() {
                folders.push(entry.path());
            }
            let size = if metadata.is_dir() { 0 } else { metadata.len() };
            found.push(format!("{} {size}", entry.path().display()));
        }
    }
    found.sort();
    found
}
