//! The database: which engine it is, and how to get a connection to it.

mod batch;
mod changes;
mod existing;
mod file;
mod footprint;
mod listen;
mod pools;
mod reach;
mod read_only;
mod reads;
mod retry;
mod rows;
mod server;
mod shown;
mod snapshot;
mod transaction;
mod wal;

use std::{
    path::Path,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use entity::entry;
use migration::Migrator;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, EntityTrait, FromQueryResult, PaginatorTrait,
    Select, SqlxSqliteConnector,
    sqlx::{
        ConnectOptions, Connection, Executor,
        postgres::PgConnectOptions,
        sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
    },
};
use sea_orm_migration::{MigratorTrait, seaql_migrations};

pub use self::{
    batch::Batch,
    changes::{Changes, EntryChange, Head, LogEvent, LogPosition, LogQuery, News, State},
    footprint::{Contended, Footprint},
    listen::Notification,
    pools::Pools,
    reads::{Reads, Touched},
    retry::Retries,
    rows::{RowKind, Rows},
    shown::{ShownBy, ShownEntries, ShownSets},
    snapshot::Snapshot,
    transaction::Transaction,
};
use self::{
    file::DatabaseFile,
    server::{Isolation, Server},
    transaction::Queue,
};
use crate::{
    config::{Config, Engine},
    error::{Error, Result},
    telemetry::metrics::database::{DatabaseMeter, Pool},
};

/// Any number that no other program takes for a lock in the same database.
const MIGRATION_LOCK: i64 = 0x6b69_6e64_6c69_6e67;
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a SQLite connection waits for a lock that another process holds.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Connections for reading and for writing. On SQLite there is one writer, and readers that it never blocks.
#[derive(Clone, Debug)]
pub struct Database {
    readers: DatabaseConnection,
    writer: DatabaseConnection,
    /// One connection for following the event log, which no query of a client can occupy.
    log: DatabaseConnection,
    /// On SQLite, the file.
    file: Option<Arc<DatabaseFile>>,
    /// On SQLite, those who want to write.
    line: Option<Queue>,
    /// How transactions are kept apart.
    isolation: Isolation,
    /// Whether the write-ahead log of SQLite still holds what was erased.
    wal_is_due: Arc<AtomicBool>,
    /// On PostgreSQL without a pooler, how to connect for notifications.
    listener: Option<Arc<PgConnectOptions>>,
    /// What is known of the event log.
    pub changes: Changes,
    /// Rows that were read before.
    pub rows: Rows,
    /// What preview links show, as it was found before.
    pub shown: ShownSets,
    /// What counts statements, and the time that they take.
    pub meter: Arc<DatabaseMeter>,
}

/// How far the tables of a database are.
#[derive(Clone, Copy, Debug)]
pub struct Migrated {
    /// Migrations of this version that have not run.
    pub pending: usize,
    /// Migrations that have run and that this version does not know: a newer one has been here.
    pub unknown: usize,
}

impl Migrated {
    /// How many migrations have not run. Returns an error if a newer version of the program has used the database.
    pub fn known(self) -> Result<usize> {
        if self.unknown == 0 {
            return Ok(self.pending);
        }
        Err(Error::internal(format!(
            "the database is newer than this program, version {}, which does not know {} of its migrations; run the version of \
             Kindling that was used last, or restore a backup of before",
            env!("CARGO_PKG_VERSION"),
            self.unknown
        )))
    }
}

impl Database {
    /// Whether the database is a file of this machine, which no other instance uses.
    pub fn is_embedded(&self) -> bool {
        self.writer.get_database_backend() != DbBackend::Postgres
    }

    /// Connects to the database that the settings name. A missing SQLite file is created; a server that is away is waited for.
    pub async fn start(config: &Config) -> Result<Self> {
        let (url, readers) = (config.database_url.expose(), config.database_readers);
        match config.database_url.engine() {
            Engine::Sqlite => Self::connect(url, readers).await,
            Engine::Postgres => {
                let patience = Duration::from_secs(config.database_connect_timeout_seconds);
                Self::postgres(url, readers, patience).await
            }
        }
    }

    /// Connects with at most `readers` connections for reading; a missing SQLite file is created.
    pub async fn connect(url: &str, readers: u32) -> Result<Self> {
        if url.starts_with("sqlite:") {
            let options = sqlite_options(url)?
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal);
            file::create(options.get_filename()).await?;
            Self::sqlite(options, readers).await
        } else {
            Self::postgres(url, readers, Duration::ZERO).await
        }
    }

    /// The same database, of which so many bytes of public rows are kept in memory.
    #[must_use]
    pub fn keeping(self, bytes: usize) -> Self {
        Self {
            rows: Rows::new(bytes),
            ..self
        }
    }

    async fn sqlite(options: SqliteConnectOptions, readers: u32) -> Result<Self> {
        let changes = Changes::default();
        // Where the disk is full, SQLite rolls back by itself, so that sqlx's own rollback fails and it goes on counting a
        // transaction: the connection could begin no other one, and gives way to a new one.
        let pool = |size: u32| {
            let changes = changes.clone();
            SqlitePoolOptions::new()
                .max_connections(size)
                .acquire_timeout(ACQUIRE_TIMEOUT)
                .test_before_acquire(false)
                .before_acquire(move |connection, used| {
                    let usable = !connection.is_in_transaction() && !changes.is_outdated(used.age);
                    Box::pin(async move { Ok(usable) })
                })
        };
        let writer = pool(1)
            .connect_with(options.clone())
            .await
            .map_err(|error| match error.as_database_error() {
                Some(error) => file::cannot_open(options.get_filename(), &error.message()),
                None => file::cannot_open(options.get_filename(), &error),
            })?;
        let file = DatabaseFile::opened(options.get_filename(), &changes)?;
        // A file that is gone is not to come back as an empty one.
        let options = options.create_if_missing(false);
        writer.set_connect_options(options.clone());
        let read_only = |size: u32| {
            let pool = pool(size).after_connect(|connection, _| {
                Box::pin(async move {
                    connection
                        .execute("PRAGMA query_only = ON")
                        .await
                        .map(|_| ())
                })
            });
            SqlxSqliteConnector::from_sqlx_sqlite_pool(pool.connect_lazy_with(options.clone()))
        };
        let writer = SqlxSqliteConnector::from_sqlx_sqlite_pool(writer);
        let mut database = Self::of(read_only(readers), writer, read_only(1), changes);
        database.line = Some(Queue::new(database.writer.clone(), ACQUIRE_TIMEOUT));
        database.file = file.map(Arc::new);
        Ok(database)
    }

    async fn postgres(url: &str, connections: u32, patience: Duration) -> Result<Self> {
        let changes = Changes::default();
        let server = Server::find(url, patience, &changes).await?;
        let log = server.for_reading(1);
        let readers = server.for_reading(connections);
        let writer = server.for_writing(connections).await?;
        let mut database = Self::of(readers, writer, log, changes);
        database.isolation = server.isolation;
        database.listener = server.for_listening().map(Arc::new);
        Ok(database)
    }

    fn of(
        mut readers: DatabaseConnection,
        mut writer: DatabaseConnection,
        mut log: DatabaseConnection,
        changes: Changes,
    ) -> Self {
        let meter: Arc<DatabaseMeter> = Arc::default();
        for connection in [&mut readers, &mut writer, &mut log] {
            pools::measure(connection, &meter);
        }
        Self {
            readers,
            writer,
            log,
            file: None,
            line: None,
            isolation: Isolation::OfSessions,
            wal_is_due: Arc::default(),
            listener: None,
            changes,
            rows: Rows::new(0),
            shown: ShownSets::default(),
            meter,
        }
    }

    /// Brings the tables to the state of this version of the program: all of the way or not at all, and one instance
    /// after the other. Returns how many migrations had not run.
    pub async fn migrate(&self) -> Result<usize> {
        let pending = match self.migrated().await {
            Ok(migrated) => migrated.known()?,
            // There are no tables yet.
            Err(_) => Migrator::migrations().len(),
        };
        // A database that is up to date is not written to: it may be read-only.
        if pending == 0 {
            return Ok(0);
        }
        let tx = self.begin().await?;
        if tx.get_database_backend() == DbBackend::Postgres {
            let lock = format!("SELECT pg_advisory_xact_lock({MIGRATION_LOCK})");
            tx.execute_unprepared(&lock).await?;
        }
        Migrator::up(&*tx, None).await?;
        tx.commit().await?;
        Ok(pending)
    }

    /// How far the tables are, without touching them.
    pub async fn migrated(&self) -> Result<Migrated> {
        let have_run = self.rows(seaql_migrations::Entity::find()).await?;
        let ours = Migrator::migrations();
        let has_run = |name: &str| have_run.iter().any(|run| run.version == name);
        let pending = ours.iter().filter(|ours| !has_run(ours.name())).count();
        Ok(Migrated {
            pending,
            unknown: (have_run.len() + pending).saturating_sub(ours.len()),
        })
    }

    /// A moment of the database, to read from.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::new(self)
    }

    /// The rows that one statement selects, as they are now.
    pub async fn rows<E: EntityTrait>(&self, select: Select<E>) -> Result<Vec<E::Model>> {
        select.all(self.readers()?).await.map_err(Error::from)
    }

    /// The same, as something else than the model of the table.
    pub async fn rows_as<E: EntityTrait, R: FromQueryResult + Send + Sync>(
        &self,
        select: Select<E>,
    ) -> Result<Vec<R>> {
        let select = select.into_model::<R>();
        select.all(self.readers()?).await.map_err(Error::from)
    }

    /// Returns the rows that one statement selects for following the event log, over the connection for just that.
    pub async fn log_rows<E: EntityTrait, R: FromQueryResult + Send + Sync>(
        &self,
        select: Select<E>,
    ) -> Result<Vec<R>> {
        self.check_file()?;
        let select = select.into_model::<R>();
        select.all(&self.log).await.map_err(Error::from)
    }

    /// Records that the event log cannot be read. A server may be replaced by its standby while it is away, a file cannot.
    pub fn fail(&self) {
        let is_server = self.writer.get_database_backend() == DbBackend::Postgres;
        self.changes.fail(is_server);
    }

    fn readers(&self) -> Result<&DatabaseConnection> {
        self.check_file()?;
        Ok(&self.readers)
    }

    /// On SQLite, the folder of its file.
    pub fn folder(&self) -> Option<&Path> {
        self.file.as_deref().map(DatabaseFile::folder)
    }

    fn check_file(&self) -> Result<()> {
        self.file.as_deref().map_or(Ok(()), DatabaseFile::check)
    }

    /// The row of a statement that selects at most one, as it is now.
    pub async fn row<E: EntityTrait, R: FromQueryResult + Send + Sync>(
        &self,
        select: Select<E>,
    ) -> Result<Option<R>> {
        only(self.readers()?, select).await
    }

    /// How many rows a statement selects, as they are now.
    pub async fn count<E: EntityTrait>(&self, select: Select<E>) -> Result<u64>
    where
        E::Model: Sync,
    {
        select.count(self.readers()?).await.map_err(Error::from)
    }

    /// A transaction to write in. On SQLite it holds the one write lock from its start, so that it cannot fail for it later.
    pub async fn begin(&self) -> Result<Transaction> {
        self.check_file()?;
        let _waiting = self.meter.wait(Pool::Writers);
        if let Some(line) = &self.line {
            return line.begin().await;
        }
        let tx = self.isolation.begin_writing(&self.writer).await?;
        Ok(Transaction::alone(tx))
    }

    /// Whether nothing was ever put into the database.
    pub async fn is_empty(&self) -> Result<bool> {
        Ok(entry::Entity::find().count(&self.writer).await? == 0)
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<()> {
        self.readers()?.ping().await.map_err(Error::from)
    }

    /// Its connections, as they are now.
    pub fn pools(&self) -> Pools {
        Pools::of(&self.readers, &self.writer, &self.log)
    }

    /// Closes all connections, which on SQLite folds the write-ahead log into the file.
    pub async fn close(&self) {
        for connection in [&self.readers, &self.writer, &self.log] {
            if let Err(error) = connection.clone().close().await {
                tracing::warn!(%error, "a database connection did not close cleanly");
            }
        }
    }
}

/// How connections to a SQLite file are opened, which must be there.
fn sqlite_options(url: &str) -> Result<SqliteConnectOptions> {
    let options: SqliteConnectOptions = url.parse().map_err(Error::internal)?;
    Ok(options
        .create_if_missing(false)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        // What is deleted is overwritten with zeros, so that nothing of it stays in free pages.
        .pragma("secure_delete", "ON")
        .busy_timeout(BUSY_TIMEOUT)
        .disable_statement_logging())
}

/// The row of a statement that selects at most one. It names no limit: SQLite would plan a statement with a limit anew
/// each time it runs, because the limit is a parameter.
pub async fn only<E: EntityTrait, R: FromQueryResult + Send + Sync>(
    connection: &impl ConnectionTrait,
    select: Select<E>,
) -> Result<Option<R>> {
    let rows = select.into_model::<R>().all(connection).await?;
    Ok(rows.into_iter().next())
}
