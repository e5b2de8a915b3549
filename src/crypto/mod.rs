//! Passwords, keys and tokens as numbers: hashing, sealing, signing, and what nobody can guess. It knows no account and no
//! request.

mod hasher;
pub mod jwt;
pub mod keys;
pub mod machine_token;
pub mod password;
pub mod preview_jwt;
pub mod recovery_code;
mod strength;
pub mod token;
pub mod totp;
pub mod vault;

use entity::Instant;
pub use entity::secret::Secret;

use self::{keys::Keys, password::Passwords, vault::Vault};
use crate::{config::Config, database::Database, error::Result};

/// Everything that works with secrets. Clones share it.
#[derive(Clone, Debug)]
pub struct Crypto {
    /// What hashes passwords.
    pub passwords: Passwords,
    /// What seals secrets that must be read again.
    pub vault: Vault,
    /// What signs and verifies access tokens.
    pub keys: Keys,
}

impl Crypto {
    /// What works with this vault, which is that of the database. Makes a key to sign with if there is none.
    pub async fn open(
        config: &Config,
        database: &Database,
        vault: Vault,
        now: Instant,
    ) -> Result<Self> {
        let keys = Keys::open(database, &vault, now).await?;
        let passwords = Passwords::new(config.password_memory_kib, config.password_passes)?;
        Ok(Self {
            passwords,
            vault,
            keys,
        })
    }
}
