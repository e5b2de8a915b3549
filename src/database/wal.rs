//! The write-ahead log of SQLite: it holds pages as they were before an erasure, until it is written back and truncated.

use std::{sync::atomic::Ordering, time::Duration};

use sea_orm::{
    DatabaseConnection,
    sqlx::{AssertSqlSafe, Error as SqlxError, Executor, Row, SqliteConnection},
};

use super::{BUSY_TIMEOUT, Database};
use crate::error::{Error, Result};

/// How long a truncation waits for readers. Changes wait as long, so it is rather tried again.
const PATIENCE: Duration = Duration::from_millis(100);

impl Database {
    /// Notes that something was erased, of which the write-ahead log must not keep anything.
    pub fn expect_wal_truncation(&self) {
        self.wal_is_due.store(true, Ordering::Release);
    }

    /// Writes the write-ahead log back and truncates it, if that is due. Where readers are in the way, it stays due.
    pub async fn truncate_wal_if_due(&self) -> Result<()> {
        if !self.wal_is_due.swap(false, Ordering::AcqRel) {
            return Ok(());
        }
        let truncated = self.truncate_wal().await;
        if !matches!(truncated, Ok(true)) {
            self.expect_wal_truncation();
        }
        truncated.map(drop)
    }

    /// Writes the write-ahead log of SQLite back and truncates it; returns whether it did. PostgreSQL looks after its own.
    async fn truncate_wal(&self) -> Result<bool> {
        let Some(line) = &self.line else {
            return Ok(true);
        };
        let truncated = line.between(async |writer| truncate(writer).await);
        let truncated = truncated.await?;
        truncated.map_err(|error| Error::Unavailable(error.into()))
    }
}

async fn truncate(writer: &DatabaseConnection) -> Result<bool, SqlxError> {
    let mut connection = writer.get_sqlite_connection_pool().acquire().await?;
    set_busy_timeout(&mut connection, PATIENCE).await?;
    let checkpoint = connection
        .fetch_one("PRAGMA wal_checkpoint(TRUNCATE)")
        .await;
    set_busy_timeout(&mut connection, BUSY_TIMEOUT).await?;
    let is_busy: i64 = checkpoint?.try_get(0)?;
    Ok(is_busy == 0)
}

async fn set_busy_timeout(
    connection: &mut SqliteConnection,
    timeout: Duration,
) -> Result<(), SqlxError> {
    let pragma = format!("PRAGMA busy_timeout = {}", timeout.as_millis());
    connection.execute(AssertSqlSafe(pragma)).await.map(|_| ())
}
