//! Passwords: hashed with Argon2id, a few at a time and beside the threads that answer requests.

use std::sync::Arc;

use argon2::{
    Params,
    password_hash::{self, CustomizedPasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use tokio::{sync::Semaphore, task::spawn_blocking};

use super::{Secret, hasher::Hasher, strength};
use crate::{
    error::{Error, Result},
    id,
};

/// The fewest and the most characters of a password.
pub const LENGTH: std::ops::RangeInclusive<usize> = 12..=1_024;

/// How many passwords are hashed at once, at most: each takes a core for tens of milliseconds, and 19 MiB.
const MOST_AT_ONCE: usize = 2;

/// The salt and the hash that no password has.
const NOBODYS: &str = "AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Hashes passwords, and verifies them, a few at a time. Clones share the limit.
#[derive(Clone, Debug)]
pub struct Passwords {
    turns: Arc<Semaphore>,
    params: Params,
    /// What a hash begins with, up to its salt.
    parameters: Arc<str>,
}

/// Whether the password is neither too short nor too long. Nothing else is hashed.
pub fn has_right_length(password: &Secret) -> bool {
    // A character has at most four bytes, so that most of what is too long is told without reading it.
    password.expose().len() <= 4 * LENGTH.end()
        && LENGTH.contains(&password.expose().chars().count())
}

impl Passwords {
    /// Hashes with Argon2id with this much memory, in KiB, and this many passes, on one lane.
    pub fn new(memory_kib: u32, passes: u32) -> Result<Self> {
        // Half of the cores stay with those who read, however many sign in.
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let at_once = (cores / 2).clamp(1, MOST_AT_ONCE);
        let params = Params::new(memory_kib, passes, 1, None).map_err(Error::internal)?;
        Ok(Self {
            turns: Arc::new(Semaphore::new(at_once)),
            params,
            parameters: format!("$argon2id$v=19$m={memory_kib},t={passes},p=1$").into(),
        })
    }

    /// Whether the hash was made with other settings than those of now, so that it should be made anew.
    pub fn is_outdated(&self, hash: &Secret) -> bool {
        !hash.expose().starts_with(&*self.parameters)
    }

    /// The hash of a password, in the PHC string format, with a salt of its own.
    pub async fn hash(&self, password: Secret) -> Result<Secret> {
        let salt = id::bytes::<16>()?;
        let params = self.params.clone();
        let hash = self
            .run(move || {
                let password = password.expose().as_bytes();
                Hasher.hash_password_with_params(password, &salt, params)
            })
            .await?;
        Ok(Secret::new(hash.map_err(Error::internal)?.to_string()))
    }

    /// Whether the password has this hash. Without a hash it takes as long, and is not.
    pub async fn verify(&self, password: Secret, hash: Option<Secret>) -> Result<bool> {
        // A hash that no password has, of the same parameters: verifying against it takes as long as against a real one.
        let hash = hash.unwrap_or_else(|| Secret::new(format!("{}{NOBODYS}", self.parameters)));
        self.run(move || {
            let hash = PasswordHash::new(hash.expose()).map_err(Error::internal)?;
            match Hasher.verify_password(password.expose().as_bytes(), &hash) {
                Ok(()) => Ok(true),
                Err(password_hash::Error::PasswordInvalid) => Ok(false),
                Err(error) => Err(Error::internal(error)),
            }
        })
        .await?
    }

    /// Why somebody who knows these words would guess the password; nothing if they would not.
    pub async fn weakness(&self, password: Secret, words: Vec<String>) -> Result<Option<String>> {
        self.run(move || strength::weakness(password.expose(), &words))
            .await
    }

    /// Runs the work once it is its turn. The permit goes with the work, which goes on if nobody waits for it any more.
    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let permit = Arc::clone(&self.turns).acquire_owned().await;
        let permit = permit.map_err(Error::internal)?;
        let work = spawn_blocking(move || {
            let result = work();
            drop(permit);
            result
        });
        work.await.map_err(Error::internal)
    }
}

#[cfg(test)]
mod tests {
    use super::{Passwords, Secret, has_right_length};

    const PARAMETERS: &str = "$argon2id$v=19$m=19456,t=2,p=1$";

    #[tokio::test]
    async fn a_password_has_its_own_hash_and_no_other() {
        let passwords = Passwords::new(19_456, 2).expect("parameters");
        let password = Secret::new("correct horse battery");
        let hash = passwords.hash(password.clone()).await.expect("a hash");
        assert!(hash.expose().starts_with(PARAMETERS), "{}", hash.expose());
        let others = Passwords::new(8_192, 3).expect("parameters");
        assert!(!passwords.is_outdated(&hash) && others.is_outdated(&hash));
        let verified = others.verify(password.clone(), Some(hash.clone())).await;
        assert!(
            verified.expect("an answer"),
            "a hash brings its own parameters"
        );
        assert_ne!(
            passwords.hash(password.clone()).await.expect("another"),
            hash
        );
        let verified = passwords.verify(password.clone(), Some(hash.clone())).await;
        assert!(verified.expect("an answer"));
        let other = Secret::new("correct horse batterx");
        assert!(
            !passwords
                .verify(other, Some(hash))
                .await
                .expect("an answer")
        );
        assert!(!passwords.verify(password, None).await.expect("an answer"));
    }

    #[test]
    fn length_counts_characters() {
        for (text, right) in [
            ("a".repeat(11), false),
            ("a".repeat(12), true),
            ("🔑".repeat(11), false),
            ("🔑".repeat(1_024), true),
            ("a".repeat(1_024), true),
            ("a".repeat(1_025), false),
            ("a".repeat(100_000), false),
        ] {
            assert_eq!(has_right_length(&Secret::new(text)), right);
        }
    }
}
