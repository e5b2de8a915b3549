//! Sort keys: texts that compare byte by byte as Unicode's collation compares the texts that they stand for. They are stored, so that
//! both engines sort alike, and page by an index.

use entity::{entry::ContentType, sort_key, stamp::Stamped};
use icu_collator::{CollatorBorrowed, options::CollatorOptions};
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    Condition, EntityTrait, ExprTrait, IntoActiveModel, Iterable, Order, QueryFilter, QueryOrder,
    QuerySelect,
    prelude::{Expr, Uuid},
    sea_query::OnConflict,
};

use super::{Content, types::for_type};
use crate::{
    database::{Database, Transaction},
    error::Result,
};

/// The longest sort key, in bytes before they are written as digits: engines bound the entries of an index.
const MAX_KEY_BYTES: usize = 600;
/// Where the keys of this text have changed, the data of the collation have.
const PROBE: &str = "aA1äÄß Ωω Жж אב عر 漢字 あア 한 ไท हि 😀-'.";
/// The id of the only row of `sort_key`.
const ONLY: i32 = 1;
/// How many rows are looked at in one statement.
const MAX_ROWS_PER_STATEMENT: u64 = 500;

/// The sort key of a text.
pub fn of(text: &str) -> String {
    const COLLATOR: CollatorBorrowed<'static> =
        CollatorBorrowed::new_root(CollatorOptions::default());
    let mut key = Vec::with_capacity(text.len() * 2);
    let Ok(()) = COLLATOR.write_sort_key_to(text, &mut key);
    key.truncate(MAX_KEY_BYTES);
    hex::encode(key)
}

/// Writes the sort keys of the names in a row.
pub(super) fn write<C: Content>(row: &mut C::Model) {
    for write in C::SORT_KEYS {
        write(row);
    }
}

/// Writes the sort keys of all rows anew, if the data of the collation are others than those that wrote them.
pub async fn establish(database: &Database) -> Result<()> {
    let probe = of(PROBE);
    let known: Option<sort_key::Model> = database.row(sort_key::Entity::find_by_id(ONLY)).await?;
    if known.is_some_and(|known| known.probe == probe) {
        return Ok(());
    }
    let tx = database.begin().await?;
    let mut rows = 0;
    for content_type in ContentType::iter() {
        rows += for_type!(content_type, C => renew::<C>(&tx).await)?;
    }
    let row = sort_key::ActiveModel {
        id: Set(ONLY),
        probe: Set(probe),
    };
    sort_key::Entity::insert(row)
        .on_conflict(
            OnConflict::column(sort_key::Column::Id)
                .update_column(sort_key::Column::Probe)
                .to_owned(),
        )
        .exec_without_returning(&*tx)
        .await?;
    tx.commit().await?;
    if rows > 0 {
        tracing::info!(rows, "names have new sort keys");
    }
    Ok(())
}

/// Writes the sort keys of all revisions of a type; returns how many had others.
async fn renew<C: Content>(tx: &Transaction) -> Result<usize> {
    if C::SORT_KEYS.is_empty() {
        return Ok(0);
    }
    let (entry, revision) = (|| Expr::col("entry_id"), || Expr::col("revision"));
    let mut last = (Uuid::nil(), 0);
    let mut renewed = 0;
    loop {
        let beyond = Condition::any()
            .add(entry().gt(last.0))
            .add(entry().eq(last.0).and(revision().gt(last.1)));
        let rows = C::Entity::find()
            .filter(beyond)
            .order_by(entry(), Order::Asc)
            .order_by(revision(), Order::Asc);
        let rows = rows.limit(MAX_ROWS_PER_STATEMENT).all(&**tx).await?;
        let Some(end) = rows.last().map(Stamped::stamp) else {
            return Ok(renewed);
        };
        last = (end.entry_id, end.revision);
        for row in rows {
            let mut new = row.clone();
            write::<C>(&mut new);
            if new != row {
                new.into_active_model().reset_all().update(&**tx).await?;
                renewed += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_KEY_BYTES, of};

    #[test]
    fn names_sort_as_people_expect() {
        let names = [
            "adam", "Ådam", "Émile", "Emma", "Nora", "Özil", "zimmer", "Zoe", "Ωmega", "Жук",
            "漢字",
        ];
        let mut sorted = names;
        sorted.reverse();
        sorted.sort_by_key(|name| of(name));
        assert_eq!(sorted, names);
        assert_eq!(of("e\u{301}"), of("é"), "whatever form a text is in");
        assert!(of(&"漢".repeat(500)).len() <= 2 * MAX_KEY_BYTES);
    }
}
