//! Keys of entries and addresses of accounts get the one form in which they are looked up: Unicode's normalisation form C.

use icu_normalizer::ComposingNormalizerBorrowed;
use sea_orm_migration::{
    MigrationTrait, SchemaManager, async_trait,
    prelude::{DbErr, DeriveMigrationName},
    sea_orm::{ConnectionTrait, Statement, Value},
};

/// This change.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// Table, column, and the other rows that must not have the same text.
const COLUMNS: [(&str, &str, &str); 2] = [
    ("entry", "key", "other.type = entry.type"),
    ("account", "email", "1 = 1"),
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        let engine = connection.get_database_backend();
        let nfc = ComposingNormalizerBorrowed::new_nfc();
        for (table, column, same) in COLUMNS {
            let select =
                format!("SELECT DISTINCT {column} AS text FROM {table} WHERE {column} IS NOT NULL");
            let rows = connection
                .query_all_raw(Statement::from_string(engine, select))
                .await?;
            for row in rows {
                let text: String = row.try_get("", "text")?;
                if nfc.is_normalized(&text) {
                    continue;
                }
                // Where another one has the text already, both stay as they are: nobody but their owner can tell which is meant.
                let update = format!(
                    "UPDATE {table} SET {column} = $1 WHERE {column} = $2
                     AND NOT EXISTS (SELECT 1 FROM {table} AS other WHERE other.{column} = $1 AND {same})"
                );
                let same_text = nfc.normalize(&text).into_owned();
                let values: [Value; 2] = [same_text.into(), text.into()];
                connection
                    .execute_raw(Statement::from_sql_and_values(engine, update, values))
                    .await?;
            }
        }
        Ok(())
    }

    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Ok(())
    }
}
