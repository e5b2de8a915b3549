//! The arguments of a connection: checked, and with their cursors opened.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use super::order::Key;
use crate::error::{Error, Problem, ProblemCode, Result};

/// Entries on a page when nobody says how many.
pub const USUAL_SIZE: u64 = 20;
/// The largest page.
pub const LARGEST_SIZE: i32 = 100;

/// `first`, `after`, `last` and `before` as they were sent.
#[derive(Clone, Debug, Default)]
pub struct RawPageArgs {
    /// The size of a page counted from the start.
    pub first: Option<i32>,
    /// The cursor after which the page starts.
    pub after: Option<String>,
    /// The size of a page counted from the end.
    pub last: Option<i32>,
    /// The cursor before which the page ends.
    pub before: Option<String>,
}

/// Which end of the list a page is counted from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the start.
    Forward,
    /// From the end.
    Backward,
}

/// Which page of a list.
#[derive(Clone, Debug)]
pub struct PageArgs {
    /// How many entries at most.
    pub size: u64,
    /// Counted from which end.
    pub direction: Direction,
    /// The keys of the row after which it starts.
    pub after: Option<Vec<Key>>,
    /// The keys of the row before which it ends.
    pub before: Option<Vec<Key>>,
}

impl RawPageArgs {
    /// Checks the arguments for this list; `are_keys` tells whether keys can be those of one of its rows.
    pub fn open(self, list: &ListIdentity, are_keys: impl Fn(&[Key]) -> bool) -> Result<PageArgs> {
        let mut problems = Vec::new();
        let mut wrong = |path: &str, message: String| {
            problems.push(Problem::new(ProblemCode::Invalid, path, message));
        };
        if self.first.is_some() && self.last.is_some() {
            wrong(
                "last",
                "goes without first: a page is counted from one end".to_owned(),
            );
        }
        for (path, size) in [("first", self.first), ("last", self.last)] {
            if size.is_some_and(|size| !(0..=LARGEST_SIZE).contains(&size)) {
                wrong(path, format!("must be from 0 to {LARGEST_SIZE}"));
            }
        }
        let mut keys = |path: &str, cursor: Option<String>| {
            let keys = cursor
                .as_deref()
                .map(|cursor| list.keys(cursor).filter(|keys| are_keys(keys)));
            if matches!(keys, Some(None)) {
                wrong(
                    path,
                    "is no cursor of this list with this order and filter".to_owned(),
                );
            }
            keys.flatten()
        };
        let (after, before) = (keys("after", self.after), keys("before", self.before));
        if !problems.is_empty() {
            return Err(Error::Invalid(problems));
        }
        let size = self
            .first
            .or(self.last)
            .and_then(|size| u64::try_from(size).ok())
            .unwrap_or(USUAL_SIZE);
        let direction = if self.last.is_some() {
            Direction::Backward
        } else {
            Direction::Forward
        };
        Ok(PageArgs {
            size,
            direction,
            after,
            before,
        })
    }
}

/// What makes a list this list: its type, order and filter. A cursor is bound to it.
pub struct ListIdentity(String);

impl ListIdentity {
    /// The identity of the list that is described by these texts.
    pub fn of(parts: &[&str]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update(part.len().to_be_bytes());
            hash.update(part);
        }
        Self(BASE64_URL_SAFE_NO_PAD.encode(&hash.finalize()[..9]))
    }

    /// The cursor of the row with these keys.
    pub fn cursor(&self, keys: &[Key]) -> Result<String> {
        let text = serde_json::to_vec(&(&self.0, keys)).map_err(Error::internal)?;
        Ok(BASE64_URL_SAFE_NO_PAD.encode(text))
    }

    fn keys(&self, cursor: &str) -> Option<Vec<Key>> {
        let text = BASE64_URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (identity, keys): (String, Vec<Key>) = serde_json::from_slice(&text).ok()?;
        (identity == self.0).then_some(keys)
    }
}
