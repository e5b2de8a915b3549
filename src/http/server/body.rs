//! Bodies: those that come must keep coming, and those that go are noted until they are written.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::{BoxError, body::Body as AnyBody};
use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::{Instant, Sleep, sleep_until};

use super::{activity::Activity, limits::Limits, open::earned};

/// What has come of the body of a request, among its extensions if it has one.
#[derive(Clone, Debug, Default)]
pub(in crate::http) struct Received(Arc<(AtomicU64, AtomicBool)>);

impl Received {
    /// How much longer the request may take, for so much had to come.
    pub(in crate::http) fn earned(&self) -> Duration {
        earned(usize::try_from(self.0.0.load(Relaxed)).unwrap_or(usize::MAX))
    }

    /// Whether it came too slowly, and was given up.
    pub(in crate::http) fn is_late(&self) -> bool {
        self.0.1.load(Relaxed)
    }
}

/// The client has stopped sending, or sends a little now and then.
#[derive(Debug, thiserror::Error)]
#[error("the body comes too slowly")]
struct TooSlow;

/// The body of a request.
pub(super) struct Request {
    body: Incoming,
    activity: Arc<Activity>,
    received: Received,
    stall: Duration,
    /// When all of it must have come, however steadily it comes.
    deadline: Instant,
    /// Set once there was nothing to read; moves on with what comes.
    patience: Option<Pin<Box<Sleep>>>,
    /// Bytes that came since patience was looked at.
    fresh: usize,
    is_read: bool,
}

impl Request {
    /// A body that may make no progress for at most `limits.stall`, and must be complete within `limits.body`.
    pub(super) fn new(
        body: Incoming,
        activity: &Arc<Activity>,
        received: &Received,
        limits: &Limits,
    ) -> Self {
        Self {
            deadline: Instant::now() + limits.body,
            is_read: false,
            body,
            activity: Arc::clone(activity),
            received: received.clone(),
            stall: limits.stall,
            patience: None,
            fresh: 0,
        }
    }

    /// Whether the client has had its time.
    fn poll_late(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let latest = (Instant::now() + self.stall).min(self.deadline);
        let patience = self
            .patience
            .get_or_insert_with(|| Box::pin(sleep_until(latest)));
        let came = std::mem::take(&mut self.fresh);
        if came > 0 {
            let until = (patience.deadline() + earned(came)).min(latest);
            patience.as_mut().reset(until);
        }
        patience.as_mut().poll(context)
    }

    fn give_up(&self) -> Result<Frame<Bytes>, BoxError> {
        self.received.0.1.store(true, Relaxed);
        Err(TooSlow.into())
    }
}

impl Body for Request {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) else {
            ready!(self.poll_late(context));
            return Poll::Ready(Some(self.give_up()));
        };
        match frame {
            Some(Ok(_)) if Instant::now() > self.deadline => Poll::Ready(Some(self.give_up())),
            Some(Ok(frame)) => {
                let length = frame.data_ref().map_or(0, Bytes::len);
                self.fresh += length;
                self.received.0.0.fetch_add(length as u64, Relaxed);
                Poll::Ready(Some(Ok(frame)))
            }
            Some(Err(error)) => Poll::Ready(Some(Err(error.into()))),
            None => {
                self.is_read = true;
                Poll::Ready(None)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        if !self.is_read && !self.body.is_end_stream() {
            self.activity.leave_unread();
        }
    }
}

/// A request that is being answered, until this goes.
pub(super) struct Answering(Arc<Activity>);

impl Answering {
    pub(super) fn begin(activity: &Arc<Activity>, is_http2: bool) -> Self {
        activity.begin(is_http2);
        Self(Arc::clone(activity))
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// The body of an answer.
pub(super) struct Answer {
    body: AnyBody,
    /// A piece of it went, and the client has not made room for the next one.
    is_owed: bool,
    answering: Answering,
}

impl Answer {
    pub(super) fn new(body: AnyBody, answering: Answering) -> Self {
        Self {
            body,
            is_owed: false,
            answering,
        }
    }

    fn settle(&mut self) {
        if std::mem::take(&mut self.is_owed) {
            self.answering.0.settle();
        }
    }
}

impl Body for Answer {
    type Data = Piece;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Piece>, axum::Error>>> {
        self.settle();
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        Poll::Ready(frame.map(|frame| {
            let frame = frame?;
            self.is_owed = true;
            self.answering.0.owe();
            Ok(frame.map_data(|bytes| Piece::new(bytes, &self.answering.0)))
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.settle();
    }
}

/// Bytes of an answer, which are owed until they are written.
pub(super) struct Piece {
    bytes: Bytes,
    activity: Arc<Activity>,
}

impl Piece {
    fn new(bytes: Bytes, activity: &Arc<Activity>) -> Self {
        activity.owe();
        Self {
            bytes,
            activity: Arc::clone(activity),
        }
    }
}

impl Buf for Piece {
    fn remaining(&self) -> usize {
        self.bytes.remaining()
    }

    fn chunk(&self) -> &[u8] {
        self.bytes.chunk()
    }

    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
    }

    fn copy_to_bytes(&mut self, count: usize) -> Bytes {
        self.bytes.copy_to_bytes(count)
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        self.activity.settle();
    }
}
