//! A body as `multer` should see it: one piece at a time, and never much that it does nothing with.
//!
//! `multer` asks for more until there is no more for now, and keeps all of it; and it looks for the end of a part's head
//! however far away that is. A fast sender could fill the memory.

use std::{
    future::poll_fn,
    mem,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Poll, ready},
};

use axum::body::{Body, BodyDataStream};
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};

/// How much may come without anything being read of it. A piece of `hyper` has less than half of it.
const MOST_UNREAD: usize = 1024 * 1024;

/// A body that is read in pieces. Clones share it.
#[derive(Clone)]
pub(super) struct Pieces {
    body: Arc<Mutex<BodyDataStream>>,
    /// How much has come since something was read.
    unread: Arc<AtomicUsize>,
}

/// More came than can be the head of a part.
#[derive(Debug, thiserror::Error)]
#[error("the head of a part is too large")]
pub(super) struct TooMuch;

impl Pieces {
    /// The pieces of a body.
    pub(super) fn new(body: Body) -> Self {
        Self {
            body: Arc::new(Mutex::new(body.into_data_stream())),
            unread: Arc::default(),
        }
    }

    /// Notes that something has been read.
    pub(super) fn reset(&self) {
        self.unread.store(0, Ordering::Relaxed);
    }

    /// The pieces as they come.
    pub(super) fn stream(&self) -> impl Stream<Item = Result<Bytes, axum::Error>> + use<> {
        let pieces = self.clone();
        let mut pauses = false;
        stream::poll_fn(move |context| {
            if mem::take(&mut pauses) {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            let piece = ready!(pieces.body().poll_next_unpin(context));
            pauses = true;
            let length = piece.as_ref().map_or(0, |piece| match piece {
                Ok(piece) => piece.len(),
                Err(_) => 0,
            });
            let before = pieces.unread.fetch_add(length, Ordering::Relaxed);
            if before + length > MOST_UNREAD {
                return Poll::Ready(Some(Err(axum::Error::new(TooMuch))));
            }
            Poll::Ready(piece)
        })
    }

    /// Throws away what still comes, up to so many bytes: who is still sending when the connection is closed may never see
    /// the answer.
    pub(super) async fn drain(&self, most: usize) {
        let mut left = most;
        while let Some(Ok(piece)) = poll_fn(|context| self.body().poll_next_unpin(context)).await {
            match left.checked_sub(piece.len()) {
                Some(less) => left = less,
                None => return,
            }
        }
    }

    fn body(&self) -> MutexGuard<'_, BodyDataStream> {
        self.body.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
