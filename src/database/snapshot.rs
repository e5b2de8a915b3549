//! A moment of the database: whatever is read through it is one state, however many statements it takes.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use entity::{entry::ContentType, entry_id::EntryId};
use futures_util::TryStreamExt;
use sea_orm::{
    DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, EntityTrait, FromQueryResult,
    PaginatorTrait, QueryResult, QueryTrait, Select, Statement, StatementBuilder, StreamTrait,
    Value, Values, prelude::Uuid, sea_query::SelectStatement,
};
use tokio::sync::OnceCell;

use super::{
    Database, Transaction,
    changes::{Changes, LogQuery, State},
    file::DatabaseFile,
    reads::Reads,
    rows::Rows,
    server::Isolation,
};
use crate::{
    budget,
    error::{Error, Result},
    telemetry::metrics::database::{DatabaseMeter, Pool},
};

/// The target under which statements are logged.
const SQL: &str = "kindling::sql";
/// What a row takes beside its texts, in bytes.
const PER_ROW: usize = 500;

/// Logs what a statement looks like, without its values, for those who look for slow ones.
fn log_statement(statement: &Statement) {
    tracing::trace!(target: SQL, statement = statement.sql);
}

/// Writes the limit of a page into its statement. PostgreSQL plans a statement once only if the plan for all parameters is as good as
/// that for some, and of an unknown limit it expects a tenth of all rows.
fn planned_once(mut statement: Statement) -> Statement {
    let Some(Values(values)) = &mut statement.values else {
        return statement;
    };
    let parameter = format!("LIMIT ${}", values.len());
    if let Some(before) = statement.sql.strip_suffix(&parameter)
        && let Some(Value::BigUnsigned(Some(limit))) = values.last()
    {
        statement.sql = format!("{before}LIMIT {limit}");
        values.pop();
    }
    statement
}

/// Begins with the first statement, and ends when it is closed or dropped. It cannot write.
#[derive(Debug)]
pub struct Snapshot {
    connection: DatabaseConnection,
    isolation: Isolation,
    file: Option<Arc<DatabaseFile>>,
    transaction: OnceCell<Begun>,
    statements: AtomicUsize,
    state: OnceCell<Option<State>>,
    reads: Mutex<Reads>,
    changes: Changes,
    rows: Rows,
    meter: Arc<DatabaseMeter>,
}

/// A transaction, with what was known of the event log before it began.
#[derive(Debug)]
struct Begun {
    transaction: Arc<DatabaseTransaction>,
    log_query: LogQuery,
}

impl Snapshot {
    pub(super) fn new(database: &Database) -> Self {
        Self {
            connection: database.readers.clone(),
            isolation: database.isolation,
            file: database.file.clone(),
            transaction: OnceCell::new(),
            statements: AtomicUsize::new(0),
            state: OnceCell::new(),
            reads: Mutex::default(),
            changes: database.changes.clone(),
            rows: database.rows.clone(),
            meter: Arc::clone(&database.meter),
        }
    }

    /// Which state of the database it shows, which `read` finds out with a statement of this snapshot; none if that cannot be
    /// told.
    pub async fn state_or(
        &self,
        read: impl Future<Output = Result<Option<State>>>,
    ) -> Result<Option<State>> {
        self.state.get_or_try_init(|| read).await.copied()
    }

    /// Begins the snapshot unless it has begun, and returns the query for the event log that was made before.
    pub async fn log_query(&self) -> Result<LogQuery> {
        let begun = self.transaction.get_or_try_init(|| self.begun()).await?;
        Ok(begun.log_query)
    }

    /// What is known of the event log.
    pub fn changes(&self) -> &Changes {
        &self.changes
    }

    /// Rows that were read before, and may serve again.
    pub fn rows(&self) -> &Rows {
        &self.rows
    }

    /// Notes what is read, by a view that shows only what is public, or by another one: these entries, and any of these types.
    pub fn note(
        &self,
        is_public: bool,
        entries: impl IntoIterator<Item = Uuid>,
        types: impl IntoIterator<Item = ContentType>,
    ) {
        let mut reads = self.reads.lock().unwrap_or_else(PoisonError::into_inner);
        let touched = reads.of(is_public);
        touched.entries.extend(entries);
        touched.types.extend(types);
    }

    /// Notes entries that were there.
    pub fn show(&self, entries: impl IntoIterator<Item = EntryId>) {
        let mut reads = self.reads.lock().unwrap_or_else(PoisonError::into_inner);
        reads.shown.extend(entries);
    }

    /// What has been read so far, as far as it is content.
    pub fn reads(&self) -> Reads {
        let reads = self.reads.lock().unwrap_or_else(PoisonError::into_inner);
        reads.clone()
    }

    /// All rows.
    pub async fn all<E: EntityTrait, R: FromQueryResult + Send + Sync>(
        &self,
        select: Select<E>,
    ) -> Result<Vec<R>> {
        self.all_weighed(select, |_| 0).await
    }

    /// All rows, with the bytes of their texts.
    pub async fn all_weighed<E: EntityTrait, R: FromQueryResult + Send + Sync>(
        &self,
        select: Select<E>,
        bytes: impl Fn(&R) -> usize,
    ) -> Result<Vec<R>> {
        let read = |row: &QueryResult| {
            let row = R::from_query_result(row, "")?;
            let bytes = bytes(&row);
            Ok((row, bytes))
        };
        self.read(&select.into_query(), read).await
    }

    /// All rows of a statement, each read with the bytes of its texts. It charges the budget of the operation before the next one is
    /// read.
    pub async fn read<R>(
        &self,
        select: &SelectStatement,
        read: impl Fn(&QueryResult) -> Result<(R, usize), DbErr>,
    ) -> Result<Vec<R>> {
        let connection = self.counted().await?;
        let statement = planned_once(StatementBuilder::build(select, &self.backend()));
        log_statement(&statement);
        let stream = connection.stream_raw(statement).await;
        let mut stream = stream.map_err(Error::of_reading)?;
        let mut rows = Vec::new();
        while let Some(row) = stream.try_next().await.map_err(Error::of_reading)? {
            let (row, bytes) = read(&row).map_err(Error::of_reading)?;
            budget::charge(PER_ROW + bytes)?;
            rows.push(row);
        }
        Ok(rows)
    }

    /// Which engine it is of.
    pub fn backend(&self) -> DbBackend {
        self.connection.get_database_backend()
    }

    /// How many rows there are.
    pub async fn count<E>(&self, select: Select<E>) -> Result<u64>
    where
        E: EntityTrait,
        E::Model: Sync,
    {
        let connection = self.counted().await?;
        log_statement(&select.build(self.backend()));
        select.count(connection).await.map_err(Error::of_reading)
    }

    /// Returns the read-only transaction of the snapshot, for checks that also run in transactions that write.
    pub async fn transaction(&self) -> Result<Transaction> {
        self.counted().await?;
        let transaction = self
            .transaction
            .get()
            .map(|begun| Arc::clone(&begun.transaction));
        let transaction = transaction.ok_or_else(|| Error::internal("a snapshot has not begun"))?;
        Ok(Transaction::read_only(transaction))
    }

    /// How many statements have been sent, without those that begin and end the snapshot.
    pub fn statements(&self) -> usize {
        self.statements.load(Ordering::Relaxed)
    }

    /// Ends the snapshot and gives the connection back. One that is only dropped does so too, but later.
    pub async fn close(self) {
        if let Some(begun) = self.transaction.into_inner()
            && let Some(transaction) = Arc::into_inner(begun.transaction)
            && let Err(error) = transaction.commit().await
        {
            tracing::debug!(%error, "a snapshot ended early");
        }
    }

    async fn counted(&self) -> Result<&DatabaseTransaction> {
        self.statements.fetch_add(1, Ordering::Relaxed);
        let begun = self.transaction.get_or_try_init(|| self.begun()).await?;
        Ok(&begun.transaction)
    }

    async fn begun(&self) -> Result<Begun> {
        self.file.as_deref().map_or(Ok(()), DatabaseFile::check)?;
        let _waiting = self.meter.wait(Pool::Readers);
        let transaction = self.isolation.begin_reading(&self.connection).await;
        let transaction = transaction.map_err(Error::of_reading)?;
        // On both engines, what a transaction sees is settled by its first statement.
        let log_query = self.changes.query();
        Ok(Begun {
            transaction: Arc::new(transaction),
            log_query,
        })
    }
}
