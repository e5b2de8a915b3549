//! Several writes in one round trip, on the engine that is reached over a network.

use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, QueryResult,
    sea_query::{CommonTableExpression, Query, SubQueryStatement, UpdateStatement, WithClause},
};

/// Independent writes: none depends on the effect of another, and no two change the same row. PostgreSQL executes them as parts of one
/// statement, in no defined order; SQLite executes them in sequence.
#[derive(Debug, Default)]
pub struct Batch {
    writes: Vec<SubQueryStatement>,
}

impl Batch {
    /// Adds a write.
    pub fn add(&mut self, write: impl Into<SubQueryStatement>) {
        self.writes.push(write.into());
    }

    /// Executes all writes.
    pub async fn execute(self, tx: &DatabaseTransaction) -> Result<(), DbErr> {
        if tx.get_database_backend() != DbBackend::Postgres || self.writes.len() < 2 {
            return self.one_by_one(tx).await;
        }
        let nothing = Query::select().expr(1).to_owned();
        tx.execute(&nothing.with(self.clause())).await.map(|_| ())
    }

    /// Executes all writes and an update with a `RETURNING` clause; returns its rows.
    pub async fn execute_with(
        self,
        tx: &DatabaseTransaction,
        update: UpdateStatement,
    ) -> Result<Vec<QueryResult>, DbErr> {
        if tx.get_database_backend() != DbBackend::Postgres || self.writes.is_empty() {
            self.one_by_one(tx).await?;
            return tx.query_all(&update).await;
        }
        tx.query_all(&update.with(self.clause())).await
    }

    async fn one_by_one(self, tx: &DatabaseTransaction) -> Result<(), DbErr> {
        for write in &self.writes {
            execute(tx, write).await?;
        }
        Ok(())
    }

    fn clause(self) -> WithClause {
        let mut clause = WithClause::new();
        for (number, write) in self.writes.into_iter().enumerate() {
            let mut part = CommonTableExpression::new();
            part.table_name(format!("write_{number}")).query(write);
            clause.cte(part);
        }
        clause
    }
}

async fn execute(tx: &DatabaseTransaction, write: &SubQueryStatement) -> Result<(), DbErr> {
    let executed = match write {
        SubQueryStatement::SelectStatement(select) => tx.execute(select).await,
        SubQueryStatement::InsertStatement(insert) => tx.execute(insert).await,
        SubQueryStatement::UpdateStatement(update) => tx.execute(update).await,
        SubQueryStatement::DeleteStatement(delete) => tx.execute(delete).await,
        SubQueryStatement::WithStatement(with) => tx.execute(with).await,
    };
    executed.map(|_| ())
}
