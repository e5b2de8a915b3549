//! Files that no revision of any asset has: removed when their entry is erased, and when a crash left one behind.

use std::collections::HashSet;

use chrono::TimeDelta;
use entity::asset;
use sea_orm::{ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, QuerySelect};

use crate::{app::App, error::Result};

/// How old a file must be before nobody can be about to make an asset of it.
const GRACE: TimeDelta = TimeDelta::hours(24);

/// Removes those of the files that no asset has. What cannot be removed now goes with a later sweep.
pub async fn remove(app: &App, keys: &[String]) {
    if keys.is_empty() {
        return;
    }
    let kept = match kept(app, keys).await {
        Ok(kept) => kept,
        Err(error) => return tracing::warn!(%error, "files without an asset were left behind"),
    };
    for key in keys.iter().filter(|key| !kept.contains(*key)) {
        if let Err(error) = app.media.remove(key).await {
            tracing::warn!(%error, key, "a file without an asset was left behind");
        }
    }
}

/// Removes all files that are older than a day and that no asset has, or that never became whole; returns how many.
pub async fn sweep(app: &App) -> Result<usize> {
    let moment = app.clock.now() - GRACE;
    let mut removed = app.media.remove_unfinished_before(moment).await?;
    let keys = app.media.keys_before(moment).await?;
    for keys in keys.chunks(1_000) {
        let kept = kept(app, keys).await?;
        for key in keys.iter().filter(|key| !kept.contains(*key)) {
            app.media.remove(key).await?;
            removed += 1;
        }
    }
    Ok(removed)
}

async fn kept(app: &App, keys: &[String]) -> Result<HashSet<String>> {
    let select = asset::Entity::find()
        .select_only()
        .column(asset::Column::StorageKey)
        .filter(asset::Column::StorageKey.is_in(keys));
    let kept: Vec<Kept> = app.database.snapshot().all(select).await?;
    Ok(kept.into_iter().map(|kept| kept.storage_key).collect())
}

#[derive(FromQueryResult)]
struct Kept {
    storage_key: String,
}
