//! `kindling migrate`: brings the database up to date, and stops.

use super::tell;
use crate::{config::Config, database::Database, error::Result};

pub(super) async fn run(config: Config) -> Result<()> {
    let database = Database::connect(config.database_url.expose(), config.database_readers).await?;
    let pending = database.pending_migrations().await?;
    database.migrate().await?;
    database.close().await;
    tell(&format!(
        "{} is up to date; {pending} migrations have run",
        config.database_url
    ))
}
