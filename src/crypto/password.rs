//! Passwords: hashed with Argon2id, a few at a time and beside the threads that answer requests.

use std::sync::Arc;

use argon2::{Argon2, PasswordHash, PasswordHasher, PasswordVerifier, password_hash};
use tokio::{sync::Semaphore, task::spawn_blocking};

use super::Secret;
use crate::{
    error::{Error, Result},
    id,
};

/// The fewest and the most characters of a password.
pub const LENGTH: std::ops::RangeInclusive<usize> = 12..=1_024;

/// How many passwords are hashed at once, at most: each takes a core for tens of milliseconds, and 19 MiB.
const MOST_AT_ONCE: usize = 2;

/// A hash that no password has, made with the same parameters: verifying against it takes as long as against a real one.
const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Hashes passwords, and verifies them, a few at a time. Clones share the limit.
#[derive(Clone, Debug)]
pub struct Passwords(Arc<Semaphore>);

impl Default for Passwords {
    fn default() -> Self {
        // Half of the cores stay with those who read, however many sign in.
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let at_once = (cores / 2).clamp(1, MOST_AT_ONCE);
        Self(Arc::new(Semaphore::new(at_once)))
    }
}

/// Whether the password is neither too short nor too long. Nothing else is hashed.
pub fn has_right_length(password: &Secret) -> bool {
    // A character has at most four bytes, so that most of what is too long is told without reading it.
    password.expose().len() <= 4 * LENGTH.end()
        && LENGTH.contains(&password.expose().chars().count())
}

impl Passwords {
    /// The hash of a password, in the PHC string format, with a salt of its own.
    pub async fn hash(&self, password: Secret) -> Result<Secret> {
        let salt = id::bytes::<16>()?;
        let hash = self
            .run(move |argon2| argon2.hash_password_with_salt(password.expose().as_bytes(), &salt))
            .await?;
        Ok(Secret::new(hash.map_err(Error::internal)?.to_string()))
    }

    /// Whether the password has this hash. Without a hash it takes as long, and is not.
    pub async fn verify(&self, password: Secret, hash: Option<Secret>) -> Result<bool> {
        self.run(move |argon2| {
            let hash = hash.as_ref().map_or(NOBODYS, Secret::expose);
            let hash = PasswordHash::new(hash).map_err(Error::internal)?;
            match argon2.verify_password(password.expose().as_bytes(), &hash) {
                Ok(()) => Ok(true),
                Err(password_hash::Error::PasswordInvalid) => Ok(false),
                Err(error) => Err(Error::internal(error)),
            }
        })
        .await?
    }

    /// Runs the work once it is its turn. The permit goes with the work, which goes on if nobody waits for it any more.
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(Argon2<'static>) -> T + Send + 'static,
    ) -> Result<T> {
        let permit = Arc::clone(&self.0).acquire_owned().await;
        let permit = permit.map_err(Error::internal)?;
        let work = spawn_blocking(move || {
            // Argon2id with 19 MiB, two passes and one lane: the crate's defaults, which OWASP recommends. A test holds it.
            let result = work(Argon2::default());
            drop(permit);
            result
        });
        work.await.map_err(Error::internal)
    }
}

#[cfg(test)]
mod tests {
    use super::{NOBODYS, Passwords, Secret, has_right_length};

    #[tokio::test]
    async fn a_password_has_its_own_hash_and_no_other() {
        let passwords = Passwords::default();
        let password = Secret::new("correct horse battery");
        let hash = passwords.hash(password.clone()).await.expect("a hash");
        let parameters = NOBODYS.rsplitn(3, '$').last().expect("parameters");
        assert!(hash.expose().starts_with(parameters), "{}", hash.expose());
        assert_eq!(hash.expose().len(), NOBODYS.len());
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
