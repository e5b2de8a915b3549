//! A moment of the database: whatever is read through it is one state, however many statements it takes.

use std::sync::atomic::{AtomicUsize, Ordering};

use sea_orm::{
    DatabaseConnection, DatabaseTransaction, EntityTrait, FromQueryResult, PaginatorTrait, Select,
    TransactionTrait,
};
use tokio::sync::OnceCell;

use crate::error::{Error, Result};

/// Begins with the first statement, and ends when it is closed or dropped. It cannot write.
#[derive(Debug)]
pub struct Snapshot {
    connection: DatabaseConnection,
    transaction: OnceCell<DatabaseTransaction>,
    statements: AtomicUsize,
}

impl Snapshot {
    pub(super) fn new(connection: DatabaseConnection) -> Self {
        Self {
            connection,
            transaction: OnceCell::new(),
            statements: AtomicUsize::new(0),
        }
    }

    /// All rows.
    pub async fn all<E: EntityTrait, R: FromQueryResult + Send + Sync>(
        &self,
        select: Select<E>,
    ) -> Result<Vec<R>> {
        select
            .into_model::<R>()
            .all(self.counted().await?)
            .await
            .map_err(Error::from)
    }

    /// How many rows there are.
    pub async fn count<E>(&self, select: Select<E>) -> Result<u64>
    where
        E: EntityTrait,
        E::Model: Sync,
    {
        select
            .count(self.counted().await?)
            .await
            .map_err(Error::from)
    }

    /// How many statements have been sent, without those that begin and end the snapshot.
    pub fn statements(&self) -> usize {
        self.statements.load(Ordering::Relaxed)
    }

    /// Ends the snapshot and gives the connection back. One that is only dropped does so too, but later.
    pub async fn close(self) {
        if let Some(transaction) = self.transaction.into_inner()
            && let Err(error) = transaction.commit().await
        {
            tracing::debug!(%error, "a snapshot ended early");
        }
    }

    async fn counted(&self) -> Result<&DatabaseTransaction> {
        self.statements.fetch_add(1, Ordering::Relaxed);
        self.transaction
            .get_or_try_init(|| self.connection.begin())
            .await
            .map_err(Error::from)
    }
}
