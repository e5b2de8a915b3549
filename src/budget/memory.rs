//! Memory of all answers together: those that are being made, those that are being sent, and those that are kept.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use bytes::Bytes;

/// Counts the memory of answers. Clones share it.
///
/// Nobody waits for memory: who holds some would wait for others who hold some. What cannot be reserved is refused.
#[derive(Clone, Debug)]
pub struct AnswerMemory(Arc<Ledger>);

#[derive(Debug)]
struct Ledger {
    limit: u64,
    used: AtomicU64,
}

/// Memory that is reserved, until it is dropped.
#[derive(Debug)]
pub struct Share {
    memory: AnswerMemory,
    bytes: u64,
}

/// The body of an answer, with its memory.
struct Body {
    bytes: Box<[u8]>,
    _share: Share,
}

impl AsRef<[u8]> for Body {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl AnswerMemory {
    /// At most so many bytes.
    pub fn new(limit: usize) -> Self {
        Self(Arc::new(Ledger {
            limit: limit as u64,
            used: AtomicU64::new(0),
        }))
    }

    /// An empty share.
    pub fn share(&self) -> Share {
        Share {
            memory: self.clone(),
            bytes: 0,
        }
    }

    /// The bytes that are reserved.
    pub fn used(&self) -> u64 {
        self.0.used.load(Relaxed)
    }

    /// The bytes that can be reserved.
    pub fn limit(&self) -> u64 {
        self.0.limit
    }

    /// Whether no operation may begin, as small as it may be.
    pub fn is_used_up(&self) -> bool {
        self.used() > self.0.limit
    }

    /// Bytes that count for as long as any of their clones lives. They are there already, so that they are never refused.
    pub fn hold(&self, bytes: Vec<u8>) -> Bytes {
        let bytes = bytes.into_boxed_slice();
        let mut share = self.share();
        share.bytes = bytes.len() as u64;
        self.0.used.fetch_add(share.bytes, Relaxed);
        Bytes::from_owner(Body {
            bytes,
            _share: share,
        })
    }
}

impl Share {
    /// Grows to so many bytes, if all of them can be reserved.
    pub fn grow_to(&mut self, bytes: u64) -> bool {
        let more = bytes.saturating_sub(self.bytes);
        let Ledger { limit, used } = &*self.memory.0;
        let grown = used.fetch_update(Relaxed, Relaxed, |used| {
            used.checked_add(more).filter(|used| used <= limit)
        });
        if grown.is_ok() {
            self.bytes += more;
        }
        grown.is_ok()
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.memory.0.used.fetch_sub(self.bytes, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::AnswerMemory;

    #[test]
    fn a_body_counts_until_its_last_clone_goes() {
        let memory = AnswerMemory::new(100);
        let body = memory.hold(vec![0; 90]);
        let clone = body.slice(10..20);
        assert_eq!(memory.used(), 90);
        drop(body);
        assert_eq!((memory.used(), clone.len()), (90, 10));
        let mut share = memory.share();
        assert!(!share.grow_to(11));
        assert!(share.grow_to(10));
        let large = memory.hold(vec![0; 50]);
        assert!(memory.is_used_up());
        drop((large, clone, share));
        assert_eq!(memory.used(), 0);
    }
}
