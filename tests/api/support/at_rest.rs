//! All that a database keeps, as text: for secrets that must not lie in it.

use std::path::Path;

use kindling::database::Database;
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use super::TestApp;

impl TestApp {
    /// All that the database of this application keeps.
    pub(crate) async fn everything(&self) -> String {
        match self.app.database.begin().await.expect("a transaction") {
            tx if tx.get_database_backend() == DbBackend::Postgres => {
                drop(tx);
                in_tables(&self.app.database).await
            }
            _ => in_files(&self.app.config.data_dir),
        }
    }
}

/// All columns of all rows of all tables of a PostgreSQL; bytes stand there in hexadecimal.
pub(crate) async fn in_tables(database: &Database) -> String {
    let tx = database.begin().await.expect("a transaction");
    let mut texts = String::new();
    let tables = "SELECT tablename::text AS name FROM pg_tables WHERE schemaname = 'public'";
    let tables = Statement::from_string(DbBackend::Postgres, tables);
    for table in tx.query_all_raw(tables).await.expect("the tables") {
        let table: String = table.try_get("", "name").expect("a name");
        let sql = format!("SELECT t::text AS text FROM {table} t");
        let rows = tx
            .query_all_raw(Statement::from_string(DbBackend::Postgres, sql))
            .await;
        for row in rows.expect("rows") {
            texts += &row.try_get::<String>("", "text").expect("a text");
            texts.push('\n');
        }
    }
    texts
}

/// The files of a SQLite, with what it has deleted and not yet written over.
pub(crate) fn in_files(folder: &Path) -> String {
    let files = std::fs::read_dir(folder).expect("a folder");
    let files = files.filter_map(|file| std::fs::read(file.ok()?.path()).ok());
    let texts = files.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    texts.collect()
}
