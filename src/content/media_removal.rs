//! Files of erased assets: their removal is a row of the transaction that erases them, so that neither a client that hangs
//! up nor a crash leaves a file behind. They do not go to the trash.

use std::collections::BTreeSet;

use entity::{Instant, media_removal};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, sea_query::OnConflict,
};

use super::media_sweep::{KEYS_PER_STATEMENT, in_use};
use crate::{app::App, error::Result};

/// Removals that are carried out together.
const AT_ONCE: u64 = 500;

/// Writes down that these files are to be removed, unless an asset has them once the transaction is committed.
pub(super) async fn record(
    tx: &DatabaseTransaction,
    keys: &BTreeSet<String>,
    now: Instant,
) -> Result<()> {
    let row = |key: &String| media_removal::ActiveModel {
        storage_key: Set(key.clone()),
        requested_at: Set(now),
    };
    let rows: Vec<_> = keys.iter().map(row).collect();
    for rows in rows.chunks(KEYS_PER_STATEMENT) {
        let known = OnConflict::column(media_removal::Column::StorageKey)
            .do_nothing()
            .to_owned();
        media_removal::Entity::insert_many(rows.to_vec())
            .on_conflict(known)
            .exec_without_returning(tx)
            .await?;
    }
    Ok(())
}

/// Removes all files of erased assets that are still there, of other instances too; returns how many. None of them is
/// served from here on, even if the store fails.
pub async fn carry_out(app: &App) -> Result<usize> {
    let mut removed = 0;
    // The files are in another store, whose instances remove them.
    if app.media.is_closed() {
        return Ok(removed);
    }
    loop {
        let due = media_removal::Entity::find()
            .order_by_asc(media_removal::Column::RequestedAt)
            .limit(AT_ONCE);
        let due = app.database.rows(due).await?;
        if due.is_empty() {
            return Ok(removed);
        }
        let keys: Vec<String> = due.into_iter().map(|row| row.storage_key).collect();
        removed += remove(app, &keys).await?;
    }
}

async fn remove(app: &App, keys: &[String]) -> Result<usize> {
    // Duplicates of an asset share its file.
    let kept = in_use(app, keys).await?;
    let (mut done, gone): (Vec<String>, Vec<String>) =
        keys.iter().cloned().partition(|key| kept.contains(key));
    app.media.release(&done);
    app.media.withhold(&gone);
    let trashed = app.media.trashed().await?;
    let (mut removed, mut failure) = (0, None);
    for key in gone {
        match app.media.erase(&key, &trashed).await {
            Ok(()) => {
                removed += 1;
                done.push(key);
            }
            Err(error) => failure = Some(error),
        }
    }
    app.media.sync().await?;
    forget(app, &done).await?;
    app.media.release(&done);
    failure.map_or(Ok(removed), Err)
}

async fn forget(app: &App, keys: &[String]) -> Result<()> {
    if keys.is_empty() {
        return Ok(());
    }
    let tx = app.database.begin().await?;
    media_removal::Entity::delete_many()
        .filter(media_removal::Column::StorageKey.is_in(keys))
        .exec(&tx)
        .await?;
    tx.commit().await
}
