//! The lineage of the log: a random id in the database that is replaced when a running instance finds that the database went
//! back in time, so that tags of answers from before match nothing on any instance.

use entity::event_counter;
use sea_orm::{
    ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter,
    prelude::{Expr, Uuid},
};

use crate::{
    database::{Database, LogQuery, News},
    error::Result,
    id,
};

/// Logs that the database contains another log than the one known, and replaces the lineage unless another instance has done
/// so already. A database that takes no writes keeps its lineage: what is kept in memory is gone all the same.
pub(super) async fn note_divergence(database: &Database, query: &LogQuery, news: &News) {
    if query.knows_other_lineage(news) {
        tracing::warn!("the event log has another lineage: everything that was kept is forgotten");
        return;
    }
    tracing::warn!(
        known = query.since(),
        found = news.head,
        "the database went back in time: it was restored, or lost its last events; everything that was kept is forgotten"
    );
    if let Err(error) = replace(database, news.lineage).await {
        tracing::warn!(%error, "the lineage of the event log could not be replaced");
    }
}

async fn replace(database: &Database, lineage: Uuid) -> Result<()> {
    let tx = database.begin().await?;
    renew(&tx, Some(lineage)).await?;
    tx.commit().await
}

/// Replaces the lineage, if it is still this one.
pub(super) async fn renew(tx: &DatabaseTransaction, known: Option<Uuid>) -> Result<()> {
    let mut update = event_counter::Entity::update_many()
        .col_expr(event_counter::Column::Lineage, Expr::value(id::secret()));
    if let Some(known) = known {
        update = update.filter(event_counter::Column::Lineage.eq(known));
    }
    update.exec(tx).await?;
    Ok(())
}
