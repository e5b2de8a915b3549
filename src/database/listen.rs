//! Notifications of other instances on PostgreSQL. They only wake: whoever is woken reads the database, and polls it in any case.

use std::{future::pending, time::Duration};

use sea_orm::sqlx::{
    self,
    postgres::{PgConnectOptions, PgListener, PgPoolOptions},
};
use tokio::time::sleep;

use super::Database;

/// The channel on which the triggers of the database notify.
const CHANNEL: &str = "kindling";
/// How long to wait before the database is listened to again: it may be away, or a standby, which lets nobody listen.
const PAUSE: Duration = Duration::from_secs(10);

/// What has happened in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notification {
    /// The content log has moved.
    Log,
    /// A job was enqueued.
    Job,
    /// Anything may have happened: the connection is new.
    Any,
}

impl Database {
    /// Reports notifications of all instances for as long as it is polled. On SQLite, and behind a pooler, there are none.
    pub async fn listen(&self, mut report: impl FnMut(Notification)) {
        let Some(options) = &self.listener else {
            return pending().await;
        };
        loop {
            if let Err(error) = listen(options, &mut report).await {
                tracing::debug!(%error, "the database cannot be listened to; it is polled");
            }
            sleep(PAUSE).await;
        }
    }
}

async fn listen(
    options: &PgConnectOptions,
    report: &mut impl FnMut(Notification),
) -> sqlx::Result<()> {
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .connect_lazy_with(options.clone());
    let mut listener = PgListener::connect_with(&pool).await?;
    listener.listen(CHANNEL).await?;
    report(Notification::Any);
    // None once the connection is lost.
    while let Some(notification) = listener.try_recv().await? {
        report(match notification.payload() {
            "event_counter" => Notification::Log,
            "job" => Notification::Job,
            _ => Notification::Any,
        });
    }
    Ok(())
}
