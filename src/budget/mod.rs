//! Memory budget of an operation: the bytes of the rows that it loads and of the values that it writes, counted as they come.
//!
//! The executor of GraphQL builds a whole response in memory, and a short document can ask for one of any size. So each row and
//! each value charges the budget of the operation that is being polled, and the first one beyond it ends the operation.

mod memory;

use std::{
    pin::pin,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    task::Poll,
};

use tokio::sync::Notify;

pub use self::memory::{AnswerMemory, Share};

/// After so many bytes an operation lets others run, and reserves memory for the next ones. Smaller ones reserve nothing: the
/// number of operations that are executed at once bounds them.
const QUANTUM: u64 = 256 * 1024;
/// Memory that one charged byte may take: as a value, and as JSON.
const COPIES: u64 = 2;

tokio::task_local! {
    /// The budget of the operation that is being polled.
    static CURRENT: Arc<Budget>;
}

/// What charges the values that an operation writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChargedBy {
    /// The containers themselves. They are those of content, and cost nothing beside the counting.
    Containers,
    /// An extension of the executor, which sees every value of every type.
    Extension,
}

/// What happens when nothing of an operation is left.
type OnEnd = Box<dyn FnOnce(u64) + Send + Sync>;

/// The memory budget of an operation, or of all operations of a batch.
pub struct Budget {
    /// What charges the values.
    pub charged_by: ChargedBy,
    limit: u64,
    spent: AtomicU64,
    /// Where the next check is due.
    checkpoint: AtomicU64,
    share: Mutex<Share>,
    is_due: AtomicBool,
    rested: Notify,
    ended: OnceLock<Ended>,
    on_end: Option<OnEnd>,
}

/// Why an operation was ended, and where.
#[derive(Clone, Debug)]
pub struct Ended {
    /// What is used up.
    pub cause: Exhausted,
    /// The path of the value that was one too many.
    pub path: Vec<PathSegment>,
}

/// A part of the path of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathSegment {
    /// The response key of a field.
    Field(String),
    /// The place in a list.
    Index(usize),
}

/// What is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exhausted {
    /// The budget of the operation, of so many bytes.
    Budget(u64),
    /// The memory of all answers together.
    Memory,
}

impl Budget {
    /// A budget of `limit` bytes. What is large takes its memory from `memory`.
    ///
    /// `on_end` is told what was spent when nothing of the operation is left, which may be after whoever asked has gone away.
    pub fn new(
        limit: usize,
        memory: &AnswerMemory,
        charged_by: ChargedBy,
        on_end: impl FnOnce(u64) + Send + Sync + 'static,
    ) -> Arc<Self> {
        let limit = limit as u64;
        Arc::new(Self {
            charged_by,
            limit,
            spent: AtomicU64::new(0),
            checkpoint: AtomicU64::new(limit.min(QUANTUM)),
            share: Mutex::new(memory.share()),
            is_due: AtomicBool::new(false),
            rested: Notify::new(),
            ended: OnceLock::new(),
            on_end: Some(Box::new(on_end)),
        })
    }

    /// The bytes that were charged so far.
    pub fn spent(&self) -> u64 {
        self.spent.load(Relaxed)
    }

    /// Runs work that charges this budget. Ends it where it is used up, and lets others run in between.
    pub async fn run<F: Future>(self: &Arc<Self>, work: F) -> Result<F::Output, Ended> {
        let mut work = pin!(CURRENT.scope(Arc::clone(self), work));
        loop {
            let turn = std::future::poll_fn(|context| match work.as_mut().poll(context) {
                Poll::Ready(output) => Poll::Ready(Some(output)),
                Poll::Pending if self.is_due.load(Relaxed) || self.ended.get().is_some() => {
                    Poll::Ready(None)
                }
                Poll::Pending => Poll::Pending,
            });
            if let Some(output) = turn.await {
                return Ok(output);
            }
            if let Some(ended) = self.ended.get() {
                return Err(ended.clone());
            }
            tokio::task::yield_now().await;
            self.is_due.store(false, Relaxed);
            self.rested.notify_waiters();
        }
    }

    /// One task at a time charges, so that reading and writing need not be one step.
    fn charge(&self, bytes: usize) -> Result<(), Exhausted> {
        let spent = self.spent.load(Relaxed).saturating_add(bytes as u64);
        self.spent.store(spent, Relaxed);
        if spent <= self.checkpoint.load(Relaxed) {
            return Ok(());
        }
        self.check(spent)
    }

    #[cold]
    fn check(&self, spent: u64) -> Result<(), Exhausted> {
        if spent > self.limit {
            return Err(Exhausted::Budget(self.limit));
        }
        let checkpoint = spent.saturating_add(QUANTUM).min(self.limit);
        let mut share = self.share.lock().unwrap_or_else(PoisonError::into_inner);
        if !share.grow_to(COPIES.saturating_mul(checkpoint)) {
            return Err(Exhausted::Memory);
        }
        self.checkpoint.store(checkpoint, Relaxed);
        self.is_due.store(true, Relaxed);
        Ok(())
    }

    fn must_wait(&self) -> bool {
        self.is_due.load(Relaxed) || self.ended.get().is_some()
    }
}

impl Drop for Budget {
    fn drop(&mut self) {
        if let Some(on_end) = self.on_end.take() {
            on_end(self.spent());
        }
    }
}

/// Charges the current operation; an error if its budget is used up. Work that belongs to no operation is not charged.
pub fn charge(bytes: usize) -> Result<(), Exhausted> {
    CURRENT
        .try_with(|budget| budget.charge(bytes))
        .unwrap_or(Ok(()))
}

/// The same for what a container has written, where containers charge.
pub fn charge_container(bytes: usize) -> Result<(), Exhausted> {
    let charge = |budget: &Arc<Budget>| match budget.charged_by {
        ChargedBy::Containers => budget.charge(bytes),
        ChargedBy::Extension => Ok(()),
    };
    CURRENT.try_with(charge).unwrap_or(Ok(()))
}

/// Whether the current operation is to write nothing now: it lets others run, or it has ended.
pub fn must_wait() -> bool {
    CURRENT
        .try_with(|budget| budget.must_wait())
        .unwrap_or(false)
}

/// Waits until the current operation may go on; for ever if it has ended.
pub async fn wait() {
    let current = || CURRENT.try_with(|budget| budget.must_wait().then(|| Arc::clone(budget)));
    while let Ok(Some(budget)) = current() {
        if budget.ended.get().is_some() {
            return std::future::pending().await;
        }
        budget.rested.notified().await;
    }
}

/// Ends the current operation at this place of its answer. Never returns: the operation is dropped as a whole.
pub async fn end<T>(cause: Exhausted, path: Vec<PathSegment>) -> T {
    // Where others have ended it before, their place stands.
    let _ = CURRENT.try_with(|budget| budget.ended.set(Ended { cause, path }).is_ok());
    std::future::pending().await
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{
        AnswerMemory, Budget, ChargedBy, Exhausted, PathSegment, QUANTUM, charge, end, must_wait,
        wait,
    };

    fn budget(limit: usize, memory: &AnswerMemory) -> Arc<Budget> {
        Budget::new(limit, memory, ChargedBy::Containers, |_| {})
    }

    #[tokio::test]
    async fn what_is_beyond_the_budget_ends_the_work() {
        let memory = AnswerMemory::new(1 << 30);
        let budget = budget(1_000, &memory);
        let work = async {
            assert_eq!(charge(1_000), Ok(()));
            let cause = charge(1).expect_err("beyond the budget");
            end::<()>(cause, vec![PathSegment::Index(3)]).await;
        };
        let ended = budget.run(work).await.expect_err("the end");
        assert_eq!(ended.cause, Exhausted::Budget(1_000));
        assert_eq!(ended.path, [PathSegment::Index(3)]);
        assert_eq!(charge(usize::MAX), Ok(()), "work of no operation");
    }

    #[tokio::test]
    async fn others_run_in_between() {
        let memory = AnswerMemory::new(1 << 30);
        let quantum = usize::try_from(QUANTUM).expect("a size");
        let (one, other) = (budget(1 << 30, &memory), budget(1 << 30, &memory));
        let order = std::sync::Mutex::new(Vec::new());
        let work = async |name: char| {
            for _ in 0..3 {
                assert_eq!(charge(quantum + 1), Ok(()));
                order.lock().expect("the order").push(name);
                if must_wait() {
                    wait().await;
                }
            }
        };
        let both = tokio::join!(one.run(work('a')), other.run(work('b')));
        assert!(both.0.is_ok() && both.1.is_ok());
        let order = order.into_inner().expect("the order");
        let is_shared = order.chunks(2).all(|turns| turns[0] != turns[1]);
        assert!(is_shared && order.len() == 6, "{order:?}");
    }

    #[tokio::test]
    async fn what_is_large_takes_of_the_memory_for_all_until_it_goes() {
        let memory = AnswerMemory::new(4 << 20);
        let first = budget(16 << 20, &memory);
        let work = async { charge(1 << 20) };
        assert!(matches!(first.run(work).await, Ok(Ok(()))));
        let second = budget(16 << 20, &memory);
        let work = async { charge(1 << 20) };
        assert!(matches!(second.run(work).await, Ok(Err(Exhausted::Memory))));
        let small = budget(16 << 20, &memory);
        assert!(matches!(
            small.run(async { charge(1_000) }).await,
            Ok(Ok(()))
        ));
        drop((first, second));
        assert_eq!(memory.used(), 0);
        let third = budget(16 << 20, &memory);
        let work = async { charge(1 << 20) };
        assert!(matches!(third.run(work).await, Ok(Ok(()))));
    }
}
