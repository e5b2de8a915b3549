//! Cleaning pictures that are stored already: those of before uploads were cleaned hold what their cameras wrote into them. A
//! clean file takes the place of the other one in all revisions of its assets, and the other one goes to the trash.
//!
//! Each picture is done on its own: a clean file that no row names yet, because the program ended, is swept like any other.

use std::collections::BTreeSet;

use bytes::Bytes;
use entity::{asset, entry::ContentType, entry_id::EntryId};
use futures_util::TryStreamExt;
use object_store::GetOptions;
use sea_orm::{
    ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect,
    prelude::{Expr, Uuid},
};
use sha2::{Digest, Sha256};

use super::{
    change::Change,
    media_binding,
    media_sweep::{self, in_use_in},
};
use crate::{
    app::App,
    auth::Principal,
    error::{Error, Result, explained},
    event::{self, Action},
    media::{self, Cleaner, Orientation, Picture, START, StoredFile},
};

/// How often a picture is tried that somebody copies at the same time.
const MAX_ATTEMPTS: usize = 3;

/// The result of cleaning all pictures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cleaning {
    /// Pictures that held something to be taken out.
    pub cleaned: Vec<Cleaned>,
    /// Pictures that held nothing of that kind.
    pub were_clean: usize,
    /// Files that are not in the store.
    pub missing: Vec<String>,
    /// Files that are no whole pictures, and that stay as they are.
    pub unreadable: Vec<String>,
    /// Files that could not be cleaned now.
    pub failed: Vec<String>,
}

/// A picture that was cleaned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cleaned {
    /// The key of the file that it had before.
    pub old_key: String,
    /// Key of the clean file; absent in a trial.
    pub new_key: Option<String>,
}

/// What a look at a file finds.
enum Finding {
    Missing,
    Unreadable,
    Clean,
    Unclean(Picture, Orientation),
}

/// Cleans all pictures of assets, or in a trial only looks at them.
pub async fn run(app: &App, is_trial: bool) -> Result<Cleaning> {
    media_binding::require(app).await?;
    let mut cleaning = Cleaning::default();
    for key in keys(app).await? {
        if let Err(error) = cleaning.add(app, &key, is_trial).await {
            let error = explained(&error);
            tracing::warn!(key, error, "a picture could not be cleaned");
            cleaning.failed.push(key);
        }
    }
    Ok(cleaning)
}

impl Cleaning {
    /// Cleans one picture, or in a trial only looks at it.
    async fn add(&mut self, app: &App, key: &str, is_trial: bool) -> Result<()> {
        match look(app, key).await? {
            Finding::Missing => self.missing.push(key.to_owned()),
            Finding::Unreadable => self.unreadable.push(key.to_owned()),
            Finding::Clean => self.were_clean += 1,
            Finding::Unclean(picture, orientation) => {
                let new_key = if is_trial {
                    None
                } else {
                    Some(clean(app, key, picture, orientation).await?)
                };
                self.cleaned.push(Cleaned {
                    old_key: key.to_owned(),
                    new_key,
                });
            }
        }
        Ok(())
    }
}

#[derive(FromQueryResult)]
struct Key {
    storage_key: String,
}

/// The keys of all files that revisions of assets have.
async fn keys(app: &App) -> Result<Vec<String>> {
    let select = asset::Entity::find()
        .select_only()
        .column(asset::Column::StorageKey)
        .distinct()
        .order_by_asc(asset::Column::StorageKey);
    let snapshot = app.database.snapshot();
    let keys: Vec<Key> = snapshot.all(select).await?;
    snapshot.close().await;
    Ok(keys.into_iter().map(|key| key.storage_key).collect())
}

/// Reads a file through a cleaner, which hands each clean piece on; returns how the picture is turned. None if there is no
/// such file, and none within if it is no whole picture.
async fn read(
    app: &App,
    key: &str,
    mut piece: impl AsyncFnMut(&[u8], Vec<u8>) -> Result<()>,
) -> Result<Option<Option<Orientation>>> {
    let unavailable = |error: object_store::Error| Error::Unavailable(error.into());
    let file = app.media.get(key, GetOptions::default()).await;
    let Some(file) = file.map_err(unavailable)? else {
        return Ok(None);
    };
    let mut cleaner = Cleaner::default();
    let mut stream = file.into_stream();
    while let Some(raw) = stream.try_next().await.map_err(unavailable)? {
        let mut clean = Vec::with_capacity(raw.len());
        if cleaner.push(&raw, &mut clean).is_err() {
            return Ok(Some(None));
        }
        piece(&raw, clean).await?;
    }
    Ok(Some(cleaner.finish().ok()))
}

async fn look(app: &App, key: &str) -> Result<Finding> {
    let (mut raw_hash, mut clean_hash) = (Sha256::new(), Sha256::new());
    let mut start = Vec::new();
    let read = read(app, key, async |raw, clean| {
        raw_hash.update(raw);
        clean_hash.update(&clean);
        let room = START - start.len();
        start.extend_from_slice(clean.get(..room).unwrap_or(&clean));
        Ok(())
    });
    let Some(orientation) = read.await? else {
        return Ok(Finding::Missing);
    };
    let (Some(orientation), Ok(picture)) = (orientation, media::inspect(&start)) else {
        return Ok(Finding::Unreadable);
    };
    if raw_hash.finalize() == clean_hash.finalize() {
        return Ok(Finding::Clean);
    }
    Ok(Finding::Unclean(picture, orientation))
}

/// Stores the clean file, puts it in the place of the other one, and moves that to the trash; returns the key of the clean one.
async fn clean(app: &App, key: &str, picture: Picture, orientation: Orientation) -> Result<String> {
    let mut writer = app.media.begin(picture).await?;
    let written = read(app, key, async |_, clean| {
        if clean.is_empty() {
            return Ok(());
        }
        writer.write(Bytes::from(clean)).await
    });
    if !matches!(written.await, Ok(Some(Some(_)))) {
        writer.abort().await?;
        return Err(changed_meanwhile(key));
    }
    let mut stored = writer.finish().await?;
    stored.picture = stored.picture.turned(orientation);
    let replaced = replace_everywhere(app, key, &stored).await;
    if replaced.is_err() {
        media_sweep::remove(app, std::slice::from_ref(&stored.key)).await;
    }
    replaced.map(|()| stored.key)
}

async fn replace_everywhere(app: &App, key: &str, stored: &StoredFile) -> Result<()> {
    for _ in 0..MAX_ATTEMPTS {
        let assets = app.retrying(|| replace(app, key, stored)).await?;
        if !app.retrying(|| is_in_use(app, key, &assets)).await? {
            app.media.trash(key, app.clock.now()).await?;
            return Ok(());
        }
    }
    Err(changed_meanwhile(key))
}

fn changed_meanwhile(key: &str) -> Error {
    Error::internal(format!(
        "the file {key} changed while it was cleaned; run the command again"
    ))
}

/// Names the clean file in all revisions that named the other one; returns the assets that these are of.
async fn replace(app: &App, key: &str, stored: &StoredFile) -> Result<Vec<Uuid>> {
    let mut change = Change::begin(app, Principal::System, None).await?;
    let assets = change.assets_with(key).await?;
    change.replace_file(key, stored, &assets).await?;
    change.seal().await?;
    Ok(assets)
}

/// Whether a revision has the file after all: somebody may have been about to save or to copy one of the assets, with what they
/// had read before. They hold the lock of the asset until then.
async fn is_in_use(app: &App, key: &str, assets: &[Uuid]) -> Result<bool> {
    let mut change = Change::begin(app, Principal::System, None).await?;
    change.entries(ids(assets)).await?;
    event::hold(&change.tx).await?;
    let key = BTreeSet::from([key.to_owned()]);
    Ok(!in_use_in(&change.tx, &key).await?.is_empty())
}

fn ids(assets: &[Uuid]) -> impl Iterator<Item = EntryId> {
    assets.iter().map(|uuid| EntryId {
        content_type: ContentType::Asset,
        uuid: *uuid,
    })
}

impl Change {
    /// The assets that have this file in any of their revisions.
    async fn assets_with(&self, key: &str) -> Result<Vec<Uuid>> {
        let select = asset::Entity::find()
            .select_only()
            .column(asset::Column::EntryId)
            .distinct()
            .filter(asset::Column::StorageKey.eq(key));
        Ok(select.into_tuple().all(&self.tx).await?)
    }

    /// The one exception to revisions that never change: what a file says of those who took it must not stay in any of them.
    async fn replace_file(
        &mut self,
        key: &str,
        stored: &StoredFile,
        assets: &[Uuid],
    ) -> Result<()> {
        let locked = self.entries(ids(assets)).await?;
        asset::Entity::update_many()
            .col_expr(asset::Column::StorageKey, Expr::value(&stored.key))
            .col_expr(asset::Column::Sha256, Expr::value(&stored.sha256))
            .col_expr(asset::Column::Bytes, Expr::value(stored.bytes))
            .col_expr(asset::Column::Width, Expr::value(stored.picture.width))
            .col_expr(asset::Column::Height, Expr::value(stored.picture.height))
            .filter(asset::Column::StorageKey.eq(key))
            .filter(asset::Column::EntryId.is_in(assets.iter().copied()))
            .exec(&self.tx)
            .await?;
        for id in ids(assets) {
            if let Some(entry) = locked.get(&id) {
                self.tell(Action::FileCleaned, id, entry.latest_revision);
            }
        }
        Ok(())
    }
}
