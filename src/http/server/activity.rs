//! What happens on one connection, as those who serve it note it, and what it is told to do.
//!
//! No clock is read here: `open.rs` looks at all connections a few times a second and knows how long each has stood where it
//! stands.

use std::{
    sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering::Relaxed},
    task::{Context, Poll},
};

use futures_util::task::AtomicWaker;

/// What an HTTP/2 connection begins with.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// What a connection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// A request begins: some of its head may have come.
    Head,
    /// A request is being answered, and it is not the client that others wait for.
    Answering,
    /// The client has not taken what it was answered.
    Sending,
    /// Nothing.
    Idle,
    /// All is written, and the client may still be sending.
    Leaving,
}

/// What a connection is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(super) enum Order {
    /// Go on.
    GoOn,
    /// End once all requests are answered.
    Finish,
    /// End now.
    LetGo,
}

/// What happens on a connection.
#[derive(Debug, Default)]
pub(super) struct Activity {
    /// Requests that are being answered.
    requests: AtomicUsize,
    /// How many requests there were; it may wrap.
    begun: AtomicUsize,
    /// Something came after the last request.
    has_heard: AtomicBool,
    /// It speaks HTTP/2, where what comes need not be the head of a request.
    is_http2: AtomicBool,
    /// The socket takes no more.
    is_blocked: AtomicBool,
    /// Pieces of answers that are not written yet.
    owed: AtomicUsize,
    /// Bytes that were written; it may wrap.
    written: AtomicUsize,
    /// The body of a request was not read to its end.
    has_unread: AtomicBool,
    /// The number of the first request that is framed ambiguously, counted from 1; 0 if there is none.
    malformed: AtomicUsize,
    /// Nothing more will be written.
    is_leaving: AtomicBool,
    order: AtomicU8,
    waker: AtomicWaker,
}

impl Activity {
    pub(super) fn phase(&self) -> Phase {
        let is_http2 = self.is_http2.load(Relaxed);
        let is_fresh = self.begun() == 0;
        if self.is_leaving.load(Relaxed) {
            Phase::Leaving
        } else if self.is_blocked.load(Relaxed) || self.owed.load(Relaxed) > 0 {
            Phase::Sending
        } else if self.requests.load(Relaxed) > 0 {
            Phase::Answering
        } else if !is_http2 && (is_fresh || self.has_heard.load(Relaxed)) {
            Phase::Head
        } else {
            Phase::Idle
        }
    }

    /// How many requests there were.
    pub(super) fn begun(&self) -> usize {
        self.begun.load(Relaxed)
    }

    /// How many bytes were written.
    pub(super) fn written(&self) -> usize {
        self.written.load(Relaxed)
    }

    /// A request begins.
    pub(super) fn begin(&self, is_http2: bool) {
        self.requests.fetch_add(1, Relaxed);
        self.begun.fetch_add(1, Relaxed);
        self.has_heard.store(false, Relaxed);
        if is_http2 {
            self.is_http2.store(true, Relaxed);
        }
    }

    /// The request of this number is framed ambiguously, and so is all that follows it.
    pub(super) fn break_framing(&self, number: usize) {
        self.malformed.store(number, Relaxed);
    }

    /// Whether the request that began last is framed ambiguously. Requests of HTTP/1 come one after the other.
    pub(super) fn is_malformed(&self) -> bool {
        let malformed = self.malformed.load(Relaxed);
        malformed != 0 && self.begun() >= malformed
    }

    /// Whether something that the client sent was not read, which ends the connection.
    pub(super) fn has_unread(&self) -> bool {
        self.has_unread.load(Relaxed)
    }

    /// A request has been answered.
    pub(super) fn end(&self) {
        self.requests.fetch_sub(1, Relaxed);
    }

    /// So many more pieces of answers wait to be written.
    pub(super) fn owe(&self) {
        self.owed.fetch_add(1, Relaxed);
    }

    /// A piece of an answer does not wait any more.
    pub(super) fn settle(&self) {
        self.owed.fetch_sub(1, Relaxed);
    }

    /// These bytes came.
    pub(super) fn hear(&self, bytes: &[u8]) {
        if !self.has_heard.swap(true, Relaxed) && self.begun() == 0 && bytes.starts_with(PREFACE) {
            self.is_http2.store(true, Relaxed);
        }
    }

    /// The socket took so many bytes, or none.
    pub(super) fn write(&self, took: Poll<usize>) {
        match took {
            Poll::Pending => self.is_blocked.store(true, Relaxed),
            Poll::Ready(bytes) => {
                self.is_blocked.store(false, Relaxed);
                self.written.fetch_add(bytes, Relaxed);
            }
        }
    }

    /// Something that the client sent is not read. With HTTP/2 that concerns nothing but a stream.
    pub(super) fn leave_unread(&self) {
        if !self.is_http2.load(Relaxed) {
            self.has_unread.store(true, Relaxed);
        }
    }

    /// Nothing more will be written. Whether there may be more to read that nobody wants.
    pub(super) fn leave(&self) -> bool {
        self.is_leaving.store(true, Relaxed);
        self.has_unread.load(Relaxed)
    }

    /// Tells the connection what to do; it never takes an order back.
    pub(super) fn tell(&self, order: Order) {
        if self.order.fetch_max(order as u8, Relaxed) < order as u8 {
            self.waker.wake();
        }
    }

    /// What the connection is to do; the task is woken when that changes.
    pub(super) fn order(&self, context: &Context<'_>) -> Order {
        self.waker.register(context.waker());
        match self.order.load(Relaxed) {
            0 => Order::GoOn,
            1 => Order::Finish,
            _ => Order::LetGo,
        }
    }
}
