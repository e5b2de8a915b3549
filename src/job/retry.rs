//! Retries: exponential back-off with jitter, and when a job is given up.

use chrono::TimeDelta;

/// How a job is retried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// The wait after the first failure, at most; each further one is twice as long.
    pub first_wait: TimeDelta,
    /// The longest wait.
    pub max_wait: TimeDelta,
    /// After how many failed runs the job is given up; none for never.
    pub max_attempts: Option<i32>,
}

impl Retry {
    /// For jobs that nothing special is known of: about a day.
    pub const STANDARD: Self = Self {
        first_wait: TimeDelta::seconds(5),
        max_wait: TimeDelta::hours(1),
        max_attempts: Some(35),
    };
    /// For scheduled jobs: they are never given up.
    pub const SCHEDULED: Self = Self {
        first_wait: TimeDelta::seconds(1),
        max_wait: TimeDelta::minutes(1),
        max_attempts: None,
    };

    /// Returns how long to wait after this many failed runs. A random share of the last quarter is left out, so that what failed
    /// together is not retried together.
    pub fn wait(&self, attempts: i32, random: u64) -> TimeDelta {
        let doublings = u32::try_from(attempts.clamp(1, 30) - 1).unwrap_or(0);
        let longest = self.first_wait.num_milliseconds() << doublings;
        let longest = longest.min(self.max_wait.num_milliseconds());
        let share = i64::try_from(random % 1_000).unwrap_or(0);
        TimeDelta::milliseconds(longest - longest / 4 * share / 1_000)
    }

    /// Returns whether a job is given up that has failed this often.
    pub fn is_exhausted(&self, attempts: i32) -> bool {
        self.max_attempts.is_some_and(|max| attempts >= max)
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::Retry;

    #[test]
    fn waits_double_up_to_the_longest_and_jitter_shortens_them_by_a_quarter_at_most() {
        let retry = Retry {
            first_wait: TimeDelta::seconds(4),
            max_wait: TimeDelta::seconds(60),
            max_attempts: Some(3),
        };
        for (attempts, longest) in [(0, 4), (1, 4), (2, 8), (4, 32), (5, 60), (1_000, 60)] {
            for random in [0, 1, 500, 999, u64::MAX] {
                let wait = retry.wait(attempts, random);
                assert!(wait <= TimeDelta::seconds(longest), "{attempts}: {wait}");
                assert!(
                    wait * 4 >= TimeDelta::seconds(longest * 3),
                    "{attempts}: {wait}"
                );
            }
            assert_eq!(retry.wait(attempts, 0), TimeDelta::seconds(longest));
        }
        assert!(!retry.is_exhausted(2) && retry.is_exhausted(3));
    }
}
