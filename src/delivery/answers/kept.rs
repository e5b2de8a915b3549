//! One answer, ready for the wire, with what it depends on.

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;

use super::encoding::Encoding;
use crate::{
    database::{Changes, Head, State},
    delivery::Answer,
};

/// What an answer takes beside its bytes.
const OVERHEAD: usize = 800;
/// Less than this fits into one packet anyway.
const SHORTEST_ENCODED: usize = 1_000;
/// How much of the digest tells two answers apart.
const TAG_BYTES: usize = 12;

/// Where an answer comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// It was kept, and holds.
    Kept,
    /// It was kept, and holds at the newest known state, which nobody has confirmed for this long: the database is away.
    Stale(Duration),
    /// The operation was executed for it.
    Executed,
    /// It was executed for somebody who asked the same at the same moment.
    Shared,
}

/// An answer that may be given again.
pub struct Kept {
    /// The answer.
    pub answer: Answer,
    /// The state of the database at which it was read, or an earlier one; none if that is not known.
    head: Option<Head>,
    /// The sequence of the last state at which it was seen to hold.
    holds_at: AtomicI64,
    tag: OnceLock<String>,
    version: Option<String>,
    encoded: [OnceCell<Option<Bytes>>; Encoding::COUNT],
}

impl Kept {
    /// An answer that was read at this state of the database, or at a later one; `version` is its position, sealed.
    pub(super) fn new(answer: Answer, head: Option<Head>, version: Option<String>) -> Self {
        Self {
            answer,
            head,
            holds_at: AtomicI64::new(head.map_or(0, |head| head.state.sequence)),
            tag: OnceLock::new(),
            version,
            encoded: Default::default(),
        }
    }

    /// Whether it is what the operation would give at this state of the database.
    pub(super) fn holds(&self, changes: &Changes, state: State) -> bool {
        let Some(head) = self.head else { return false };
        if head.state.generation != state.generation {
            return false;
        }
        if self.holds_at.load(Ordering::Acquire) == state.sequence {
            return true;
        }
        let holds = changes.hold(&self.answer.reads, head.state, state);
        if holds {
            self.holds_at.fetch_max(state.sequence, Ordering::AcqRel);
        }
        holds
    }

    /// What tells it from other answers to the same question, whatever it is encoded in. After the database went back in time
    /// no tag from before matches.
    pub fn tag(&self) -> &str {
        self.tag.get_or_init(|| {
            let lineage = self.head.map(|head| head.lineage).unwrap_or_default();
            let digest = Sha256::new()
                .chain_update(lineage)
                .chain_update(&self.answer.body)
                .finalize();
            format!("W/\"{}\"", URL_SAFE_NO_PAD.encode(&digest[..TAG_BYTES]))
        })
    }

    /// The same answer with another body.
    pub(super) fn with_body(&self, body: Bytes) -> Self {
        let answer = Answer {
            body,
            ..self.answer.clone()
        };
        Self::new(answer, self.head, self.version.clone())
    }

    /// The version of the content that it shows, which nobody can read.
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// The JSON, encoded; none if that is not worth it. `encode` does it once, however many ask.
    pub(super) async fn encoded(
        &self,
        encoding: Encoding,
        encode: impl AsyncFnOnce(Bytes) -> Option<Bytes>,
    ) -> Option<Bytes> {
        if self.answer.body.len() < SHORTEST_ENCODED {
            return None;
        }
        let cell = &self.encoded[encoding as usize];
        let encoded = cell.get_or_init(|| encode(self.answer.body.clone()));
        encoded.await.clone()
    }

    /// About how much memory it takes, in bytes, with all that it may be encoded in.
    pub(super) fn size(&self) -> usize {
        let body = self.answer.body.len();
        let encoded = body * Encoding::COUNT * Encoding::MOST_OF_THE_BODY / 100;
        let version = self.version.as_ref().map_or(0, String::len);
        OVERHEAD + body + encoded + version + self.answer.reads.size()
    }
}
