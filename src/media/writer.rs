//! Files on their way into the store: seen by nobody before they are whole, and on disk when they are said to be kept.

use bytes::Bytes;
use object_store::{MultipartUpload, WriteMultipart};
use sha2::{Digest, Sha256};

use super::{picture::Picture, unavailable};
use crate::error::{Error, Result};

/// How many parts of a file may be on their way at once. Each is 5 MiB, the least that S3 takes.
const PARTS_AT_ONCE: usize = 1;

/// A file that is being written. Dropped before it is finished, it leaves nothing in a folder.
#[derive(Debug)]
pub struct Writer {
    key: String,
    picture: Picture,
    bytes: i64,
    hash: Sha256,
    upload: WriteMultipart,
}

/// A file that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredFile {
    /// Where.
    pub key: String,
    /// What it is.
    pub picture: Picture,
    /// Its size.
    pub bytes: i64,
    /// SHA-256 in lower-case hexadecimal digits.
    pub sha256: String,
}

impl Writer {
    pub(super) fn new(key: String, picture: Picture, upload: Box<dyn MultipartUpload>) -> Self {
        Self {
            key,
            picture,
            bytes: 0,
            hash: Sha256::new(),
            upload: WriteMultipart::new(upload),
        }
    }

    /// Adds a piece. What the store says of it may come with a later piece, or at the end.
    pub async fn write(&mut self, piece: Bytes) -> Result<()> {
        self.bytes += i64::try_from(piece.len()).map_err(Error::internal)?;
        self.hash.update(&piece);
        self.upload.put(piece);
        self.upload
            .wait_for_capacity(PARTS_AT_ONCE + 1)
            .await
            .map_err(unavailable)
    }

    /// Keeps the file. It has survived a loss of power when this returns; if it fails, nothing is kept.
    pub async fn finish(self) -> Result<StoredFile> {
        self.upload.finish().await.map_err(unavailable)?;
        Ok(StoredFile {
            key: self.key,
            picture: self.picture,
            bytes: self.bytes,
            sha256: format!("{:x}", self.hash.finalize()),
        })
    }

    /// Removes what has been written.
    pub async fn abort(self) -> Result<()> {
        self.upload.abort().await.map_err(unavailable)
    }
}
