//! How a server stops: first it is not ready any more, then it takes nothing new and lets what is open come to its end.

use tokio_util::sync::CancellationToken;

/// Where a server stands on its way to its end. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Stopping {
    leaving: CancellationToken,
    draining: CancellationToken,
}

impl Stopping {
    /// The server is to get no new work; it answers all that still comes.
    pub fn leave(&self) {
        self.leaving.cancel();
    }

    /// What is open comes to its end.
    pub fn drain(&self) {
        self.leaving.cancel();
        self.draining.cancel();
    }

    /// Whether the server is to get no new work.
    pub fn is_leaving(&self) -> bool {
        self.leaving.is_cancelled()
    }

    /// Resolves when everything that would go on for ever must end: due work, and answers that are streams.
    pub fn draining(&self) -> impl Future<Output = ()> + Send + use<> {
        self.draining.clone().cancelled_owned()
    }
}
