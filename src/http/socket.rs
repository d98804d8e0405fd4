//! A peer's socket: it knows whether the peer takes what it is sent, and gives up one that does not.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// Whether a peer has room for what it is sent.
#[derive(Clone, Debug, Default)]
pub(super) struct Flow(Arc<FlowState>);

#[derive(Debug, Default)]
struct FlowState {
    blocked: AtomicBool,
    given_up: AtomicBool,
}

impl Flow {
    /// The last write had to wait.
    pub(super) fn is_blocked(&self) -> bool {
        self.0.blocked.load(Ordering::Relaxed)
    }

    /// The kernel may give up a peer before we do.
    fn note(&self, error: &io::Error) {
        if error.kind() == io::ErrorKind::TimedOut {
            self.give_up();
        }
    }

    pub(super) fn give_up(&self) {
        self.0.given_up.store(true, Ordering::Relaxed);
    }

    /// The peer took no byte for too long.
    pub(super) fn is_given_up(&self) -> bool {
        self.0.given_up.load(Ordering::Relaxed)
    }
}

/// A socket on which no write waits longer than `limit` without a byte being taken.
#[derive(Debug)]
pub(super) struct Socket<S> {
    inner: S,
    flow: Flow,
    limit: Duration,
    /// Since the last byte was taken, while a write waits.
    waiting: Option<Pin<Box<Sleep>>>,
}

impl<S: AsyncWrite + Unpin> Socket<S> {
    pub(super) fn new(inner: S, limit: Duration) -> Self {
        Socket { inner, flow: Flow::default(), limit, waiting: None }
    }

    pub(super) fn flow(&self) -> Flow {
        self.flow.clone()
    }

    fn poll_limited<T>(
        &mut self,
        cx: &mut Context<'_>,
        write: impl FnOnce(Pin<&mut S>, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        let written = write(Pin::new(&mut self.inner), cx);
        self.flow.0.blocked.store(written.is_pending(), Ordering::Relaxed);
        if let Poll::Ready(written) = written {
            self.waiting = None;
            return Poll::Ready(written.inspect_err(|error| self.flow.note(error)));
        }
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep(self.limit)));
        ready!(waiting.as_mut().poll(cx));
        let error = io::ErrorKind::TimedOut.into();
        self.flow.note(&error);
        Poll::Ready(Err(error))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Socket<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.inner).poll_read(cx, buf);
        if let Poll::Ready(Err(error)) = &read {
            self.flow.note(error);
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Socket<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_limited(cx, |inner, cx| inner.poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_limited(cx, |inner, cx| inner.poll_write_vectored(cx, bytes))
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_limited(cx, AsyncWrite::poll_flush)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_limited(cx, AsyncWrite::poll_shutdown)
    }
}
