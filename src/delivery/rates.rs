//! How many operations each principal may send in a minute, as far as this instance sees them.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use governor::{
    InsufficientCapacity, Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    middleware::StateInformationMiddleware,
    state::{InMemoryState, NotKeyed, StateStore},
};
use ipnet::IpNet;
use moka::{policy::EvictionPolicy, sync::Cache};
use sea_orm::prelude::Uuid;

use crate::{
    auth::{Client, Principal, network_of},
    config::Config,
};

/// Operations come again within this time: all of a minute's may come at once.
const WINDOW: Duration = Duration::from_mins(1);
/// Principals that are remembered, some 100 bytes each. Those that did not come for the longest time are forgotten first.
const MOST_PRINCIPALS: u64 = 100_000;

/// Who is counted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Counted {
    Account(Uuid),
    ApiToken(Uuid),
    PreviewLink(Uuid),
    Network(IpNet),
    /// All whose address cannot be read.
    UnknownNetwork,
}

impl Counted {
    /// Whom an operation counts for; nobody for the program itself, and where no address is known.
    pub(super) fn of(principal: &Principal, client: &Client) -> Option<Self> {
        match principal {
            Principal::Account { id, .. } => Some(Self::Account(*id)),
            Principal::ApiToken { id, .. } => Some(Self::ApiToken(*id)),
            Principal::Preview { id, .. } => Some(Self::PreviewLink(*id)),
            Principal::System => None,
            Principal::Anonymous if client.is_unreadable() => Some(Self::UnknownNetwork),
            Principal::Anonymous => client.address().map(network_of).map(Self::Network),
        }
    }
}

/// What is left to a principal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// The name of the limit.
    pub policy: &'static str,
    /// Operations in a minute.
    pub per_minute: u32,
    /// Operations that may come at once now.
    pub left: u32,
    /// How long to wait for the next one, if none is left.
    pub wait: Duration,
}

impl Allowance {
    /// The time in which operations come again, in seconds.
    pub const WINDOW_SECONDS: u64 = WINDOW.as_secs();
}

/// Counts operations.
pub(super) struct Rates {
    public: Option<Limit>,
    signed_in: Option<Limit>,
    exempt: Vec<IpNet>,
}

impl Rates {
    /// As the settings say.
    pub(super) fn new(config: &Config) -> Self {
        Self {
            public: Limit::new("public", config.rate_limit_public_per_minute),
            signed_in: Limit::new("signed-in", config.rate_limit_signed_in_per_minute),
            exempt: config.rate_limit_exempt.clone(),
        }
    }

    /// Counts operations of a principal, which go on if they are within its limit. What is refused is not counted. Gives what
    /// is left then, if there is a limit.
    pub(super) fn count(
        &self,
        principal: &Principal,
        client: &Client,
        operations: NonZeroU32,
    ) -> Result<Option<Allowance>, Allowance> {
        let Some(counted) = Counted::of(principal, client) else {
            return Ok(None);
        };
        let limit = match principal {
            Principal::Account { .. } | Principal::ApiToken { .. } => &self.signed_in,
            Principal::Anonymous if self.is_exempt(client) => return Ok(None),
            Principal::Anonymous | Principal::Preview { .. } | Principal::System => &self.public,
        };
        let counted = limit
            .as_ref()
            .map(|limit| limit.count(&counted, operations));
        counted.transpose()
    }
}

impl Rates {
    fn is_exempt(&self, client: &Client) -> bool {
        let address = client.address().filter(|_| !client.is_unreadable());
        let mut exempt = self.exempt.iter();
        address.is_some_and(|address| exempt.any(|network| network.contains(&address)))
    }
}

/// The limit of one kind of principals.
struct Limit {
    policy: &'static str,
    per_minute: NonZeroU32,
    limiter: RateLimiter<Counted, Remembered, DefaultClock, StateInformationMiddleware>,
}

impl Limit {
    fn new(policy: &'static str, per_minute: u32) -> Option<Self> {
        let per_minute = NonZeroU32::new(per_minute)?;
        let limiter = RateLimiter::new(
            Quota::per_minute(per_minute),
            Remembered::default(),
            DefaultClock::default(),
        );
        Some(Self {
            policy,
            per_minute,
            limiter,
        })
    }

    fn count(&self, counted: &Counted, operations: NonZeroU32) -> Result<Allowance, Allowance> {
        let allowance = |left, wait| Allowance {
            policy: self.policy,
            per_minute: self.per_minute.get(),
            left,
            wait,
        };
        match self.limiter.check_key_n(counted, operations) {
            Ok(Ok(state)) => Ok(allowance(state.remaining_burst_capacity(), Duration::ZERO)),
            Ok(Err(until)) => {
                let wait = until.wait_time_from(self.limiter.clock().now());
                Err(allowance(0, wait))
            }
            Err(InsufficientCapacity(_)) => Err(allowance(0, WINDOW)),
        }
    }
}

/// What is known of those who came in the last minute: everybody else may send all of a minute's operations anyway.
struct Remembered(Cache<Counted, Arc<InMemoryState>>);

impl Default for Remembered {
    fn default() -> Self {
        let cache = Cache::builder()
            .max_capacity(MOST_PRINCIPALS)
            .eviction_policy(EvictionPolicy::lru())
            .time_to_idle(WINDOW);
        Self(cache.build())
    }
}

impl StateStore for Remembered {
    type Key = Counted;

    fn measure_and_replace<T, F, E>(&self, counted: &Counted, measure: F) -> Result<T, E>
    where
        F: Fn(Option<governor::nanos::Nanos>) -> Result<(T, governor::nanos::Nanos), E>,
    {
        let known = self.0.get(counted);
        let state = known.unwrap_or_else(|| self.0.get_with(counted.clone(), Arc::default));
        state.measure_and_replace(&NotKeyed::NonKey, measure)
    }
}

#[cfg(test)]
mod tests {
    use std::{num::NonZeroU32, time::Duration};

    use super::{Counted, Limit};

    fn counted(n: u8) -> Counted {
        Counted::Network(ipnet::IpNet::from(std::net::IpAddr::from([203, 0, 113, n])))
    }

    #[test]
    fn each_has_a_limit_of_its_own_which_comes_again() {
        let limit = Limit::new("tests", 600).expect("a limit");
        let one = NonZeroU32::MIN;
        for left in (0..600).rev() {
            let allowance = limit.count(&counted(1), one).expect("within the limit");
            // It comes again while this runs.
            assert!(allowance.left >= left, "{allowance:?}");
        }
        while limit.count(&counted(1), one).is_ok() {}
        let refused = limit.count(&counted(1), one).expect_err("beyond the limit");
        assert_eq!((refused.left, refused.per_minute), (0, 600));
        assert!(refused.wait <= Duration::from_millis(100), "{refused:?}");
        assert!(limit.count(&counted(2), one).is_ok(), "of somebody else");
        std::thread::sleep(refused.wait);
        assert!(limit.count(&counted(1), one).is_ok());
    }

    #[test]
    fn what_is_refused_is_not_counted() {
        let limit = Limit::new("tests", 10).expect("a limit");
        let [six, five, four, many] = [6, 5, 4, 11].map(|n| NonZeroU32::new(n).expect("some"));
        assert_eq!(
            limit
                .count(&counted(1), six)
                .map(|allowance| allowance.left),
            Ok(4)
        );
        assert!(limit.count(&counted(1), five).is_err());
        assert_eq!(
            limit
                .count(&counted(1), four)
                .map(|allowance| allowance.left),
            Ok(0)
        );
        assert!(limit.count(&counted(2), many).is_err(), "it never can");
    }

    #[test]
    fn none_is_no_limit() {
        assert!(Limit::new("tests", 0).is_none());
    }
}
