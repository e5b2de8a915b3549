//! Transactions to write in.
//!
//! On SQLite there is one writer, and making a commit safe takes a disk much longer than what is committed. So changes that
//! come at the same time share one commit: whoever is done goes to the end of the line, and those who stood in it before do
//! their work in the same transaction, each behind a savepoint of its own. The first one that comes to the front again
//! commits for all of them, and only then are they told. Where nobody waits, that is at once.

use std::{
    ops::Deref,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult,
    QueryResult, RuntimeErr, SqliteTransactionMode, Statement, TransactionOptions,
    TransactionTrait, prelude::async_trait::async_trait,
};
use tokio::{
    sync::{Mutex, Notify, OwnedMutexGuard, watch},
    time::timeout,
};
use tracing::Instrument;

use crate::{
    error::{Error, Result},
    telemetry::{
        outage::{self, Outage},
        traces,
    },
};

/// The only writer of a database, and the line of those who wait for it.
#[derive(Clone, Debug)]
pub(super) struct Queue {
    writer: DatabaseConnection,
    group: Arc<Mutex<Option<Group>>>,
    patience: Duration,
}

/// A transaction to write in. Unless it is committed, nothing was changed.
#[derive(Debug)]
pub struct Transaction {
    // Goes before the turn does, which lets others on.
    tx: Arc<DatabaseTransaction>,
    turn: Option<Turn>,
    /// Set once it is committed.
    committed: Option<Arc<AtomicBool>>,
    /// Notified once it is committed.
    notified: OnceLock<Arc<Notify>>,
}

/// The right to write, until it is let go.
#[derive(Debug)]
struct Turn {
    group: OwnedMutexGuard<Option<Group>>,
    line: Arc<Mutex<Option<Group>>>,
}

/// Changes that are done, and wait for their commit.
#[derive(Debug)]
struct Group {
    tx: Arc<DatabaseTransaction>,
    /// The savepoint of a change that has begun, and was not done.
    begun: Option<u64>,
    last: u64,
    outcome: watch::Sender<Option<Result<(), DbErr>>>,
}

impl Queue {
    /// The line in front of this writer, in which nobody waits for longer than `patience`.
    pub(super) fn new(writer: DatabaseConnection, patience: Duration) -> Self {
        Self {
            writer,
            group: Arc::default(),
            patience,
        }
    }

    /// A transaction that holds the right to write from its start, so that it cannot fail for it later.
    pub(super) async fn begin(&self) -> Result<Transaction> {
        let turn = Arc::clone(&self.group).lock_owned();
        let mut group = timeout(self.patience, turn)
            .await
            .map_err(|late| Error::Unavailable(late.into()))?;
        let joined = match group.as_mut() {
            Some(group) => group.enter().await.map(Some),
            None => Ok(None),
        };
        let tx = match joined {
            Ok(Some(tx)) => tx,
            Ok(None) => Arc::new(self.alone().await?),
            Err(error) => {
                Group::give_up(group.take(), &error);
                Arc::new(self.alone().await?)
            }
        };
        let line = Arc::clone(&self.group);
        Ok(Transaction {
            tx,
            turn: Some(Turn { group, line }),
            committed: None,
            notified: OnceLock::new(),
        })
    }

    /// Runs `work` on the writer while no transaction is open. Those who wait for their commit get it before.
    pub(super) async fn between<T>(
        &self,
        work: impl AsyncFnOnce(&DatabaseConnection) -> T,
    ) -> Result<T> {
        let turn = Arc::clone(&self.group).lock_owned();
        let mut group = timeout(self.patience, turn)
            .await
            .map_err(|late| Error::Unavailable(late.into()))?;
        if let Some(group) = group.take() {
            group.commit().await;
        }
        Ok(work(&self.writer).await)
    }

    async fn alone(&self) -> Result<DatabaseTransaction, DbErr> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        self.writer.begin_with_options(options).await
    }
}

impl Transaction {
    /// A transaction that shares its commit with no other.
    pub(super) fn alone(tx: DatabaseTransaction) -> Self {
        Self {
            tx: Arc::new(tx),
            turn: None,
            committed: None,
            notified: OnceLock::new(),
        }
    }

    /// The transaction of a snapshot: it reads, and the database refuses to write in it.
    pub(super) fn read_only(tx: Arc<DatabaseTransaction>) -> Self {
        Self {
            tx,
            turn: None,
            committed: None,
            notified: OnceLock::new(),
        }
    }

    /// Has this flag set once the transaction is committed.
    pub fn set_once_committed(&mut self, flag: &Arc<AtomicBool>) {
        self.committed = Some(Arc::clone(flag));
    }

    /// Wakes one that waits for this once the transaction is committed.
    pub fn notify_once_committed(&self, notify: &Arc<Notify>) {
        self.notified.get_or_init(|| Arc::clone(notify));
    }

    /// Returns when everything is on disk. It is carried through even if nobody waits for that any more.
    pub async fn commit(self) -> Result<()> {
        let Self {
            tx,
            turn,
            committed,
            notified,
        } = self;
        let committing = async move {
            match turn {
                None => commit(tx).await?,
                Some(turn) => {
                    turn.commit(tx).await?;
                    outage::ended(Outage::ReadOnly);
                }
            }
            if let Some(committed) = committed {
                committed.store(true, Ordering::Release);
            }
            if let Some(notify) = notified.get() {
                notify.notify_one();
            }
            Ok(())
        };
        let committed = tokio::spawn(traces::carried(committing.in_current_span())).await;
        let committed: Result<(), DbErr> = committed.map_err(Error::internal)?;
        committed.map_err(Error::from)
    }
}

impl Turn {
    async fn commit(mut self, tx: Arc<DatabaseTransaction>) -> Result<(), DbErr> {
        let mut outcome = match self.group.as_mut() {
            None => self.group.insert(Group::of(tx)).outcome.subscribe(),
            Some(group) => {
                drop(tx);
                let outcome = group.outcome.subscribe();
                if let Err(error) = group.keep().await {
                    Group::give_up(self.group.take(), &error);
                }
                outcome
            }
        };
        drop(self.group);
        let mut group = tokio::select! {
            biased;
            told = told(&mut outcome) => return told,
            group = self.line.lock_owned() => group,
        };
        // Others may have committed this change since `outcome` was looked at, and what is there now is none of its business.
        if outcome.borrow().is_none()
            && let Some(group) = group.take()
        {
            group.commit().await;
        }
        drop(group);
        told(&mut outcome).await
    }
}

impl Group {
    /// A group that begins with a change that is done.
    fn of(tx: Arc<DatabaseTransaction>) -> Self {
        Self {
            tx,
            begun: None,
            last: 0,
            outcome: watch::Sender::default(),
        }
    }

    /// Begins another change. What the one before did is undone if it came to no end.
    async fn enter(&mut self) -> Result<Arc<DatabaseTransaction>, DbErr> {
        self.undo().await?;
        // A number is used once, so that a statement that ran unnoticed, for its change was given up, cannot be taken for another.
        self.last += 1;
        let begin = format!("SAVEPOINT change_{}", self.last);
        self.tx.execute_unprepared(&begin).await?;
        self.begun = Some(self.last);
        Ok(Arc::clone(&self.tx))
    }

    /// Takes the change that has begun among those that are done.
    async fn keep(&mut self) -> Result<(), DbErr> {
        if let Some(number) = self.begun {
            let keep = format!("RELEASE change_{number}");
            self.tx.execute_unprepared(&keep).await?;
            self.begun = None;
        }
        Ok(())
    }

    async fn undo(&mut self) -> Result<(), DbErr> {
        if let Some(number) = self.begun {
            let undo = format!("ROLLBACK TO change_{number}; RELEASE change_{number}");
            self.tx.execute_unprepared(&undo).await?;
            self.begun = None;
        }
        Ok(())
    }

    async fn commit(mut self) {
        if let Err(error) = self.undo().await {
            return Self::give_up(Some(self), &error);
        }
        let committed = commit(self.tx).await;
        self.outcome.send_replace(Some(committed));
    }

    /// None of the changes was made. Where the disk is full, SQLite takes back all of a transaction, and knows none of its
    /// savepoints any more.
    fn give_up(group: Option<Self>, error: &DbErr) {
        // Those whose changes they are report the outage.
        tracing::debug!(%error, "changes that shared a commit were not made");
        if let Some(group) = group {
            let error = DbErr::Conn(RuntimeErr::Internal(error.to_string()));
            group.outcome.send_replace(Some(Err(error)));
        }
    }
}

/// Commits what nobody else holds any more.
async fn commit(tx: Arc<DatabaseTransaction>) -> Result<(), DbErr> {
    match Arc::into_inner(tx) {
        Some(tx) => tx.commit().await,
        None => Err(DbErr::Custom("a transaction is still in use".into())),
    }
}

/// What became of a group.
async fn told(outcome: &mut watch::Receiver<Option<Result<(), DbErr>>>) -> Result<(), DbErr> {
    match outcome.wait_for(Option::is_some).await.as_deref() {
        Ok(Some(outcome)) => outcome.clone(),
        _ => Err(DbErr::Custom("a commit was given up".into())),
    }
}

impl Deref for Transaction {
    type Target = DatabaseTransaction;

    fn deref(&self) -> &DatabaseTransaction {
        &self.tx
    }
}

#[async_trait]
impl ConnectionTrait for Transaction {
    fn get_database_backend(&self) -> DbBackend {
        self.tx.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.tx.execute_raw(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.tx.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.tx.query_one_raw(statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.tx.query_all_raw(statement).await
    }
}
