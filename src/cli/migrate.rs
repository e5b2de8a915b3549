//! `kindling migrate`: brings the database up to date, and stops.

use super::tell;
use crate::{config::Config, database::Database, error::Result};

pub(super) async fn run(config: Config) -> Result<()> {
    let database = Database::start(&config).await?;
    let migrated = database.migrate().await;
    database.close().await;
    tell(&format!(
        "{} is up to date; {} migrations have run",
        config.database_url, migrated?
    ))
}
