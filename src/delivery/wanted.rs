//! Which document a request means: it sends the text, its hash, or the id of a trusted one.

use std::sync::Arc;

use async_graphql::{ServerError, parser::types::OperationType};
use sha2::{Digest, Sha256};

use super::{Answer, Asked, Delivery, Prepared};
use crate::{
    auth::{Client, Principal},
    graphql::errors::with_code,
};

/// What a request says of its document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// It sends the text, and may say what its hash is.
    Text {
        /// The text.
        text: String,
        /// What is to be the SHA-256 of it, in hexadecimal digits.
        hash: Option<String>,
    },
    /// The SHA-256 of the text, in hexadecimal digits: an automatic persisted query.
    Hash(String),
    /// The id of a trusted document; or its SHA-256, after `sha256:`.
    Trusted(String),
}

impl Delivery {
    /// The document that a request means, within the limits; or the answer that says why there is none.
    pub async fn document(
        &self,
        wanted: &Wanted,
        principal: &Principal,
    ) -> Result<Arc<Prepared>, Box<Answer>> {
        match wanted {
            Wanted::Text {
                text,
                hash: Some(hash),
            } if !is_hash_of(hash, text) => Err(refused(
                "BAD_REQUEST",
                "the hash is not the SHA-256 of the document",
            )),
            Wanted::Text { text, .. } => self.prepare_for(text, principal).await,
            Wanted::Hash(hash) => self.persisted(hash).await,
            Wanted::Trusted(id) => {
                let key = id.strip_prefix("sha256:").unwrap_or(id);
                let trusted = self.trusted(key).await?;
                trusted
                    .ok_or_else(|| refused("DOCUMENT_NOT_FOUND", "no trusted document has this id"))
            }
        }
    }

    /// Whether a request means the same document for ever. What is trusted can be taken back.
    pub fn is_lasting(&self, wanted: &Wanted) -> bool {
        match wanted {
            Wanted::Text { .. } => true,
            Wanted::Hash(_) => self.app.config.automatic_persisted_queries,
            Wanted::Trusted(_) => false,
        }
    }

    /// The document with this text. Where there is too much to do, one that was not sent before needs a place: parsing takes time.
    async fn prepare_for(
        &self,
        text: &str,
        principal: &Principal,
    ) -> Result<Arc<Prepared>, Box<Answer>> {
        if let Some(known) = self.documents.find(text, &self.limits) {
            return Ok(known);
        }
        // Signing in has places of its own. What a text begins with is enough to tell: who lies stands in another line.
        let changes = text.trim_start().starts_with("mutation");
        if !self.admission.is_overloaded(principal, changes) {
            return self.parse(text);
        }
        match self
            .admission
            .enter(principal, &Client::default(), changes)
            .await
        {
            Some(_place) => self.parse(text),
            None => Err(Box::new(self.shed.clone())),
        }
    }

    /// The document that was sent before with this hash, or that is trusted. What a hash names is the same whoever sent it.
    async fn persisted(&self, hash: &str) -> Result<Arc<Prepared>, Box<Answer>> {
        let hash = hash.to_ascii_lowercase();
        let is_automatic = self.app.config.automatic_persisted_queries;
        if let Some(digest) = digest_of(&hash).filter(|_| is_automatic)
            && let Some(known) = self.documents.known(&digest)
        {
            return Ok(known);
        }
        if let Some(trusted) = self.trusted(&hash).await? {
            return Ok(trusted);
        }
        // Clients know these by their messages.
        Err(if is_automatic {
            refused("PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound")
        } else {
            refused(
                "PERSISTED_QUERY_NOT_SUPPORTED",
                "PersistedQueryNotSupported",
            )
        })
    }

    async fn trusted(&self, key: &str) -> Result<Option<Arc<Prepared>>, Box<Answer>> {
        match self.trusted.text(key).await {
            Ok(None) => Ok(None),
            Ok(Some(text)) => self.prepare(&text).map(Some),
            Err(error) => Err(Box::new(Answer::failed(error))),
        }
    }

    /// Whether whoever asks may run this document: where only trusted documents run, accounts that are signed in may run any
    /// other, and everybody may run the mutations that signing in consists of.
    pub(super) async fn check_trust(
        &self,
        asked: &Asked,
        principal: &Principal,
    ) -> Result<(), Box<Answer>> {
        if !self.app.config.trusted_documents_only || matches!(principal, Principal::Account { .. })
        {
            return Ok(());
        }
        let operation = asked.operation();
        let changes = operation.is_some_and(|operation| operation.kind == OperationType::Mutation);
        if changes && *principal == Principal::Anonymous {
            return Ok(());
        }
        let digest = hex::encode(asked.document.hash());
        match self.trusted.text(&digest).await {
            Ok(Some(_)) => Ok(()),
            Ok(None) => {
                let message =
                    "only trusted documents are answered: see `kindling documents publish`";
                Err(refused("DOCUMENT_NOT_TRUSTED", message))
            }
            Err(error) => Err(Box::new(Answer::failed(error))),
        }
    }
}

fn refused(code: &'static str, message: &str) -> Box<Answer> {
    Answer::refused(with_code(ServerError::new(message, None), code))
}

fn is_hash_of(hash: &str, text: &str) -> bool {
    digest_of(hash) == Some(Sha256::digest(text).into())
}

/// The digest that these hexadecimal digits stand for.
fn digest_of(hash: &str) -> Option<[u8; 32]> {
    let mut digest = [0; 32];
    hex::decode_to_slice(hash, &mut digest).ok()?;
    Some(digest)
}
