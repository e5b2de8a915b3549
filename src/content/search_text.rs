//! What the latest revision of each entry says, in one text in lower case, for editors who look for a word.

use entity::{entry, search_text};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait, ExprTrait,
    QueryFilter, QuerySelect, QueryTrait,
    prelude::{Expr, Uuid},
    sea_query::{InsertStatement, OnConflict, Query},
};

use super::{Content, field::Kind, types::for_type};
use crate::{
    app::App,
    error::{Error, Result},
};

/// Returns the statement that records what the entry says now.
pub fn recording<C: Content>(entry: Uuid, row: &C::Model) -> InsertStatement {
    let row = search_text::ActiveModel {
        entry_id: Set(entry),
        text: Set(said::<C>(row).to_lowercase()),
    };
    let replace = OnConflict::column(search_text::Column::EntryId)
        .update_column(search_text::Column::Text)
        .to_owned();
    search_text::Entity::insert(row)
        .on_conflict(replace)
        .into_query()
}

/// Entries in one transaction: other writers get their turn in between.
const ENTRIES_AT_ONCE: u64 = 200;

/// Writes down what entries say of which nobody has yet, as they are older than this table; returns how many.
pub async fn complete(app: &App) -> Result<usize> {
    let mut completed = 0;
    loop {
        let tx = app.database.begin().await?;
        let known = Query::select()
            .column(search_text::Column::EntryId)
            .from(search_text::Entity)
            .to_owned();
        let entries = entry::Entity::find()
            .filter(entry::Column::Id.not_in_subquery(known))
            .limit(ENTRIES_AT_ONCE)
            .all(&tx)
            .await?;
        if entries.is_empty() {
            return Ok(completed);
        }
        for entry in &entries {
            for_type!(entry.r#type, C => record_latest::<C>(&tx, entry.id).await)?;
        }
        tx.commit().await?;
        completed += entries.len();
    }
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
        match &field.kind {
            Kind::Text(get, _, _) => texts.extend(get(row)),
            Kind::Localized(get, _, _) => texts.extend(get(row).0.values().map(String::as_str)),
            Kind::Number(..) | Kind::Links(..) | Kind::Reference(..) | Kind::References(..) => {}
        }
    }
    texts.join("\n")
}
