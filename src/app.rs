//! What every request and every command may use.

use std::{sync::Arc, time::Duration};

use tokio::sync::Notify;

use crate::{
    clock::Clock,
    config::Config,
    crypto::{Crypto, vault::Vault},
    database::{Database, Footprint, Retries},
    error::{Error, Result},
    idempotency::Claim,
    media::MediaStore,
    recent::Recent,
    telemetry::Telemetry,
};

/// The application. Clones share everything.
#[derive(Clone)]
pub struct App {
    /// The settings.
    pub config: Arc<Config>,
    /// The database.
    pub database: Database,
    /// The files.
    pub media: MediaStore,
    /// The time.
    pub clock: Clock,
    /// What is the same for all content of the site.
    pub site: Arc<Site>,
    /// What hashes passwords, seals secrets and signs tokens.
    pub crypto: Crypto,
    /// Which credentials stood a moment ago.
    pub recent: Recent,
    /// Wakes the runner of jobs.
    pub jobs: Arc<Notify>,
    /// What operators see.
    pub telemetry: Telemetry,
    /// The idempotency key of the operation that this is for, if it came with one: its first writing transaction takes it.
    pub claim: Option<Arc<Claim>>,
    /// What earlier attempts at the operation that this is for wanted to lock.
    pub footprint: Footprint,
}

/// What is the same for all content of the site.
#[derive(Clone, Debug)]
pub struct Site {
    /// The locales of the content, the default one first; at least one.
    pub locales: Vec<String>,
    /// What the addresses of files begin with.
    pub media_base: String,
    /// Under what name people know this server.
    pub name: String,
}

impl Site {
    /// The locale that others fall back to.
    pub fn default_locale(&self) -> &str {
        self.locales.first().map_or("en", String::as_str)
    }
}

impl App {
    /// Connects to what the settings name, brings the database up to date, and makes what is missing: a SQLite database, the
    /// secret key and the folders.
    pub async fn start(config: Config, clock: Clock) -> Result<Self> {
        let database = Database::start(&config).await?;
        database.migrate().await?;
        let media = MediaStore::open(&config.media_dir)?;
        let vault = Vault::open(&config, &database).await?;
        Self::with(config, clock, database, media, vault).await
    }

    /// Connects to the site that the settings name and brings its database up to date. Returns an error if there is no site;
    /// makes no database, key or folder. The media store is closed if there is no folder: a machine from which accounts are
    /// managed may have none.
    pub async fn open(config: Config, clock: Clock) -> Result<Self> {
        let database = Database::open(&config).await?;
        database.migrate().await?;
        let media = MediaStore::find(&config.media_dir)?.unwrap_or_else(MediaStore::absent);
        let vault = Vault::find(&config, &database).await;
        let vault = vault.and_then(|vault| {
            vault.ok_or_else(|| {
                Error::internal(format!(
                    "nothing has used the database at {} yet, so it has no secret key: start it once with `kindling serve`, or make \
                     the first account with `kindling account create`",
                    config.database_url
                ))
            })
        });
        let vault = match vault {
            Ok(vault) => vault,
            Err(error) => {
                // Otherwise SQLite leaves files beside its own.
                database.close().await;
                return Err(error);
            }
        };
        Self::with(config, clock, database, media, vault).await
    }

    async fn with(
        config: Config,
        clock: Clock,
        database: Database,
        media: MediaStore,
        vault: Vault,
    ) -> Result<Self> {
        let database = database.keeping(config.row_cache_bytes);
        let crypto = Crypto::open(&config, &database, vault, clock.now()).await?;
        let base = config.public_base().unwrap_or_default();
        let telemetry = Telemetry::open(&config)?;
        let site = Site {
            locales: config.locales.iter().map(ToString::to_string).collect(),
            media_base: format!("{base}/media/"),
            name: name(&config),
        };
        Ok(Self {
            config: Arc::new(config),
            database,
            media,
            clock,
            site: Arc::new(site),
            crypto,
            recent: Recent::default(),
            jobs: Arc::default(),
            telemetry,
            claim: None,
            footprint: Footprint::default(),
        })
    }

    /// The same application for one operation, whose attempts share a footprint.
    #[must_use]
    pub fn for_operation(&self) -> Self {
        Self {
            footprint: Footprint::default(),
            ..self.clone()
        }
    }

    /// The retries of a unit of work, within what a request may take.
    pub fn retries(&self) -> Retries {
        Retries::within(Duration::from_secs(self.config.request_timeout_seconds))
    }

    /// Runs work that begins a transaction of its own, and again where the database rolled that back in favour of others.
    pub async fn retrying<T, F: Future<Output = Result<T>>>(
        &self,
        mut work: impl FnMut() -> F,
    ) -> Result<T> {
        let mut retries = self.retries();
        loop {
            match work().await {
                Err(error) if error.is_contention() && retries.pause(self.clock.random()).await => {
                    tracing::debug!(%error, "a transaction was rolled back and is run again");
                }
                result => return result,
            }
        }
    }
}

/// The host of the public address, or else of the program.
fn name(config: &Config) -> String {
    let host = config.public_url.as_ref().and_then(|url| url.host_str());
    host.unwrap_or("Kindling").to_owned()
}
