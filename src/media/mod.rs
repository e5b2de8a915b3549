//! The files of assets: kept under generated keys in an object store, described by what they hold.

mod clean;
mod marker;
mod picture;
mod trash;
mod writer;

use std::{
    collections::HashSet,
    io::ErrorKind,
    path::{Path as FilePath, PathBuf},
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
};

use bytes::Bytes;
use entity::Instant;
use futures_util::TryStreamExt;
use object_store::{
    GetOptions, GetResult, ObjectMeta, ObjectStore, ObjectStoreExt, local::LocalFileSystem,
    memory::InMemory, path::Path,
};

use self::picture::KINDS;
pub use self::{
    clean::{Cleaner, NoPicture, Orientation},
    picture::{NO_PICTURE, Picture, START, inspect},
    trash::TrashedFile,
    writer::{StoredFile, Writer},
};
use crate::{
    error::{Error, Result},
    folder, id,
};

/// Where the files lie. Clones share it.
#[derive(Clone, Debug)]
pub struct MediaStore {
    store: Arc<dyn ObjectStore>,
    /// Files that are not whole yet lie in it too, and the store does not list them.
    folder: PathBuf,
    /// Keys of erased files that are still in the store.
    withheld: Arc<RwLock<HashSet<String>>>,
    is_closed: Arc<AtomicBool>,
}

impl MediaStore {
    /// The store in this folder, which is made if it is missing.
    pub fn open(path: &FilePath) -> Result<Self> {
        folder::make(path, "media_dir")?;
        Self::of(path)
    }

    /// The store in this folder; none if there is no such folder.
    pub fn find(folder: &FilePath) -> Result<Option<Self>> {
        match std::fs::metadata(folder) {
            Ok(_) => Self::of(folder).map(Some),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(cannot_open(folder, &error)),
        }
    }

    /// A store without a folder, which holds no files and takes none.
    pub fn absent() -> Self {
        Self {
            store: Arc::new(InMemory::new()),
            folder: PathBuf::new(),
            withheld: Arc::default(),
            is_closed: Arc::new(AtomicBool::new(true)),
        }
    }

    fn of(folder: &FilePath) -> Result<Self> {
        let store = LocalFileSystem::new_with_prefix(folder);
        let store = store.map_err(|error| cannot_open(folder, &error))?;
        // A folder of the trash goes with its last file.
        let store = store.with_fsync(true).with_automatic_cleanup(true);
        Ok(Self {
            store: Arc::new(store),
            folder: folder.to_owned(),
            withheld: Arc::default(),
            is_closed: Arc::default(),
        })
    }

    /// Takes no more files, and removes none: this is not the store of the database.
    pub fn close(&self) {
        self.is_closed.store(true, Ordering::Relaxed);
    }

    /// Whether the store takes no files.
    pub fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Relaxed)
    }

    /// Begins a file under a new key.
    pub async fn begin(&self, picture: Picture) -> Result<Writer> {
        if self.is_closed() {
            let message = "this instance is without the media store of its database";
            return Err(Error::Unavailable(message.into()));
        }
        let key = format!("{}.{}", id::secret().simple(), picture.ending());
        let upload = self.store.put_multipart(&Path::from(key.as_str())).await;
        Ok(Writer::new(key, picture, upload.map_err(unavailable)?))
    }

    /// Keeps a file that is in memory.
    pub async fn put(&self, content: Bytes) -> Result<StoredFile> {
        let picture = inspect(content.get(..START).unwrap_or(&content))?;
        let mut writer = self.begin(picture).await?;
        writer.write(content).await?;
        writer.finish().await
    }

    /// Removes a file; one that is not there counts as removed.
    pub async fn remove(&self, key: &str) -> Result<()> {
        self.delete(&Path::from(key)).await
    }

    async fn delete(&self, path: &Path) -> Result<()> {
        match self.store.delete(path).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(unavailable(error)),
        }
    }

    /// All files with keys that [`MediaStore::begin`] makes, without those in the trash.
    pub async fn files(&self) -> Result<Vec<MediaFile>> {
        let files = self.store.list(None).try_collect().await;
        let files: Vec<ObjectMeta> = files.map_err(unavailable)?;
        let file = |file: ObjectMeta| MediaFile {
            key: file.location.to_string(),
            changed_at: file.last_modified,
        };
        let files = files.into_iter().map(file);
        Ok(files
            .filter(|file| media_type(&file.key).is_some())
            .collect())
    }

    /// Answers as if there were no files with these keys, until they are released.
    pub fn withhold(&self, keys: &[String]) {
        let mut withheld = self.withheld.write();
        let withheld = withheld.as_mut().unwrap_or_else(PoisonError::get_mut);
        withheld.extend(keys.iter().cloned());
    }

    /// Ends [`MediaStore::withhold`]: the files are removed, or not to be removed after all.
    pub fn release(&self, keys: &[String]) {
        let mut withheld = self.withheld.write();
        let withheld = withheld.as_mut().unwrap_or_else(PoisonError::get_mut);
        for key in keys {
            withheld.remove(key);
        }
    }

    fn is_withheld(&self, key: &str) -> bool {
        let withheld = self.withheld.read();
        withheld
            .unwrap_or_else(PoisonError::into_inner)
            .contains(key)
    }

    /// Removes what is left of files that a crash kept from becoming whole before this moment; returns of how many.
    pub async fn remove_unfinished_before(&self, moment: Instant) -> Result<usize> {
        let failed = |error: std::io::Error| Error::Unavailable(error.into());
        let mut files = tokio::fs::read_dir(&self.folder).await.map_err(failed)?;
        let mut removed = 0;
        while let Some(file) = files.next_entry().await.map_err(failed)? {
            let name = file.file_name();
            let is_unfinished = name
                .to_str()
                .and_then(|name| name.split_once('#'))
                .is_some_and(|(key, _)| media_type(key).is_some());
            if !is_unfinished {
                continue;
            }
            let changed = file.metadata().await.and_then(|file| file.modified());
            match changed {
                Ok(changed) if Instant::from(changed) < moment => {
                    tokio::fs::remove_file(file.path()).await.map_err(failed)?;
                    removed += 1;
                }
                // One that is being written may end at any moment.
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(failed(error)),
            }
        }
        Ok(removed)
    }

    /// The file, or the part of it that the options ask for; none if there is no such file.
    pub async fn get(
        &self,
        key: &str,
        options: GetOptions,
    ) -> Result<Option<GetResult>, object_store::Error> {
        let Ok(path) = Path::parse(key) else {
            return Ok(None);
        };
        if self.is_withheld(key) {
            return Ok(None);
        }
        match self.store.get_opts(&path, options).await {
            Ok(file) => Ok(Some(file)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// A file of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaFile {
    /// Its key.
    pub key: String,
    /// When it was written.
    pub changed_at: Instant,
}

fn cannot_open(folder: &FilePath, error: &dyn std::error::Error) -> Error {
    Error::internal(format!(
        "cannot open the media store {}: {error}; set media_dir to a folder that this program may use",
        folder.display()
    ))
}

fn unavailable(error: object_store::Error) -> Error {
    Error::Unavailable(error.into())
}

/// The media type of the file with this key; none if it is no key that [`MediaStore::begin`] makes.
pub fn media_type(key: &str) -> Option<&'static str> {
    let (name, ending) = key.split_once('.')?;
    let hexadecimal = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let generated = name.len() == 32 && name.bytes().all(hexadecimal);
    let kind = KINDS.iter().find(|kind| kind.ending == ending)?;
    generated.then_some(kind.media_type)
}
