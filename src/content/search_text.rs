//! What the latest revision of each entry says, in one text in lower case, for editors who look for a word.

use entity::search_text;
use sea_orm::{
    ActiveValue::Set, DatabaseTransaction, EntityTrait, prelude::Uuid, sea_query::OnConflict,
};

use super::{Content, field::Kind};
use crate::error::Result;

/// Writes down what the entry says now.
pub async fn record<C: Content>(
    tx: &DatabaseTransaction,
    entry: Uuid,
    row: &C::Model,
) -> Result<()> {
    let row = search_text::ActiveModel {
        entry_id: Set(entry),
        text: Set(said::<C>(row).to_lowercase()),
    };
    let replace = OnConflict::column(search_text::Column::EntryId)
        .update_column(search_text::Column::Text)
        .to_owned();
    search_text::Entity::insert(row)
        .on_conflict(replace)
        .exec_without_returning(tx)
        .await?;
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
