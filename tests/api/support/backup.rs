//! A backup of a database that is restored into it while a server uses it, on both engines by SQL.

use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, DbErr, Statement,
    TransactionTrait,
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
            tx.execute_unprepared(&copy).await.expect("a copy");
        }
        tx.commit().await.expect("a backup");
        Self { connection, tables }
    }

    /// Puts all rows back in one transaction.
    pub(crate) async fn restore(&self) {
        // Of two that wait for each other the database rolls one back: a server may be reading what is replaced.
        while let Err(error) = self.try_to_restore().await {
            assert!(error.to_string().contains("deadlock"), "{error}");
        }
    }

    async fn try_to_restore(&self) -> Result<(), DbErr> {
        let tx = self.connection.begin().await?;
        if tx.get_database_backend() == DbBackend::Sqlite {
            tx.execute_unprepared("PRAGMA defer_foreign_keys = ON")
                .await?;
            for table in &self.tables {
                tx.execute_unprepared(&format!("DELETE FROM {table}"))
                    .await?;
            }
        } else {
            let truncate = format!("TRUNCATE {}", self.tables.join(", "));
            tx.execute_unprepared(&truncate).await?;
        }
        let mut missing = self.tables.clone();
        // Rows that others refer to must come first; which they are shows when they come too late.
        while !missing.is_empty() {
            let mut failed = Vec::new();
            for table in &missing {
                tx.execute_unprepared("SAVEPOINT one_table").await?;
                let insert = format!("INSERT INTO {table} SELECT * FROM backup_{table}");
                if tx.execute_unprepared(&insert).await.is_err() {
                    tx.execute_unprepared("ROLLBACK TO SAVEPOINT one_table")
                        .await?;
                    failed.push(table.clone());
                }
            }
            assert!(failed.len() < missing.len(), "cannot restore {failed:?}");
            missing = failed;
        }
        tx.commit().await
    }
}
