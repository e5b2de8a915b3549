//! Retries of transactions that the database rolled back in favour of others: deadlocks and serialisation failures.

use std::time::{Duration, Instant};

/// Pause before the first retry; each further one is twice as long at most.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const MAX_PAUSE: Duration = Duration::from_millis(500);
const MAX_RETRIES: u32 = 8;

/// The retries of one unit of work: a few, with growing pauses, and none after a deadline.
#[derive(Debug)]
pub struct Retries {
    deadline: Instant,
    made: u32,
}

impl Retries {
    /// Retries that begin within half of `timeout`: whoever waits for the result must still get it. PostgreSQL takes a second to
    /// notice a deadlock.
    pub fn within(timeout: Duration) -> Self {
        Self {
            deadline: Instant::now() + timeout / 2,
            made: 0,
        }
    }

    /// Waits before the next retry, for a time that `random` chooses, so that those who met do not meet again. Returns whether
    /// there is one.
    pub async fn pause(&mut self, random: u64) -> bool {
        let longest = FIRST_PAUSE
            .saturating_mul(1 << self.made.min(16))
            .min(MAX_PAUSE);
        let longest = u64::try_from(longest.as_micros()).unwrap_or(u64::MAX);
        let pause = Duration::from_micros(longest / 2 + random % (longest / 2 + 1));
        if self.made == MAX_RETRIES || Instant::now() + pause > self.deadline {
            return false;
        }
        self.made += 1;
        tokio::time::sleep(pause).await;
        true
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{MAX_RETRIES, Retries};

    #[tokio::test]
    async fn retries_are_few_and_end_with_their_deadline() {
        let mut retries = Retries::within(Duration::from_mins(1));
        retries.made = MAX_RETRIES - 1;
        assert!(retries.pause(0).await);
        assert!(!retries.pause(0).await, "there were enough");
        assert!(
            !Retries::within(Duration::ZERO).pause(0).await,
            "it is too late"
        );
    }
}
