//! The signing keys: in the database, where all instances find them, and in the process, so that none is read twice.

use std::sync::{Arc, PoisonError, RwLock};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use entity::{Instant, signing_key};
use sea_orm::{ActiveValue::Set, EntityTrait, QueryOrder};

use super::{
    Secret,
    jwt::{self, Claims, Key},
};
use crate::{
    database::Database,
    error::{Error, Result},
    id,
};

/// The keys of a database. Clones share what they know.
#[derive(Clone, Debug)]
pub struct Keys {
    database: Database,
    known: Arc<RwLock<Arc<[Key]>>>,
}

impl Keys {
    /// The keys of this database, none of them known yet.
    pub fn of(database: &Database) -> Self {
        Self {
            database: database.clone(),
            known: Arc::new(RwLock::new(Arc::new([]))),
        }
    }

    /// Makes the first key if there is none. Two instances that do so at once both end up with both keys.
    pub async fn prepare(&self, now: Instant) -> Result<()> {
        if self.load().await?.is_empty() {
            let tx = self.database.begin().await?;
            let key = signing_key::ActiveModel {
                id: Set(id::new().simple().to_string()),
                private_key: Set(Secret::new(URL_SAFE_NO_PAD.encode(id::bytes::<32>()?))),
                created_at: Set(now),
            };
            signing_key::Entity::insert(key)
                .exec_without_returning(&tx)
                .await?;
            tx.commit().await?;
            self.load().await?;
        }
        Ok(())
    }

    /// A token that says this, signed with the oldest key.
    pub fn sign(&self, claims: &Claims) -> Result<Secret> {
        let known = self.known();
        let key = known.first();
        key.ok_or_else(|| Error::internal("there is no signing key"))?
            .sign(claims)
    }

    /// What a token says; nothing if it is none of ours, or not valid any more.
    pub async fn verify(&self, token: &Secret, now: Instant) -> Result<Option<Claims>> {
        let Some(id) = jwt::key_id(token) else {
            return Ok(None);
        };
        let named = |keys: &[Key]| keys.iter().find(|key| key.id() == id).cloned();
        let key = match named(&self.known()) {
            Some(key) => Some(key),
            // Another instance may have made it since.
            None => named(&self.load().await?),
        };
        Ok(key.and_then(|key| key.verify(token, now)))
    }

    fn known(&self) -> Arc<[Key]> {
        Arc::clone(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    async fn load(&self) -> Result<Arc<[Key]>> {
        let select = signing_key::Entity::find()
            .order_by_asc(signing_key::Column::CreatedAt)
            .order_by_asc(signing_key::Column::Id);
        let rows = self.database.rows(select).await?;
        let keys: Result<Vec<Key>> = rows
            .into_iter()
            .map(|row| Key::new(row.id, &row.private_key))
            .collect();
        let keys: Arc<[Key]> = keys?.into();
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&keys);
        Ok(keys)
    }
}
