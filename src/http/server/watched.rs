//! A connection's bytes, with notes of how they flow.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{activity::Activity, framing::Framing};

/// Bytes that nobody wants are thrown away in pieces of this size.
const PIECE: usize = 8 * 1024;

/// A stream whose flow is noted.
pub(super) struct Watched<S> {
    stream: S,
    activity: Arc<Activity>,
    framing: Framing,
}

impl<S> Watched<S> {
    pub(super) fn new(stream: S, activity: Arc<Activity>) -> Self {
        Self {
            stream,
            activity,
            framing: Framing::default(),
        }
    }

    fn noted(&self, took: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match &took {
            Poll::Pending => self.activity.write(Poll::Pending),
            Poll::Ready(Ok(bytes)) => self.activity.write(Poll::Ready(*bytes)),
            Poll::Ready(Err(_)) => {}
        }
        took
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = ready!(Pin::new(&mut self.stream).poll_read(context, buffer));
        let came = &buffer.filled()[before..];
        if !came.is_empty() {
            self.activity.hear(came);
            if let Some(number) = self.framing.read(came) {
                self.activity.break_framing(number);
            }
        }
        Poll::Ready(read)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let took = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.noted(took)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let took = Pin::new(&mut self.stream).poll_write_vectored(context, pieces);
        self.noted(took)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        match &flushed {
            Poll::Pending => self.activity.write(Poll::Pending),
            Poll::Ready(Ok(())) => self.activity.write(Poll::Ready(0)),
            Poll::Ready(Err(_)) => {}
        }
        flushed
    }

    /// Says that nothing more comes. A client that is still sending would never see its answer if the connection were closed
    /// at once, so what it sends is read for a moment.
    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let has_unread = self.activity.leave();
        ready!(Pin::new(&mut self.stream).poll_shutdown(context))?;
        if !has_unread {
            return Poll::Ready(Ok(()));
        }
        loop {
            let mut piece = [0; PIECE];
            let mut buffer = ReadBuf::new(&mut piece);
            let read = ready!(Pin::new(&mut self.stream).poll_read(context, &mut buffer));
            if read.is_err() || buffer.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
        }
    }
}
