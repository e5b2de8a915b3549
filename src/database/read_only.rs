//! Databases that accept no writes: a standby, one that its operator made read-only, a file system that is mounted read-only.

use std::{sync::Arc, time::Duration};

use rustix::fs::{Access, access};
use sea_orm::{
    DbBackend, DbErr, RuntimeErr,
    sqlx::{self, PgConnection, Row},
};

use super::Database;
use crate::{
    error::Result,
    telemetry::outage::{self, Outage},
};

/// A session keeps the setting that it began with, so each must be asked.
const QUESTION: &str = "SELECT current_setting('transaction_read_only')";

/// Whether a session of PostgreSQL that is this old, and was idle for this long, must show that it accepts writes: after a pause,
/// and as long as writes are refused. One that is new was just opened because another did not accept any.
pub(super) fn is_suspect(age: Duration, idle: Duration, limit: Duration) -> bool {
    idle > limit || (age > limit && outage::is_on(Outage::ReadOnly))
}

/// Whether a session of PostgreSQL accepts writes. One that does not is to be closed, so that a new one can reach the server that
/// does.
pub(super) async fn accepts_writes(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    let row = sqlx::query(QUESTION).fetch_one(connection).await?;
    let accepts = row.try_get::<String, _>(0)? != "on";
    if accepts {
        outage::ended(Outage::ReadOnly);
    }
    Ok(accepts)
}

impl Database {
    /// Whether the database accepts writes, as far as that can be seen without writing and without waiting for a writer.
    pub async fn is_writable(&self) -> Result<bool> {
        if self.writer.get_database_backend() == DbBackend::Sqlite {
            let options = self.writer.get_sqlite_connection_pool().connect_options();
            return Ok(access(options.get_filename(), Access::WRITE_OK).is_ok());
        }
        let pool = self.writer.get_postgres_connection_pool();
        let mut connection = match pool.try_acquire() {
            Some(connection) => connection,
            None if pool.size() >= pool.options().get_max_connections() => return Ok(true),
            None => pool.acquire().await.map_err(of_pool)?,
        };
        let is_writable = accepts_writes(&mut connection).await;
        let is_writable = is_writable.map_err(of_pool)?;
        if !is_writable {
            connection.close_on_drop();
        }
        Ok(is_writable)
    }
}

fn of_pool(error: sqlx::Error) -> DbErr {
    DbErr::Conn(RuntimeErr::SqlxError(Arc::new(error)))
}
