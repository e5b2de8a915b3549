//! The trash of a store: files that no asset has, under `trash/<time>/<key>`, until they are deleted. No route serves them.

use std::fs::File;

use chrono::NaiveDateTime;
use entity::Instant;
use futures_util::TryStreamExt;
use object_store::{ObjectMeta, ObjectStoreExt, path::Path};

use super::{MediaStore, media_type, unavailable};
use crate::error::{Error, Result};

const TRASH: &str = "trash";
/// The time in a path: UTC, to the second. Modification times would not do: S3 sets them anew when it copies.
const TIME: &str = "%Y%m%dT%H%M%SZ";

/// A file in the trash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrashedFile {
    /// The key that it had, and has again once it is restored.
    pub key: String,
    /// When it was moved to the trash.
    pub trashed_at: Instant,
    path: Path,
}

impl MediaStore {
    /// Moves a file to the trash; returns whether it was there.
    pub async fn trash(&self, key: &str, now: Instant) -> Result<bool> {
        let time = now.format(TIME).to_string();
        let to = Path::from_iter([TRASH, &time, key]);
        self.rename(&Path::from(key), &to).await
    }

    /// Moves a file back out of the trash; returns whether it was there.
    pub async fn restore(&self, file: &TrashedFile) -> Result<bool> {
        self.rename(&file.path, &Path::from(file.key.as_str()))
            .await
    }

    async fn rename(&self, from: &Path, to: &Path) -> Result<bool> {
        match self.store.rename(from, to).await {
            Ok(()) => Ok(true),
            // Another instance was faster.
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(unavailable(error)),
        }
    }

    /// All files in the trash.
    pub async fn trashed(&self) -> Result<Vec<TrashedFile>> {
        let files = self.store.list(Some(&Path::from(TRASH))).try_collect();
        let files: Vec<ObjectMeta> = match files.await {
            Ok(files) => files,
            Err(object_store::Error::NotFound { .. }) => Vec::new(),
            Err(error) => return Err(unavailable(error)),
        };
        let files = files.into_iter();
        Ok(files
            .filter_map(|file| TrashedFile::at(file.location))
            .collect())
    }

    /// Deletes a file in the trash.
    pub async fn delete_trashed(&self, file: &TrashedFile) -> Result<()> {
        self.delete(&file.path).await
    }

    /// Deletes a file for ever, and what the trash holds of it.
    pub async fn erase(&self, key: &str, trashed: &[TrashedFile]) -> Result<()> {
        self.remove(key).await?;
        for file in trashed.iter().filter(|file| file.key == key) {
            self.delete_trashed(file).await?;
        }
        Ok(())
    }

    /// Returns once deletions have survived a loss of power.
    pub async fn sync(&self) -> Result<()> {
        let folder = self.folder.clone();
        let synced = tokio::task::spawn_blocking(move || File::open(folder)?.sync_all());
        let synced = synced.await.map_err(Error::internal)?;
        synced.map_err(|error| Error::Unavailable(error.into()))
    }
}

impl TrashedFile {
    fn at(path: Path) -> Option<Self> {
        let parts: Vec<String> = path.parts().map(|part| part.as_ref().to_owned()).collect();
        let [_, time, key] = parts.as_slice() else {
            return None;
        };
        media_type(key)?;
        Some(Self {
            key: key.clone(),
            trashed_at: NaiveDateTime::parse_from_str(time, TIME).ok()?.and_utc(),
            path,
        })
    }
}
