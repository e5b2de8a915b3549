//! Databases that are there already, for commands that must not make one.

use std::{fs, time::Duration};

use migration::Migrator;
use sea_orm::EntityName;
use sea_orm_migration::{MigratorTrait, SchemaManager, seaql_migrations};

use super::{Database, sqlite_options};
use crate::{
    config::{Config, DatabaseUrl, Engine},
    error::{Error, Result},
};

impl Database {
    /// Connects to the database that the settings name. Returns an error if it does not exist or has no tables of Kindling; makes
    /// nothing in either case.
    pub async fn open(config: &Config) -> Result<Self> {
        let database = Self::reach(config).await?;
        match database.has_tables().await {
            Ok(true) => Ok(database),
            refused => {
                database.close().await;
                let url = &config.database_url;
                Err(refused.map_or_else(
                    |error| error,
                    |_| missing(url, "it has no tables of Kindling"),
                ))
            }
        }
    }

    /// The same for a database that may be empty.
    pub async fn reach(config: &Config) -> Result<Self> {
        let (url, readers) = (&config.database_url, config.database_readers);
        match url.engine() {
            Engine::Sqlite => {
                let options = sqlite_options(url.expose())?;
                let file = fs::metadata(options.get_filename());
                if file.is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound) {
                    return Err(missing(url, "there is no such file"));
                }
                Self::sqlite(options, readers).await
            }
            Engine::Postgres => Self::postgres(url.expose(), readers, Duration::ZERO).await,
        }
    }

    /// Whether a migration of this program has run. Another program may keep a table of migrations with the same name.
    pub async fn has_tables(&self) -> Result<bool> {
        let manager = SchemaManager::new(&self.writer);
        if !manager
            .has_table(seaql_migrations::Entity.table_name())
            .await?
        {
            return Ok(false);
        }
        Ok(self.migrated().await?.pending < Migrator::migrations().len())
    }
}

/// The error where there is no database, with what to do.
fn missing(url: &DatabaseUrl, why: &str) -> Error {
    Error::internal(format!(
        "no database at {url}: {why}; set data_dir or database_url to that of your site, or make a new site with `kindling serve`"
    ))
}
