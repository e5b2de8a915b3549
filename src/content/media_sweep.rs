//! Files that no revision of any asset has. Those of a request that failed are removed at once; what a crash left behind is
//! swept into the trash, and deleted from there later. A sweep that would move more than a small share of the files moves
//! none: then the database is more likely to be wrong than the files.

use std::collections::{BTreeSet, HashSet};

use chrono::TimeDelta;
use entity::{Instant, asset, media_removal};
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, FromQueryResult, QueryFilter, QuerySelect,
    Select,
};

use super::media_binding;
use crate::{
    app::App,
    error::Result,
    event,
    media::{MediaFile, TrashedFile},
};

/// How old a file must be before nobody can be about to make an asset of it.
const GRACE: TimeDelta = TimeDelta::hours(24);
/// Engines bound the number of parameters of a statement.
pub(super) const KEYS_PER_STATEMENT: usize = 1_000;
/// Of so many files, sweeps move one a day to the trash on their own; and of fewer, one. What crashes leave behind is less.
const FILES_PER_TRASHED: usize = 20;

/// The result of a sweep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sweep {
    /// Files moved to the trash.
    pub trashed: usize,
    /// Files that no asset has and that were left where they are, because they are too many.
    pub held_back: usize,
    /// Files moved back out of the trash, because an asset has them.
    pub restored: usize,
    /// Files whose time in the trash was over.
    pub deleted: usize,
    /// Files that never became whole.
    pub unfinished: usize,
}

/// Removes those of the files that no asset has. What cannot be removed now goes with a later sweep.
pub async fn remove(app: &App, keys: &[String]) {
    if keys.is_empty() {
        return;
    }
    let keys: BTreeSet<String> = keys.iter().cloned().collect();
    let kept = match in_use_for_sure(app, &keys).await {
        Ok(kept) => kept,
        Err(error) => return tracing::warn!(%error, "files without an asset were left behind"),
    };
    for key in keys.difference(&kept) {
        if let Err(error) = app.media.remove(key).await {
            tracing::warn!(%error, key, "a file without an asset was left behind");
        }
    }
}

/// Those of the keys that an asset has, also if its change is still being committed, which nobody may have been told: each
/// commit holds the event counter to its end.
async fn in_use_for_sure(app: &App, keys: &BTreeSet<String>) -> Result<BTreeSet<String>> {
    let tx = app.database.begin().await?;
    event::hold(&tx).await?;
    in_use_in(&tx, keys).await
}

/// Moves files that are older than a day and that no asset has to the trash, unless they are too many; restores from the
/// trash what an asset has; deletes what has been in the trash for long enough. Refuses a store that is not bound to the
/// database; one that is closed has nothing to sweep.
pub async fn sweep(app: &App) -> Result<Sweep> {
    if app.media.is_closed() {
        return Ok(Sweep::default());
    }
    run(app, |files, moved_today| {
        (files / FILES_PER_TRASHED)
            .max(1)
            .saturating_sub(moved_today)
    })
    .await
}

/// The same with the word of an operator: moves files to the trash however many they are.
pub async fn sweep_all(app: &App) -> Result<Sweep> {
    run(app, |_, _| usize::MAX).await
}

async fn run(app: &App, most: impl FnOnce(usize, usize) -> usize) -> Result<Sweep> {
    media_binding::require(app).await?;
    let now = app.clock.now();
    let mut sweep = Sweep {
        unfinished: app.media.remove_unfinished_before(now - GRACE).await?,
        ..Sweep::default()
    };
    let trashed = empty_trash(app, now, &mut sweep).await?;
    let files = app.media.files().await?;
    let unused = unused(app, &files, now - GRACE).await?;
    let moved_today = trashed
        .iter()
        .filter(|file| now - file.trashed_at < TimeDelta::days(1))
        .count();
    if unused.len() > most(files.len() + moved_today, moved_today) {
        sweep.held_back = unused.len();
        return Ok(sweep);
    }
    for key in unused {
        sweep.trashed += usize::from(app.media.trash(&key, now).await?);
    }
    Ok(sweep)
}

/// Restores and deletes what is due; returns what stays in the trash.
async fn empty_trash(app: &App, now: Instant, sweep: &mut Sweep) -> Result<Vec<TrashedFile>> {
    let trashed = app.media.trashed().await?;
    let keys: Vec<String> = trashed.iter().map(|file| file.key.clone()).collect();
    let kept = in_use(app, &keys).await?;
    let days = TimeDelta::days(i64::from(app.config.media_trash_days));
    let mut stays = Vec::new();
    for file in trashed {
        if kept.contains(&file.key) {
            sweep.restored += usize::from(app.media.restore(&file).await?);
        } else if now - file.trashed_at >= days {
            app.media.delete_trashed(&file).await?;
            sweep.deleted += 1;
        } else {
            stays.push(file);
        }
    }
    Ok(stays)
}

/// The keys of the files from before this moment that neither an asset has nor a removal is due for.
async fn unused(app: &App, files: &[MediaFile], moment: Instant) -> Result<Vec<String>> {
    let old = files.iter().filter(|file| file.changed_at < moment);
    let keys: Vec<String> = old.map(|file| file.key.clone()).collect();
    let mut kept = in_use(app, &keys).await?;
    let due = app.database.rows(media_removal::Entity::find()).await?;
    kept.extend(due.into_iter().map(|row| row.storage_key));
    Ok(keys.into_iter().filter(|key| !kept.contains(key)).collect())
}

/// Those of the keys that a revision of an asset has.
pub(super) async fn in_use(app: &App, keys: &[String]) -> Result<HashSet<String>> {
    let snapshot = app.database.snapshot();
    let mut kept = HashSet::new();
    for keys in keys.chunks(KEYS_PER_STATEMENT) {
        let found: Vec<Kept> = snapshot.all(with_keys(keys)).await?;
        kept.extend(found.into_iter().map(|kept| kept.storage_key));
    }
    snapshot.close().await;
    Ok(kept)
}

/// The same as a transaction sees it.
pub(super) async fn in_use_in(
    tx: &DatabaseTransaction,
    keys: &BTreeSet<String>,
) -> Result<BTreeSet<String>> {
    let keys: Vec<String> = keys.iter().cloned().collect();
    let mut kept = BTreeSet::new();
    for keys in keys.chunks(KEYS_PER_STATEMENT) {
        let found: Vec<String> = with_keys(keys).into_tuple().all(tx).await?;
        kept.extend(found);
    }
    Ok(kept)
}

fn with_keys(keys: &[String]) -> Select<asset::Entity> {
    asset::Entity::find()
        .select_only()
        .column(asset::Column::StorageKey)
        .filter(asset::Column::StorageKey.is_in(keys))
}

#[derive(FromQueryResult)]
struct Kept {
    storage_key: String,
}
