//! Operations that come with a key are done once. The first answer is kept for a day and given again, if it may be kept; otherwise
//! whoever sends the operation again is told that it was done.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use chrono::TimeDelta;
use entity::{Instant, entry, idempotency, idempotency_subject};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, Condition, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    prelude::{Expr, Uuid},
    sea_query::{LockType, OnConflict},
};
use sha2::{Digest, Sha256};

use crate::{
    app::App,
    clock::{Clock, SKEW},
    database::Transaction,
    error::{Error, Problem, ProblemCode, Result, on_constraint},
};

/// How long an answer is kept.
pub const KEPT: TimeDelta = TimeDelta::hours(24);
/// What is stored in the place of an answer that may not be kept: the operation was done. It commits with the operation.
const DONE: &str = "";
/// Engines bound the number of parameters of a statement.
const SUBJECTS_PER_STATEMENT: usize = 1_000;

/// One operation with a key, by an account.
#[derive(Debug)]
pub struct Claim {
    account: Uuid,
    key_hash: String,
    request_hash: String,
    /// Whether the answer may be kept: it holds no secret.
    keeps_answer: bool,
    /// Whether a change of the operation has come true.
    taken: Arc<AtomicBool>,
    /// The entries that the answer may show.
    shown: Mutex<BTreeSet<Uuid>>,
}

impl Claim {
    /// An operation by an account, or by one of its API tokens, that is described by these texts.
    pub fn new(by: (Uuid, Option<Uuid>), key: &str, request: &[&str]) -> Self {
        let (account, token) = by;
        // What an account was answered is not for its tokens.
        let token = token.map(|token| token.to_string());
        let key: Vec<&str> = token.iter().map(String::as_str).chain([key]).collect();
        Self {
            account,
            key_hash: hash(&key),
            request_hash: hash(request),
            keeps_answer: true,
            taken: Arc::default(),
            shown: Mutex::default(),
        }
    }

    /// The same, of which only that it was done is kept: its answer can hold secrets.
    #[must_use]
    pub fn without_answer(self) -> Self {
        Self {
            keeps_answer: false,
            ..self
        }
    }

    /// Notes which entries the answer may show. It is not kept for longer than they are.
    pub fn show(&self, subjects: impl IntoIterator<Item = Uuid>) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.extend(subjects);
    }

    /// The answer that was given before. An error if the key was used for something else, or if the answer was not kept.
    pub async fn answer(&self, app: &App) -> Result<Option<String>> {
        let since = app.clock.now() - KEPT;
        let select = idempotency::Entity::find_by_id((self.account, self.key_hash.clone()))
            .filter(idempotency::Column::CreatedAt.gt(since));
        let known: Vec<idempotency::Model> = app.database.snapshot().all(select).await?;
        let is_kept = |row: &idempotency::Model| !app.clock.has_passed(row.created_at, KEPT);
        match known.into_iter().find(is_kept) {
            None => Ok(None),
            Some(known) if known.request_hash != self.request_hash => Err(Error::KeyReused),
            Some(known) => match known.answer {
                None => Err(Error::AnswerUnknown),
                Some(answer) if answer == DONE => Err(Error::AlreadyDone),
                answer => Ok(answer),
            },
        }
    }

    fn shown(&self) -> Vec<Uuid> {
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.iter().copied().collect()
    }

    /// Takes the key for the operation, at the start of its first change: nobody else's change with this key can come
    /// true, then. Before any entry is locked, so that whoever waits for the key holds up nobody.
    pub async fn take(&self, tx: &mut Transaction, clock: &Clock) -> Result<()> {
        if self.is_taken() {
            return Ok(());
        }
        let now = clock.now();
        idempotency::Entity::delete_many()
            .filter(self.row_is(old(clock)))
            .exec(&**tx)
            .await?;
        let done = (!self.keeps_answer).then(|| DONE.to_owned());
        let inserted = idempotency::Entity::insert(self.row(now, done))
            .exec_without_returning(&**tx)
            .await;
        // The text of the problem is never seen: what matters is that the change does not come true.
        let used = || Problem::new(ProblemCode::Taken, "", "the key was used at the same time");
        let inserted = on_constraint(inserted, "idempotency_account_id_key_hash_key", used);
        inserted.map_err(|error| match error {
            Error::Invalid(_) => Error::AnswerUnknown,
            error => error,
        })?;
        tx.set_once_committed(&self.taken);
        Ok(())
    }

    /// Whether a change of the operation has come true.
    pub fn is_taken(&self) -> bool {
        self.taken.load(Ordering::Acquire)
    }

    /// Whether the answer may be kept.
    pub fn keeps_answer(&self) -> bool {
        self.keeps_answer
    }

    /// Keeps the answer. If the operation changed nothing, and another one has the key meanwhile, it is that one's answer
    /// that counts: then this one is not kept, which is an error. Of an answer that shows what was erased meanwhile, only the
    /// key is kept.
    pub async fn keep(&self, app: &App, answer: &str) -> Result<()> {
        app.retrying(|| self.keep_once(app, answer)).await
    }

    async fn keep_once(&self, app: &App, answer: &str) -> Result<()> {
        let now = app.clock.now();
        let shown = self.shown();
        let tx = app.database.begin().await?;
        // Before any key is locked: whoever erases an entry locks it first, and keys after it.
        let answer = are_there(&tx, &shown).await?.then_some(answer);
        purge_in(&tx, &app.clock).await?;
        let kept = if self.is_taken() {
            let update = idempotency::Entity::update_many()
                .col_expr(idempotency::Column::Answer, Expr::value(answer))
                .filter(self.row_is(idempotency::Column::Answer.is_null()));
            update.exec(&tx).await?.rows_affected
        } else {
            let nothing = OnConflict::new().do_nothing().to_owned();
            idempotency::Entity::insert(self.row(now, answer.map(str::to_owned)))
                .on_conflict(nothing)
                .exec_without_returning(&tx)
                .await?
        };
        if kept != 1 {
            return Err(Error::AnswerUnknown);
        }
        self.record(&tx, &shown).await?;
        tx.commit().await
    }

    /// Writes down what the answer shows.
    async fn record(&self, tx: &DatabaseTransaction, shown: &[Uuid]) -> Result<()> {
        let row = |subject: &Uuid| idempotency_subject::ActiveModel {
            account_id: Set(self.account),
            key_hash: Set(self.key_hash.clone()),
            subject_id: Set(*subject),
        };
        for part in shown.chunks(SUBJECTS_PER_STATEMENT) {
            idempotency_subject::Entity::insert_many(part.iter().map(row))
                .exec_without_returning(tx)
                .await?;
        }
        Ok(())
    }

    /// The row of the key, if this holds for it.
    fn row_is(&self, condition: impl Into<Expr>) -> Condition {
        Condition::all()
            .add(idempotency::Column::AccountId.eq(self.account))
            .add(idempotency::Column::KeyHash.eq(self.key_hash.as_str()))
            .add(condition.into())
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

/// Forgets the answers whose time is over, with their keys; returns how many.
pub async fn purge(app: &App) -> Result<u64> {
    let tx = app.database.begin().await?;
    let purged = purge_in(&tx, &app.clock).await?;
    tx.commit().await?;
    Ok(purged)
}

async fn purge_in(tx: &DatabaseTransaction, clock: &Clock) -> Result<u64> {
    let purged = idempotency::Entity::delete_many()
        .filter(old(clock))
        .exec(tx)
        .await?;
    Ok(purged.rows_affected)
}

/// Whether all of these entries are still there. They stay until the end of the transaction.
async fn are_there(tx: &DatabaseTransaction, subjects: &[Uuid]) -> Result<bool> {
    for part in subjects.chunks(SUBJECTS_PER_STATEMENT) {
        let select = entry::Entity::find()
            .select_only()
            .column(entry::Column::Id)
            .filter(entry::Column::Id.is_in(part.iter().copied()))
            .order_by_asc(entry::Column::Id)
            .lock(LockType::KeyShare);
        let found: Vec<Uuid> = select.into_tuple().all(tx).await?;
        if found.len() < part.len() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What is kept no longer. What lies ahead was kept by a clock that was ahead, and is kept for as long as anything else from
/// when it was set right.
fn old(clock: &Clock) -> Condition {
    let now = clock.now();
    let ahead = idempotency::Column::CreatedAt.gt(now + SKEW);
    let is_over = clock.has_passed(clock.steady_since(), KEPT);
    Condition::any()
        .add(idempotency::Column::CreatedAt.lte(now - KEPT))
        .add_option(is_over.then_some(ahead))
}

fn hash(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    format!("{:x}", hash.finalize())
}
