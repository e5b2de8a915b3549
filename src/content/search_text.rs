//! What the latest revision of each entry says, in one folded text, for editors who look for a word. The names of accounts have a folded
//! form, too; both are written anew where folding has changed.

use entity::{account, entry, search_fold, search_text};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait, ExprTrait,
    QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select,
    prelude::{Expr, Uuid},
    sea_query::{InsertStatement, LockType, OnConflict, Query},
};

use super::{Content, model::field::Stored, types::for_type};
use crate::{
    app::App,
    error::{Error, Result},
    fold::{PROBE, fold},
};

/// Returns the statement that records what the entry says now.
pub fn recording<C: Content>(entry: Uuid, row: &C::Model) -> InsertStatement {
    let row = search_text::ActiveModel {
        entry_id: Set(entry),
        text: Set(said::<C>(row)),
    };
    let replace = OnConflict::column(search_text::Column::EntryId)
        .update_column(search_text::Column::Text)
        .to_owned();
    search_text::Entity::insert(row)
        .on_conflict(replace)
        .into_query()
}

/// Rows in one transaction: other writers get their turn in between.
const ROWS_AT_ONCE: u64 = 200;
/// The id of the only row of `search_fold`.
const ONLY: i32 = 1;

/// Writes down what entries say of which nobody has yet, as they are older than this table; returns how many.
pub async fn complete(app: &App) -> Result<usize> {
    let mut completed = 0;
    loop {
        let tx = app.database.begin().await?;
        let known = Query::select()
            .column(search_text::Column::EntryId)
            .from(search_text::Entity)
            .to_owned();
        let select = entry::Entity::find().filter(entry::Column::Id.not_in_subquery(known));
        let Some(recorded) = record_some(&tx, select).await? else {
            return Ok(completed);
        };
        tx.commit().await?;
        completed += recorded.len();
    }
}

/// Folds the texts of all entries and the names of all accounts again if the function or Unicode's data have changed since.
pub async fn establish(app: &App) -> Result<()> {
    let probe = fold(PROBE);
    let known = app.database.row(search_fold::Entity::find_by_id(ONLY));
    let known: Option<search_fold::Model> = known.await?;
    if known.is_some_and(|known| known.probe == probe) {
        return Ok(());
    }
    fold_names(app).await?;
    let mut last = Uuid::nil();
    loop {
        let tx = app.database.begin().await?;
        let select = entry::Entity::find().filter(entry::Column::Id.gt(last));
        let Some(recorded) = record_some(&tx, select).await? else {
            break;
        };
        tx.commit().await?;
        last = recorded.last().copied().unwrap_or(last);
    }
    let row = search_fold::ActiveModel {
        id: Set(ONLY),
        probe: Set(probe),
    };
    let replace = OnConflict::column(search_fold::Column::Id)
        .update_column(search_fold::Column::Probe)
        .to_owned();
    let tx = app.database.begin().await?;
    search_fold::Entity::insert(row)
        .on_conflict(replace)
        .exec_without_returning(&*tx)
        .await?;
    tx.commit().await
}

async fn fold_names(app: &App) -> Result<()> {
    let mut last = Uuid::nil();
    loop {
        let tx = app.database.begin().await?;
        let accounts = account::Entity::find()
            .filter(account::Column::Id.gt(last))
            .order_by_asc(account::Column::Id)
            .limit(ROWS_AT_ONCE)
            .lock(LockType::NoKeyUpdate);
        let accounts = accounts.all(&*tx).await?;
        let Some(end) = accounts.last() else {
            return Ok(());
        };
        last = end.id;
        for account in accounts {
            let folded = account::ActiveModel {
                id: Set(account.id),
                name_folded: Set(fold(&account.name)),
                ..Default::default()
            };
            account::Entity::update(folded)
                .validate()?
                .exec(&*tx)
                .await?;
        }
        tx.commit().await?;
    }
}

/// Records the texts of the first of these entries, and returns their ids, if there are any. Locks the entries, so that no save comes
/// between reading and writing.
async fn record_some(
    tx: &DatabaseTransaction,
    entries: Select<entry::Entity>,
) -> Result<Option<Vec<Uuid>>> {
    let entries = entries
        .order_by_asc(entry::Column::Id)
        .limit(ROWS_AT_ONCE)
        .lock(LockType::NoKeyUpdate)
        .all(tx)
        .await?;
    for entry in &entries {
        for_type!(entry.r#type, C => record_latest::<C>(tx, entry.id).await)?;
    }
    let ids: Vec<Uuid> = entries.iter().map(|entry| entry.id).collect();
    Ok((!ids.is_empty()).then_some(ids))
}

async fn record_latest<C: Content>(tx: &DatabaseTransaction, id: Uuid) -> Result<()> {
    let latest = Condition::all()
        .add(Expr::col("entry_id").eq(id))
        .add(Expr::col("latest"));
    let row = C::Entity::find().filter(latest).one(tx).await?;
    let row = row.ok_or_else(|| Error::internal(format!("{id} has no latest revision")))?;
    tx.execute(&recording::<C>(id, &row)).await?;
    Ok(())
}

fn said<C: Content>(row: &C::Model) -> String {
    let mut texts: Vec<&str> = Vec::new();
    for field in C::FIELDS {
        match (field.get)(row) {
            Stored::Text(text) => texts.extend(text),
            Stored::Texts(localized) => texts.extend(localized.0.values().map(String::as_str)),
            _ => {}
        }
    }
    // A folded text has no line breaks, so that nothing is found that begins in one field and ends in another.
    let folded = texts.into_iter().map(fold);
    folded.collect::<Vec<_>>().join("\n")
}
