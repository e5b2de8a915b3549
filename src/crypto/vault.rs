//! Secrets that must be read again, such as the private keys of tokens, sealed with a key that lies outside of the database.

use std::{
    fmt,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    sync::Arc,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use entity::vault;
use sea_orm::{ActiveValue::Set, EntityTrait, sea_query::OnConflict};

use super::Secret;
use crate::{
    config::Config,
    database::Database,
    error::{Error, Result},
    folder, id,
};

/// The file in the data directory that holds the key, if no setting does.
pub const KEY_FILE: &str = "secret.key";
const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;
/// What is sealed to tell the right key by.
const SAMPLE: &str = "kindling";

/// Seals and opens (XChaCha20-Poly1305). Clones share the key.
#[derive(Clone)]
pub struct Vault(Arc<XChaCha20Poly1305>);

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault(…)")
    }
}

impl Vault {
    /// Takes the key from the setting or from its file, which is made for a new database. Fails if the database was sealed
    /// with another one.
    pub async fn open(config: &Config, database: &Database) -> Result<Self> {
        if let Some(vault) = Self::find(config, database).await? {
            return Ok(vault);
        }
        let key = match &config.secret_key {
            Some(key) => key.clone(),
            None => made_key(&config.data_dir)?,
        };
        let vault = Self::of(&key, config)?;
        let row = vault::ActiveModel {
            id: Set(1),
            sample: Set(vault.seal("vault", &Secret::new(SAMPLE))?),
        };
        let tx = database.begin().await?;
        vault::Entity::insert(row)
            .on_conflict(OnConflict::new().do_nothing().to_owned())
            .exec_without_returning(&tx)
            .await?;
        tx.commit().await?;
        // Another instance may have been the first, with another key.
        let row: Option<vault::Model> = database.row(vault::Entity::find_by_id(1)).await?;
        let row = row.ok_or_else(|| Error::internal("the vault has no row"))?;
        vault.matching(&row, config)
    }

    /// Takes the key that the database was sealed with; none if it was never sealed. Makes nothing.
    pub async fn find(config: &Config, database: &Database) -> Result<Option<Self>> {
        let sample = database.row(vault::Entity::find_by_id(1)).await?;
        let sample: Option<vault::Model> = sample;
        let Some(row) = sample else {
            return Ok(None);
        };
        let key = match &config.secret_key {
            Some(key) => key.clone(),
            None => key_of_file(&config.data_dir)?.ok_or_else(|| lost(config))?,
        };
        Self::of(&key, config)?.matching(&row, config).map(Some)
    }

    fn of(key: &Secret, config: &Config) -> Result<Self> {
        let vault = Self::with(key);
        vault.map_err(|_| {
            Error::internal(format!(
                "{} is damaged; put back what it was",
                place(config)
            ))
        })
    }

    fn with(key: &Secret) -> Result<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(key.expose()).ok();
        let bytes = bytes.filter(|bytes| bytes.len() == KEY_BYTES);
        let bytes = bytes.ok_or_else(|| Error::internal("the secret key is damaged"))?;
        let cipher = XChaCha20Poly1305::new_from_slice(&bytes).map_err(Error::internal)?;
        Ok(Self(Arc::new(cipher)))
    }

    fn matching(self, row: &vault::Model, config: &Config) -> Result<Self> {
        match self.open_sealed("vault", &row.sample) {
            Ok(_) => Ok(self),
            Err(_) => Err(Error::internal(format!(
                "{} is not the one that this database was sealed with: put back {KEY_FILE}, or set secret_key to what it was",
                place(config)
            ))),
        }
    }

    /// Seals a secret for one place, such as `totp:<account>`; nowhere else can it be opened.
    pub fn seal(&self, place: &str, secret: &Secret) -> Result<String> {
        let nonce = id::bytes::<NONCE_BYTES>()?;
        let payload = Payload {
            msg: secret.expose().as_bytes(),
            aad: place.as_bytes(),
        };
        let sealed = self.0.encrypt(&XNonce::from(nonce), payload);
        let sealed = sealed.map_err(|_| Error::internal("a secret could not be sealed"))?;
        Ok(URL_SAFE_NO_PAD.encode([&nonce[..], &sealed].concat()))
    }

    /// Opens what was sealed for this place.
    pub fn open_sealed(&self, place: &str, sealed: &str) -> Result<Secret> {
        let damaged = || Error::internal("a sealed secret is damaged, or belongs elsewhere");
        let bytes = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| damaged())?;
        let (nonce, message) = bytes.split_at_checked(NONCE_BYTES).ok_or_else(damaged)?;
        let payload = Payload {
            msg: message,
            aad: place.as_bytes(),
        };
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().map_err(Error::internal)?;
        let opened = self.0.decrypt(&XNonce::from(nonce), payload);
        let text = String::from_utf8(opened.map_err(|_| damaged())?).map_err(|_| damaged())?;
        Ok(Secret::new(text))
    }
}

/// Where the settings have the key, for messages.
fn place(config: &Config) -> String {
    match config.secret_key {
        Some(_) => "the secret key in the setting secret_key".to_owned(),
        None => format!(
            "the secret key in {}",
            config.data_dir.join(KEY_FILE).display()
        ),
    }
}

/// The error of a key without which nothing in the database can be opened.
fn lost(config: &Config) -> Error {
    Error::internal(format!(
        "the secret key of this database is missing: there is no file {}; put it back, or set secret_key to what stands in it",
        config.data_dir.join(KEY_FILE).display()
    ))
}

/// The key in the file, if there is one.
fn key_of_file(folder: &Path) -> Result<Option<Secret>> {
    let path = folder.join(KEY_FILE);
    match fs::read_to_string(&path) {
        Ok(key) => Ok(Some(Secret::new(key.trim()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::internal(format!(
            "the secret key {} cannot be read: {error}; let this program read it, or set secret_key",
            path.display()
        ))),
    }
}

/// The key in the file, which is made if it is missing.
fn made_key(folder: &Path) -> Result<Secret> {
    if let Some(key) = key_of_file(folder)? {
        return Ok(key);
    }
    folder::make(folder, "data_dir")?;
    let path = folder.join(KEY_FILE);
    make(folder, &path).map_err(|error| {
        Error::internal(format!(
            "cannot make the secret key {}: {error}; set data_dir to a folder that this program may write to, or set secret_key",
            path.display()
        ))
    })?;
    let key = key_of_file(folder)?;
    key.ok_or_else(|| Error::internal(format!("the file {} comes and goes", path.display())))
}

/// Makes the file, whole or not at all; whoever makes it first has made it for all.
fn make(folder: &Path, path: &Path) -> io::Result<()> {
    let bytes = id::bytes::<KEY_BYTES>().map_err(io::Error::other)?;
    let draft = folder.join(format!("{KEY_FILE}.{}", id::new().simple()));
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)?;
    writeln!(file, "{}", URL_SAFE_NO_PAD.encode(bytes))?;
    file.sync_all()?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => File::open(folder)?.sync_all(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Secret, URL_SAFE_NO_PAD, Vault};
    use base64::Engine;

    #[test]
    fn a_secret_opens_in_its_place_and_with_its_key_only() {
        let vault = |byte: u8| {
            let key = Secret::new(URL_SAFE_NO_PAD.encode([byte; 32]));
            Vault::with(&key).expect("a vault")
        };
        let sealed = vault(1).seal("here", &Secret::new("said"));
        let sealed = sealed.expect("a sealed secret");
        assert!(!sealed.contains("said"));
        let opened = |byte, place, sealed: &str| vault(byte).open_sealed(place, sealed).ok();
        assert_eq!(opened(1, "here", &sealed), Some(Secret::new("said")));
        assert_eq!(opened(1, "there", &sealed), None);
        assert_eq!(opened(2, "here", &sealed), None);
        assert_eq!(opened(1, "here", &sealed[1..]), None);
        assert_eq!(opened(1, "here", ""), None);
    }
}
