//! The id of the site that a store is bound to: a small object beside the files, which no route serves.

use object_store::{ObjectStoreExt, PutMode, PutPayload, path::Path};
use sea_orm::prelude::Uuid;

use super::{MediaStore, unavailable};
use crate::error::{Error, Result};

/// The object's key. No file has such a key.
const MARKER: &str = "kindling-site-id";

impl MediaStore {
    /// The id of the site that the store is bound to; none if it is not bound.
    pub async fn site_id(&self) -> Result<Option<Uuid>> {
        let marker = match self.store.get(&Path::from(MARKER)).await {
            Ok(marker) => marker.bytes().await.map_err(unavailable)?,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(unavailable(error)),
        };
        let text = std::str::from_utf8(&marker).map(str::trim);
        let id = text.ok().and_then(|text| Uuid::try_parse(text).ok());
        let damaged = || {
            Error::internal(format!(
                "the file {MARKER} of the media store does not hold an id; restore it, or run `kindling media bind`"
            ))
        };
        id.map(Some).ok_or_else(damaged)
    }

    /// Binds the store to a site, unless it is bound; returns the id of the site that it is bound to now. Of several servers
    /// that do so at once, one wins: the object is written only if it is absent.
    pub async fn bind_if_unbound(&self, site: Uuid) -> Result<Uuid> {
        match self.put_marker(site, PutMode::Create).await {
            Ok(()) => Ok(site),
            Err(object_store::Error::AlreadyExists { .. }) => {
                let bound = self.site_id().await?;
                bound.ok_or_else(|| Error::internal(format!("the file {MARKER} comes and goes")))
            }
            Err(error) => Err(unavailable(error)),
        }
    }

    /// Binds the store to a site, whatever it was bound to.
    pub async fn bind(&self, site: Uuid) -> Result<()> {
        let put = self.put_marker(site, PutMode::Overwrite).await;
        put.map_err(unavailable)
    }

    async fn put_marker(&self, site: Uuid, mode: PutMode) -> Result<(), object_store::Error> {
        let payload = PutPayload::from(format!("{site}\n"));
        let path = Path::from(MARKER);
        self.store.put_opts(&path, payload, mode.into()).await?;
        Ok(())
    }
}
