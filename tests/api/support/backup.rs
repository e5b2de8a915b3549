//! A backup of a database that is restored into it while a server uses it, on both engines by SQL.

use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend,
    Statement, TransactionTrait,
};

/// The rows of all tables at one moment, in tables beside them.
pub(crate) struct Backup {
    connection: DatabaseConnection,
    tables: Vec<String>,
}

impl Backup {
    /// Copies all rows.
    pub(crate) async fn take(url: &str) -> Self {
        let mut options = ConnectOptions::new(url);
        options.max_connections(1).sqlx_logging(false);
        let connection = Database::connect(options).await.expect("a connection");
        let select = match connection.get_database_backend() {
            DbBackend::Sqlite => {
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            }
            _ => "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'",
        };
        let select = Statement::from_string(connection.get_database_backend(), select);
        let rows = connection.query_all_raw(select).await.expect("tables");
        let name = |row: &sea_orm::QueryResult| row.try_get("", "name").expect("a name");
        let tables: Vec<String> = rows.iter().map(name).collect();
        let tx = connection.begin().await.expect("a transaction");
        for table in &tables {
            let copy = format!("CREATE TABLE backup_{table} AS SELECT * FROM {table}");
            run(&tx, &copy).await;
        }
        tx.commit().await.expect("a backup");
        Self { connection, tables }
    }

    /// Puts all rows back in one transaction.
    pub(crate) async fn restore(&self) {
        let tx = self.connection.begin().await.expect("a transaction");
        if tx.get_database_backend() == DbBackend::Sqlite {
            run(&tx, "PRAGMA defer_foreign_keys = ON").await;
            for table in &self.tables {
                run(&tx, &format!("DELETE FROM {table}")).await;
            }
        } else {
            run(&tx, &format!("TRUNCATE {}", self.tables.join(", "))).await;
        }
        let mut missing = self.tables.clone();
        // Rows that others refer to must come first; which they are shows when they come too late.
        while !missing.is_empty() {
            let mut failed = Vec::new();
            for table in &missing {
                run(&tx, "SAVEPOINT one_table").await;
                let insert = format!("INSERT INTO {table} SELECT * FROM backup_{table}");
                if tx.execute_unprepared(&insert).await.is_err() {
                    run(&tx, "ROLLBACK TO SAVEPOINT one_table").await;
                    failed.push(table.clone());
                }
            }
            assert!(failed.len() < missing.len(), "cannot restore {failed:?}");
            missing = failed;
        }
        tx.commit().await.expect("a restored database");
    }
}

async fn run(tx: &DatabaseTransaction, sql: &str) {
    if let Err(error) = tx.execute_unprepared(sql).await {
        panic!("{sql}: {error}");
    }
}
