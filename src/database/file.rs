//! The file of a SQLite database: whether it is still the one that was opened.

use std::{
    fmt::Display,
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
};

use super::changes::Changes;
use crate::{
    error::{Error, Result},
    folder,
};

/// The file as it was when it was opened. Once another file lies at its path, or none, nothing is read or written any more:
/// what open connections write would be lost, and new connections would pair the new file with the old write-ahead log, which
/// corrupts it. Only a restart opens the new file.
#[derive(Debug)]
pub(super) struct DatabaseFile {
    path: PathBuf,
    identity: (u64, u64),
    is_replaced: AtomicBool,
    changes: Changes,
}

impl DatabaseFile {
    /// Remembers the file at this path, which must have been opened; none for a database in memory.
    pub(super) fn opened(path: &Path, changes: &Changes) -> Result<Option<Self>> {
        match identity(path) {
            Ok(identity) => Ok(Some(Self {
                path: path.to_owned(),
                identity,
                is_replaced: AtomicBool::new(false),
                changes: changes.clone(),
            })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::internal(error)),
        }
    }

    /// The folder that it lies in.
    pub(super) fn folder(&self) -> &Path {
        match self.path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        }
    }

    /// Returns an error if the path does not lead to the file any more.
    pub(super) fn check(&self) -> Result<()> {
        let is_same = identity(&self.path).is_ok_and(|identity| identity == self.identity);
        if is_same && !self.is_replaced.load(Ordering::Relaxed) {
            return Ok(());
        }
        let message = format!(
            "the database file {} was replaced or removed while the server was running; restart the server",
            self.path.display()
        );
        if !self.is_replaced.swap(true, Ordering::Relaxed) {
            tracing::error!("{message}");
            self.changes.forget();
        }
        Err(Error::Unavailable(message.into()))
    }
}

/// Makes the file of a new database and its folder, which nobody but their owner can read; so are the files that SQLite puts
/// beside it.
pub(super) async fn create(path: &Path) -> Result<()> {
    if let Some(folder) = path.parent().filter(|folder| *folder != Path::new("")) {
        folder::make(folder, "data_dir or database_url")?;
    }
    // Names of databases in memory.
    let is_file =
        !path.starts_with(":memory:") && !path.as_os_str().as_encoded_bytes().starts_with(b"file:");
    if !is_file {
        return Ok(());
    }
    let created = tokio::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .await;
    match created {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(cannot_open(path, &error))
        }
        _ => Ok(()),
    }
}

/// The error of a file that cannot be made or opened, with what to do.
pub(super) fn cannot_open(path: &Path, error: &dyn Display) -> Error {
    Error::internal(format!(
        "cannot open the database {}: {error}; set data_dir or database_url to a SQLite database in a folder that this program \
         may write to",
        path.display()
    ))
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let metadata = fs::metadata(path)?;
    Ok((metadata.dev(), metadata.ino()))
}
