//! Operations that come with a key are done once: the first answer is kept for a day, and given again.

use std::sync::atomic::{AtomicBool, Ordering};

use chrono::TimeDelta;
use entity::{Instant, idempotency};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, prelude::Uuid,
    sea_query::OnConflict,
};
use sha2::{Digest, Sha256};

use crate::{
    app::App,
    error::{Error, Problem, ProblemCode, Result, on_constraint},
};

/// How long an answer is kept.
const KEPT: TimeDelta = TimeDelta::hours(24);

/// One operation with a key, by an account.
#[derive(Debug)]
pub struct Claim {
    account: Uuid,
    key_hash: String,
    request_hash: String,
    /// Whether a change of the operation has come true.
    claimed: AtomicBool,
}

impl Claim {
    /// An operation that is described by these texts.
    pub fn new(account: Uuid, key: &str, request: &[&str]) -> Self {
        Self {
            account,
            key_hash: hash(&[key]),
            request_hash: hash(request),
            claimed: AtomicBool::new(false),
        }
    }

    /// The answer that was given before. An error if the key was used for something else, or if the answer is not known.
    pub async fn answer(&self, app: &App) -> Result<Option<String>> {
        let since = app.clock.now() - KEPT;
        let select = idempotency::Entity::find_by_id((self.account, self.key_hash.clone()))
            .filter(idempotency::Column::CreatedAt.gt(since));
        let known: Vec<idempotency::Model> = app.database.snapshot().all(select).await?;
        match known.into_iter().next() {
            None => Ok(None),
            Some(known) if known.request_hash != self.request_hash => Err(Error::KeyReused),
            Some(known) => known.answer.map(Some).ok_or(Error::AnswerUnknown),
        }
    }

    /// Takes the key for the operation, in the transaction of its first change: nobody else's change with this key can
    /// come true, then.
    pub(super) async fn take(&self, tx: &DatabaseTransaction, now: Instant) -> Result<()> {
        if self.claimed.load(Ordering::Relaxed) {
            return Ok(());
        }
        idempotency::Entity::delete_many()
            .filter(idempotency::Column::CreatedAt.lte(now - KEPT))
            .exec(tx)
            .await?;
        let inserted = idempotency::Entity::insert(self.row(now, None))
            .exec_without_returning(tx)
            .await;
        // The text of the problem is never seen: what matters is that the change does not come true.
        let taken = || Problem::new(ProblemCode::Taken, "", "the key was used at the same time");
        on_constraint(inserted, "idempotency_account_id_key_hash_key", taken).map_err(|error| {
            match error {
                Error::Invalid(_) => Error::AnswerUnknown,
                error => error,
            }
        })?;
        Ok(())
    }

    /// Notes that a change of the operation has come true.
    pub(super) fn taken(&self) {
        self.claimed.store(true, Ordering::Relaxed);
    }

    /// Whether a change of the operation has come true.
    pub fn is_taken(&self) -> bool {
        self.claimed.load(Ordering::Relaxed)
    }

    /// Keeps the answer.
    pub async fn keep(&self, app: &App, answer: String) -> Result<()> {
        let tx = app.database.begin().await?;
        let complete =
            OnConflict::columns([idempotency::Column::AccountId, idempotency::Column::KeyHash])
                .update_columns([
                    idempotency::Column::RequestHash,
                    idempotency::Column::Answer,
                    idempotency::Column::CreatedAt,
                ])
                .to_owned();
        idempotency::Entity::insert(self.row(app.clock.now(), Some(answer)))
            .on_conflict(complete)
            .exec_without_returning(&tx)
            .await?;
        tx.commit().await.map_err(Error::from)
    }

    fn row(&self, now: Instant, answer: Option<String>) -> idempotency::ActiveModel {
        idempotency::ActiveModel {
            account_id: Set(self.account),
            key_hash: Set(self.key_hash.clone()),
            request_hash: Set(self.request_hash.clone()),
            answer: Set(answer),
            created_at: Set(now),
        }
    }
}

fn hash(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    format!("{:x}", hash.finalize())
}
