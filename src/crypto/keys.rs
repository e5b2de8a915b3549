//! The signing keys: in the database, sealed, where all instances find them, and in the process for a moment.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use entity::{Instant, signing_key};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, Condition, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder,
    prelude::Expr,
};

use super::{
    Secret,
    jwt::{self, Claims, Key},
    preview_jwt::{self, PreviewClaims},
    vault::Vault,
};
use crate::{
    clock::SKEW,
    database::Database,
    error::{Error, Result},
    id,
};

/// How long a process goes by the keys that it has read: what is taken back must be gone everywhere within a second.
const KNOWN_FOR: time::Duration = time::Duration::from_millis(500);
/// How long a new key is shown before it signs, so that whoever verifies tokens by themselves has read it by then.
pub const SHOWN_BEFORE: TimeDelta = TimeDelta::minutes(10);
/// How long a key verifies after its successor has begun to sign: longer than any token lives.
const VERIFIES_AFTER: TimeDelta = TimeDelta::minutes(24 * 60 + 1);

/// The keys of a database. Clones share what they know.
#[derive(Clone, Debug)]
pub struct Keys {
    database: Database,
    vault: Vault,
    known: Arc<RwLock<Known>>,
}

/// The keys, as they were read a moment ago.
#[derive(Clone, Debug)]
struct Known {
    keys: Arc<[Kept]>,
    read_at: time::Instant,
}

/// A key, and from when to when it is used.
#[derive(Clone, Debug)]
struct Kept {
    key: Key,
    active_at: Instant,
    retires_at: Option<Instant>,
}

impl Kept {
    fn holds(&self, now: Instant) -> bool {
        self.retires_at.is_none_or(|retires_at| retires_at > now)
    }
}

impl Keys {
    /// The keys of this database; makes the first one if there is none. Two instances that do so at once both end up with
    /// both keys.
    pub async fn open(database: &Database, vault: &Vault, now: Instant) -> Result<Self> {
        let none = Known {
            keys: Arc::new([]),
            read_at: time::Instant::now(),
        };
        let keys = Self {
            database: database.clone(),
            vault: vault.clone(),
            known: Arc::new(RwLock::new(none)),
        };
        if keys.load().await?.is_empty() {
            let tx = database.begin().await?;
            keys.insert(&tx, now, now).await?;
            tx.commit().await?;
            keys.load().await?;
        }
        Ok(keys)
    }

    /// Makes a new key, which takes over once everybody can know it, and returns when that is. With `at_once`, for keys that
    /// others may have, it takes over now, and nothing that was signed before holds any more.
    pub async fn rotate(
        &self,
        tx: &DatabaseTransaction,
        now: Instant,
        at_once: bool,
    ) -> Result<Instant> {
        activate_those_ahead(tx, now).await?;
        let active_at = if at_once { now } else { now + SHOWN_BEFORE };
        let retires_at = if at_once {
            now
        } else {
            active_at + VERIFIES_AFTER
        };
        let goes_later = Condition::any()
            .add(signing_key::Column::RetiresAt.is_null())
            .add(signing_key::Column::RetiresAt.gt(retires_at));
        signing_key::Entity::update_many()
            .col_expr(signing_key::Column::RetiresAt, Expr::value(retires_at))
            .filter(goes_later)
            .exec(tx)
            .await?;
        signing_key::Entity::delete_many()
            .filter(signing_key::Column::RetiresAt.lte(now))
            .exec(tx)
            .await?;
        self.insert(tx, now, active_at).await?;
        Ok(active_at)
    }

    /// A token that says this, signed with the key whose turn it is. The database is asked which one that is.
    pub async fn sign(&self, claims: &Claims, now: Instant) -> Result<Secret> {
        self.signing(now).await?.sign(claims)
    }

    /// The same for a preview token.
    pub async fn sign_preview(&self, claims: &PreviewClaims, now: Instant) -> Result<Secret> {
        claims.sign(&self.signing(now).await?)
    }

    /// What a token says; nothing if it is none of ours, or not valid any more.
    pub async fn verify(&self, token: &Secret, now: Instant) -> Result<Option<Claims>> {
        let key = self.verifying(token, jwt::KIND, now).await?;
        Ok(key.and_then(|key| key.verify(token, now)))
    }

    /// What a preview token says; nothing if it is none of ours, or not valid any more.
    pub async fn verify_preview(
        &self,
        token: &Secret,
        now: Instant,
    ) -> Result<Option<PreviewClaims>> {
        let key = self.verifying(token, preview_jwt::KIND, now).await?;
        Ok(key.and_then(|key| PreviewClaims::verify(&key, token, now)))
    }

    /// The key whose turn it is to sign.
    async fn signing(&self, now: Instant) -> Result<Key> {
        let keys = self.load().await?;
        let signs = |kept: &&Kept| kept.active_at <= now && kept.holds(now);
        // If the turn of none has come, a clock that was ahead has made them.
        let kept = keys
            .iter()
            .rfind(signs)
            .or_else(|| keys.iter().find(|kept| kept.holds(now)));
        let kept = kept.ok_or_else(|| Error::internal("there is no signing key"))?;
        Ok(kept.key.clone())
    }

    /// The key that a token of this kind names, if it still verifies.
    async fn verifying(&self, token: &Secret, kind: &str, now: Instant) -> Result<Option<Key>> {
        let Some(id) = jwt::key_id(token, kind) else {
            return Ok(None);
        };
        let named = |keys: &[Kept]| keys.iter().find(|kept| kept.key.id() == id).cloned();
        let kept = match self.known().and_then(|keys| named(&keys)) {
            Some(kept) => Some(kept),
            // Another instance may have made it since.
            None => named(&self.load().await?),
        };
        let kept = kept.filter(|kept| kept.holds(now));
        Ok(kept.map(|kept| kept.key))
    }

    /// The public keys, for those who verify tokens by themselves: a JSON Web Key Set (RFC 7517), with those that are yet to
    /// sign.
    pub async fn public(&self, now: Instant) -> Result<serde_json::Value> {
        let keys = self.load().await?;
        let keys = keys.iter().filter(|kept| kept.holds(now));
        let keys: Vec<_> = keys.map(|kept| kept.key.public()).collect();
        Ok(serde_json::json!({ "keys": keys }))
    }

    /// Forgets keys of which nothing holds any more; returns how many. What a clock that was ahead has made of the others is put
    /// right.
    pub async fn purge(&self, now: Instant) -> Result<u64> {
        let tx = self.database.begin().await?;
        activate_those_ahead(&tx, now).await?;
        let latest = now + SHOWN_BEFORE + VERIFIES_AFTER;
        signing_key::Entity::update_many()
            .col_expr(signing_key::Column::RetiresAt, Expr::value(latest))
            .filter(signing_key::Column::RetiresAt.gt(latest + SKEW))
            .exec(&tx)
            .await?;
        let purged = signing_key::Entity::delete_many()
            .filter(signing_key::Column::RetiresAt.lte(now))
            .exec(&tx)
            .await?;
        tx.commit().await?;
        Ok(purged.rows_affected)
    }

    async fn insert(
        &self,
        tx: &DatabaseTransaction,
        now: Instant,
        active_at: Instant,
    ) -> Result<()> {
        let id = id::new().simple().to_string();
        let private_key = Secret::new(URL_SAFE_NO_PAD.encode(id::bytes::<32>()?));
        let row = signing_key::ActiveModel {
            private_key: Set(self.vault.seal(&place(&id), &private_key)?),
            id: Set(id),
            created_at: Set(now),
            active_at: Set(active_at),
            retires_at: NotSet,
        };
        signing_key::Entity::insert(row)
            .exec_without_returning(tx)
            .await?;
        Ok(())
    }

    /// The keys, if they were read a moment ago.
    fn known(&self) -> Option<Arc<[Kept]>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        (known.read_at.elapsed() < KNOWN_FOR).then(|| Arc::clone(&known.keys))
    }

    async fn load(&self) -> Result<Arc<[Kept]>> {
        let read_at = time::Instant::now();
        let select = signing_key::Entity::find()
            .order_by_asc(signing_key::Column::ActiveAt)
            .order_by_asc(signing_key::Column::Id);
        let rows = self.database.rows(select).await?;
        let kept = |row: signing_key::Model| {
            let private_key = self.vault.open_sealed(&place(&row.id), &row.private_key)?;
            Ok(Kept {
                key: Key::new(row.id, &private_key)?,
                active_at: row.active_at,
                retires_at: row.retires_at,
            })
        };
        let keys: Result<Vec<Kept>> = rows.into_iter().map(kept).collect();
        let keys: Arc<[Kept]> = keys?.into();
        let known = Known {
            keys: Arc::clone(&keys),
            read_at,
        };
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = known;
        Ok(keys)
    }
}

/// Lets keys sign at once whose turn would come later than that of any new one: a clock that was ahead has made them.
async fn activate_those_ahead(tx: &DatabaseTransaction, now: Instant) -> Result<()> {
    signing_key::Entity::update_many()
        .col_expr(signing_key::Column::ActiveAt, Expr::value(now))
        .filter(signing_key::Column::ActiveAt.gt(now + SHOWN_BEFORE + SKEW))
        .exec(tx)
        .await?;
    Ok(())
}

/// Where a private key is sealed for.
fn place(id: &str) -> String {
    format!("signing_key:{id}")
}
