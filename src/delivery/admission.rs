//! How many operations are executed at once. What is more waits for a moment, or is refused: a server that takes on everything
//! answers nobody in time. Those who edit have places of their own, so that no crowd of visitors keeps them from working.

use std::{thread::available_parallelism, time::Duration};

use tokio::sync::OwnedSemaphorePermit;

use super::{
    consumption::Consumption,
    places::{Patience, Places, QUEUE_PER_PLACE},
    rates::Counted,
};
use crate::{
    auth::{Client, Principal, Scope},
    config::Config,
    telemetry::metrics::crowds::Crowds,
};

/// Places for those who edit, for each one for the public: they mostly wait for the disk, and share what it does.
const EDITORS: usize = 4;
/// Clients with large answers wait for each other.
const OF_LARGE_ANSWERS: Patience = Patience {
    usual: Duration::from_secs(1),
    longest: Duration::from_secs(5),
    slow: Duration::from_millis(100),
    slow_queue: QUEUE_PER_PLACE,
};

const OF_THE_PUBLIC: Patience = Patience {
    usual: Duration::from_secs(1),
    longest: Duration::from_secs(5),
    slow: Duration::from_millis(10),
    slow_queue: 1,
};
/// Signing in waits for passwords, which take their time.
const OF_STRANGERS: Patience = Patience {
    usual: Duration::from_secs(5),
    longest: Duration::from_secs(5),
    slow: Duration::from_millis(500),
    slow_queue: QUEUE_PER_PLACE,
};
const OF_EDITORS: Patience = Patience {
    usual: Duration::from_secs(10),
    longest: Duration::from_secs(10),
    slow: Duration::from_secs(5),
    slow_queue: QUEUE_PER_PLACE,
};

/// The places of all operations that are executed.
pub(super) struct Admission {
    public: Places,
    /// Whoever signs in, or stays signed in, is nobody yet.
    strangers: Places,
    editors: Places,
    /// Queries of clients that ask for large answers need one of these before they need another place. They leave half of the
    /// threads to the others.
    large: Places,
    consumption: Consumption,
}

/// A place among the operations that are executed, for as long as it is held.
pub(super) struct Place {
    _permit: OwnedSemaphorePermit,
    _large: Option<OwnedSemaphorePermit>,
    /// Whose operation it is.
    client: Option<Counted>,
    consumption: Consumption,
}

impl Place {
    /// Notes what the operation has taken of its budget, and gives the place back.
    pub(super) fn leave(self, spent: u64) {
        if let Some(client) = &self.client {
            self.consumption.note(client, spent);
        }
    }
}

impl Admission {
    /// As many places as the settings say, or as this machine can fill.
    pub(super) fn new(config: &Config) -> Self {
        let cores = available_parallelism().map_or(1, usize::from);
        let count = match config.max_operations {
            // One on each core, while others wait for the database. More would only hold memory.
            0 => cores + usize::try_from(config.database_readers).unwrap_or(0),
            count => count,
        };
        Self {
            public: Places::new("the public", count, OF_THE_PUBLIC),
            strangers: Places::new("those who sign in", count, OF_STRANGERS),
            editors: Places::new("editors", EDITORS * count, OF_EDITORS),
            large: Places::new(
                "clients with large answers",
                (cores / 2).max(1),
                OF_LARGE_ANSWERS,
            ),
            consumption: Consumption::default(),
        }
    }

    /// A place for an operation of this principal, which changes something or does not; none if there are too many.
    pub(super) async fn enter(
        &self,
        principal: &Principal,
        client: &Client,
        changes: bool,
    ) -> Option<Place> {
        let client = Counted::of(principal, client);
        let is_large = |client: &Counted| !changes && self.consumption.is_large(client);
        let large = if client.as_ref().is_some_and(is_large) {
            Some(self.large.enter().await?)
        } else {
            None
        };
        Some(Place {
            _permit: self.places(principal, changes).enter().await?,
            _large: large,
            client,
            consumption: self.consumption.clone(),
        })
    }

    /// The places as they are now.
    pub(super) fn state(&self) -> Crowds {
        let kinds = [
            ("public", &self.public),
            ("strangers", &self.strangers),
            ("editors", &self.editors),
        ];
        Crowds(kinds.map(|(of, places)| places.state(of)).into())
    }

    /// Whether too much has been asked for a while by those who share places with this principal.
    pub(super) fn is_overloaded(&self, principal: &Principal, changes: bool) -> bool {
        self.places(principal, changes).is_overloaded()
    }

    fn places(&self, principal: &Principal, changes: bool) -> &Places {
        match principal {
            Principal::Account { .. } | Principal::System => &self.editors,
            Principal::ApiToken { scopes, .. }
                if scopes.contains(&Scope::Write) || scopes.contains(&Scope::Publish) =>
            {
                &self.editors
            }
            _ if changes => &self.strangers,
            Principal::Anonymous | Principal::Preview { .. } | Principal::ApiToken { .. } => {
                &self.public
            }
        }
    }
}
