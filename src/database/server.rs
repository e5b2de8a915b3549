//! Connections to a PostgreSQL server, or to a pooler before it.

use std::{net::IpAddr, time::Duration};

use sea_orm::{
    AccessMode, DatabaseConnection, DatabaseTransaction, DbErr, IsolationLevel,
    SqlxPostgresConnector, TransactionTrait,
    sqlx::{
        self, ConnectOptions, Connection, PgConnection,
        error::DatabaseError,
        postgres::{PgConnectOptions, PgPoolOptions, PgSslMode},
    },
};

use super::{ACQUIRE_TIMEOUT, changes::Changes, reach, read_only};
use crate::error::{Error, Result};

/// A connection that nobody used for this long is tried before it is used again: the server may be gone.
const TRIED_AFTER: Duration = Duration::from_secs(1);
const REPEATABLE_READ: &str = "repeatable read";
/// PostgreSQL: a message that the protocol does not allow. Poolers refuse settings of a session with it.
const PROTOCOL_VIOLATION: &str = "08P01";
/// PostgreSQL: a prepared statement of this name does not exist, or exists already.
const STATEMENT_STATES: [&str; 2] = ["26000", "42P05"];
/// How long to wait for the connections of a pooler that has too few for the check of prepared statements.
const CHECK_TIMEOUT: Duration = Duration::from_secs(2);
const FORGETS_STATEMENTS: &str = "the pooler before the database loses prepared statements between transactions, and Kindling needs them; set pool_mode = session in it, or use PgBouncer 1.21 or newer with max_prepared_statements above 0";

/// How transactions are kept apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Isolation {
    /// Each session has it for all of its transactions. On SQLite nothing else is needed, either.
    OfSessions,
    /// Each transaction says it: a pooler keeps no settings of sessions, or lets several clients share one.
    OfTransactions,
}

impl Isolation {
    /// Begins a transaction in which all statements see one state, and which cannot write.
    pub(super) async fn begin_reading(
        self,
        readers: &DatabaseConnection,
    ) -> Result<DatabaseTransaction, DbErr> {
        let snapshot = (IsolationLevel::RepeatableRead, AccessMode::ReadOnly);
        self.begin(readers, snapshot).await
    }

    /// Begins a transaction to write in, in which each statement sees what was committed before it.
    pub(super) async fn begin_writing(
        self,
        writer: &DatabaseConnection,
    ) -> Result<DatabaseTransaction, DbErr> {
        let writing = (IsolationLevel::ReadCommitted, AccessMode::ReadWrite);
        self.begin(writer, writing).await
    }

    async fn begin(
        self,
        connections: &DatabaseConnection,
        (level, access): (IsolationLevel, AccessMode),
    ) -> Result<DatabaseTransaction, DbErr> {
        let (level, access) = match self {
            Self::OfSessions => (None, None),
            Self::OfTransactions => (Some(level), Some(access)),
        };
        connections.begin_with_config(level, access).await
    }
}

/// How to connect.
pub(super) struct Server {
    options: PgConnectOptions,
    changes: Changes,
    /// How it keeps transactions apart.
    pub(super) isolation: Isolation,
}

impl Server {
    /// Tries what the URL names, and waits for so long while it is away. Warns of a connection in clear over a network, unless
    /// the URL asks for that.
    pub(super) async fn find(url: &str, patience: Duration, changes: &Changes) -> Result<Self> {
        let options: PgConnectOptions = url.parse().map_err(Error::internal)?;
        // Everything is read in binary, so that the setting does not matter, which poolers may refuse.
        let options = options.extra_float_digits(None).disable_statement_logging();
        let mut forgets = false;
        let isolation = reach::repeat(&options, patience, async || {
            let tried = Self::isolation_at(&options).await;
            forgets |= tried.as_ref().is_err_and(is_forgetful);
            tried
        });
        let isolation = isolation.await;
        let isolation = isolation.map_err(|error| if forgets { forgetful() } else { error })?;
        if isolation == Isolation::OfTransactions {
            check_statements(&options).await?;
        }
        Ok(Self {
            options,
            changes: changes.clone(),
            isolation,
        })
    }

    async fn isolation_at(options: &PgConnectOptions) -> sqlx::Result<Isolation> {
        let tried = PgConnection::connect_with(&snapshots(options)).await;
        let (mut connection, isolation) = match tried {
            Ok(mut connection) => {
                let level = "SHOW default_transaction_isolation";
                let level: String = sqlx::query_scalar(level).fetch_one(&mut connection).await?;
                // A pooler may ignore settings that it does not know.
                let is_kept = level == REPEATABLE_READ;
                let isolation = if is_kept {
                    Isolation::OfSessions
                } else {
                    Isolation::OfTransactions
                };
                (connection, isolation)
            }
            Err(error) if is_refused_setting(&error) => {
                let connection = PgConnection::connect_with(options).await?;
                (connection, Isolation::OfTransactions)
            }
            Err(error) => return Err(error),
        };
        warn_if_in_clear(options, &mut connection).await?;
        connection.close().await?;
        Ok(isolation)
    }

    /// Returns how to connect for notifications; none behind a pooler, which may give the connection to others.
    pub(super) fn for_listening(&self) -> Option<PgConnectOptions> {
        (self.isolation == Isolation::OfSessions).then(|| self.options.clone())
    }

    /// Connections that see one state for the whole of a transaction, and cannot write.
    pub(super) fn for_reading(&self, size: u32) -> DatabaseConnection {
        let changes = self.changes.clone();
        let pool = pool(size).before_acquire(move |connection, used| {
            let is_outdated = changes.is_outdated(used.age);
            Box::pin(async move {
                if used.idle_for > TRIED_AFTER && !is_outdated {
                    connection.ping().await?;
                }
                Ok(!is_outdated)
            })
        });
        let options = match self.isolation {
            Isolation::OfSessions => snapshots(&self.options),
            Isolation::OfTransactions => self.options.clone(),
        };
        SqlxPostgresConnector::from_sqlx_postgres_pool(pool.connect_lazy_with(options))
    }

    /// Connections that write.
    pub(super) async fn for_writing(&self, size: u32) -> Result<DatabaseConnection> {
        let changes = self.changes.clone();
        let pool = pool(size).before_acquire(move |connection, used| {
            let is_outdated = changes.is_outdated(used.age);
            Box::pin(async move {
                let is_suspect = read_only::is_suspect(used.age, used.idle_for, TRIED_AFTER);
                Ok(!is_outdated && (!is_suspect || read_only::accepts_writes(connection).await?))
            })
        });
        let options = match self.isolation {
            Isolation::OfSessions => {
                let read_committed = [("default_transaction_isolation", "read committed")];
                self.options.clone().options(read_committed)
            }
            Isolation::OfTransactions => self.options.clone(),
        };
        let pool = pool.connect_with(options).await;
        let pool = pool.map_err(|error| Error::Unavailable(error.into()))?;
        Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(pool))
    }
}

fn pool(size: u32) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(size)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .test_before_acquire(false)
}

fn snapshots(options: &PgConnectOptions) -> PgConnectOptions {
    options.clone().options([
        ("default_transaction_isolation", REPEATABLE_READ),
        ("default_transaction_read_only", "on"),
    ])
}

fn is_refused_setting(error: &sqlx::Error) -> bool {
    has_state(error, &[PROTOCOL_VIOLATION])
}

/// Whether the error has one of these states of PostgreSQL.
fn has_state(error: &sqlx::Error, states: &[&str]) -> bool {
    let code = error.as_database_error().and_then(DatabaseError::code);
    code.is_some_and(|code| states.contains(&code.as_ref()))
}

/// Fails behind a pooler that gives each transaction any connection and does not prepare statements again there: every statement
/// could fail later. Passes where the pooler has too few connections to tell.
async fn check_statements(options: &PgConnectOptions) -> Result<()> {
    let run = tokio::time::timeout(CHECK_TIMEOUT, run_on_two_connections(options));
    run.await.unwrap_or(Ok(())).map_err(|error| {
        if is_forgetful(&error) {
            forgetful()
        } else {
            Error::Unavailable(error.into())
        }
    })
}

/// Whether a pooler lost a prepared statement.
fn is_forgetful(error: &sqlx::Error) -> bool {
    has_state(error, &STATEMENT_STATES)
}

/// The error of a pooler that loses prepared statements: what to set.
fn forgetful() -> Error {
    Error::internal(FORGETS_STATEMENTS)
}

/// Runs a prepared statement before and while another session holds the connection that a pooler used for it: poolers take the
/// connection that was used last.
async fn run_on_two_connections(options: &PgConnectOptions) -> sqlx::Result<()> {
    // With `statement-cache-capacity=0` in the URL the second run would prepare the statement again, and hide that the first is lost.
    let options = options.clone().statement_cache_capacity(1);
    let mut session = PgConnection::connect_with(&options).await?;
    let mut other = PgConnection::connect_with(&options).await?;
    sqlx::query("SELECT 1").execute(&mut session).await?;
    let transaction = other.begin().await?;
    sqlx::query("SELECT 1").execute(&mut session).await?;
    transaction.rollback().await?;
    other.close().await?;
    session.close().await
}

/// Warns where what is read and written can be read on its way, and the URL says nothing of it.
async fn warn_if_in_clear(
    options: &PgConnectOptions,
    connection: &mut PgConnection,
) -> sqlx::Result<()> {
    let host = options.get_host();
    let is_local = options.get_socket().is_some()
        || host == "localhost"
        || host.starts_with('/')
        || host
            .parse()
            .is_ok_and(|address: IpAddr| address.is_loopback());
    if is_local || !matches!(options.get_ssl_mode(), PgSslMode::Prefer) {
        return Ok(());
    }
    let is_encrypted = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    let is_encrypted: Option<bool> = sqlx::query_scalar(is_encrypted)
        .fetch_optional(connection)
        .await?;
    if is_encrypted == Some(false) {
        tracing::warn!(
            host,
            "the connection to the database is in clear: the server offers no TLS; write ?sslmode=require or disable in database_url"
        );
    }
    Ok(())
}
