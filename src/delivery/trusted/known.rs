//! What a running server knows of trusted documents. Whoever publishes or removes some is another process.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use entity::{trusted_document, trusted_document_counter};
use moka::sync::Cache;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect, prelude::Uuid};
use tokio::time::Instant;

use crate::{
    database::Database,
    error::{Error, Result},
    telemetry::metrics::cache::{CacheMeter, CacheState},
};

/// How long a server may not notice that documents were published or removed.
const FRESH: Duration = Duration::from_millis(500);

/// The texts of trusted documents by their ids and digests, and which of these name none; bounded by the memory that they
/// take.
pub(in crate::delivery) struct Known {
    database: Database,
    texts: Cache<String, Text>,
    meter: CacheMeter,
    state: Mutex<Option<State>>,
}

/// Which version of the documents was the newest, and when that was looked at.
#[derive(Clone, Copy)]
struct State {
    version: Uuid,
    at: Instant,
}

/// The text that a key names, if it names one, in a version of the documents.
#[derive(Clone)]
struct Text {
    text: Option<Arc<str>>,
    version: Uuid,
}

impl Known {
    /// Keeps at most so many bytes of them.
    pub(in crate::delivery) fn new(database: Database, most_bytes: usize) -> Self {
        const OVERHEAD: usize = 200;
        let weight = |key: &String, known: &Text| {
            let bytes = OVERHEAD + key.len() + known.text.as_ref().map_or(0, |text| text.len());
            u32::try_from(bytes).unwrap_or(u32::MAX)
        };
        let meter = CacheMeter::default();
        let texts = Cache::builder()
            .max_capacity(most_bytes as u64)
            .weigher(weight)
            .eviction_listener(meter.evictions());
        Self {
            database,
            texts: texts.build(),
            meter,
            state: Mutex::default(),
        }
    }

    /// How full it is, and how often it helped.
    pub(in crate::delivery) fn state(&self) -> CacheState {
        CacheState::of("trusted_documents", &self.texts, &self.meter)
    }

    /// The text of the document with this id, or with this SHA-256 in hexadecimal digits.
    pub(in crate::delivery) async fn text(&self, key: &str) -> Result<Option<Arc<str>>> {
        let version = self.version().await?;
        let known = self.texts.get(key);
        let known = known.filter(|known| known.version == version);
        self.meter.looked(known.is_some());
        if let Some(known) = known {
            return Ok(known.text);
        }
        let named = Condition::any()
            .add(trusted_document::Column::Id.eq(key))
            .add(trusted_document::Column::Digest.eq(key));
        let select = trusted_document::Entity::find().filter(named).limit(1);
        let found = self.database.rows(select).await?.pop();
        let text = found.map(|row| Arc::from(row.text));
        let known = Text {
            text: Option::clone(&text),
            version,
        };
        self.texts.insert(key.to_owned(), known);
        Ok(text)
    }

    /// The version of the documents, as of a moment ago. While the database is away, what was known goes on being true.
    async fn version(&self) -> Result<Uuid> {
        let known = *self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(state) = known.filter(|state| state.at.elapsed() < FRESH) {
            return Ok(state.version);
        }
        let at = Instant::now();
        let counter = self
            .database
            .rows(trusted_document_counter::Entity::find())
            .await;
        let version = match (counter, known) {
            (Ok(rows), _) => rows.first().map(|row| row.version),
            (Err(Error::Unavailable(_)), Some(known)) => Some(known.version),
            (Err(error), _) => return Err(error),
        };
        let version =
            version.ok_or_else(|| Error::internal("trusted documents have no counter"))?;
        let state = State { version, at };
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = Some(state);
        Ok(version)
    }
}
