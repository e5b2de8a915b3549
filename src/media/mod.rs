//! The files of assets: kept under generated keys in an object store, described by what they hold.

use std::{path::Path as FilePath, sync::Arc};

use bytes::Bytes;
use entity::Instant;
use futures_util::TryStreamExt;
use object_store::{
    GetOptions, GetResult, ObjectMeta, ObjectStore, ObjectStoreExt, PutPayload,
    local::LocalFileSystem, path::Path,
};
use sha2::{Digest, Sha256};

use crate::{
    error::{Error, ProblemCode, Result},
    id,
};

/// Where the files lie. Clones share it.
#[derive(Clone, Debug)]
pub struct MediaStore(Arc<dyn ObjectStore>);

/// What a file is, as its content tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Its media type.
    pub media_type: &'static str,
    /// Its width in pixels.
    pub width: i32,
    /// Its height in pixels.
    pub height: i32,
    /// SHA-256 in lower-case hexadecimal digits.
    pub sha256: String,
}

/// The kinds of pictures: media type and the ending of their keys.
const KINDS: [(imagesize::ImageType, &str, &str); 4] = [
    (imagesize::ImageType::Jpeg, "image/jpeg", "jpg"),
    (imagesize::ImageType::Png, "image/png", "png"),
    (imagesize::ImageType::Webp, "image/webp", "webp"),
    (imagesize::ImageType::Gif, "image/gif", "gif"),
];

impl MediaStore {
    /// The store in this folder, which is made if it is missing.
    pub fn open(folder: &FilePath) -> Result<Self> {
        std::fs::create_dir_all(folder).map_err(Error::internal)?;
        let store = LocalFileSystem::new_with_prefix(folder).map_err(Error::internal)?;
        Ok(Self(Arc::new(store.with_fsync(true))))
    }

    /// Keeps a file for ever under a new key, which is returned.
    pub async fn put(&self, picture: &Picture, content: Bytes) -> Result<String> {
        let ending = KINDS
            .iter()
            .find(|kind| kind.1 == picture.media_type)
            .map_or("bin", |kind| kind.2);
        let key = format!("{}.{ending}", id::secret().simple());
        self.0
            .put(&Path::from(key.as_str()), PutPayload::from_bytes(content))
            .await
            .map_err(unavailable)?;
        Ok(key)
    }

    /// Removes a file; one that is not there counts as removed.
    pub async fn remove(&self, key: &str) -> Result<()> {
        match self.0.delete(&Path::from(key)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(unavailable(error)),
        }
    }

    /// The keys of all files that were last changed before this moment.
    pub async fn keys_before(&self, moment: Instant) -> Result<Vec<String>> {
        let files: Vec<ObjectMeta> = self.0.list(None).try_collect().await.map_err(unavailable)?;
        let old = files.into_iter().filter(|file| file.last_modified < moment);
        Ok(old
            .map(|file| file.location.to_string())
            .filter(|key| media_type(key).is_some())
            .collect())
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
        match self.0.get_opts(&path, options).await {
            Ok(file) => Ok(Some(file)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn unavailable(error: object_store::Error) -> Error {
    Error::Unavailable(error.into())
}

/// The media type of the file with this key; none if it is no key that [`MediaStore::put`] makes.
pub fn media_type(key: &str) -> Option<&'static str> {
    let (name, ending) = key.split_once('.')?;
    let hexadecimal = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let generated = name.len() == 32 && name.bytes().all(hexadecimal);
    let kind = KINDS.iter().find(|kind| kind.2 == ending)?;
    generated.then_some(kind.1)
}

/// Looks into a file; its name and what others say of it do not count.
pub fn inspect(content: &[u8]) -> Result<Picture> {
    let unknown = || {
        Error::invalid(
            ProblemCode::Invalid,
            "file",
            "must be a picture: JPEG, PNG, WebP or GIF",
        )
    };
    let kind = imagesize::image_type(content).map_err(|_| unknown())?;
    let (_, media_type, _) = KINDS
        .iter()
        .find(|known| known.0 == kind)
        .ok_or_else(unknown)?;
    let size = imagesize::blob_size(content).map_err(|_| unknown())?;
    Ok(Picture {
        media_type,
        width: i32::try_from(size.width).map_err(|_| unknown())?,
        height: i32::try_from(size.height).map_err(|_| unknown())?,
        sha256: format!("{:x}", Sha256::digest(content)),
    })
}
