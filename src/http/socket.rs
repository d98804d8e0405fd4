//! The socket of a peer, with a limit on the time that a write waits.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use super::lenient_query::LenientQuery;

/// Most bytes of one read of the first request line; a usual request fits. They lie on the stack.
const FIRST_READ: usize = 2048;

/// A stream of bytes in both directions, of any kind of socket.
pub(super) trait Transport: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Transport for S {}

/// The state of writing to a peer, shared by its socket and its answers.
#[derive(Clone, Debug, Default)]
pub(super) struct Flow(Arc<FlowState>);

#[derive(Debug, Default)]
struct FlowState {
    is_blocked: AtomicBool,
    has_timed_out: AtomicBool,
}

impl Flow {
    /// Returns true if the last write has to wait.
    pub(super) fn is_blocked(&self) -> bool {
        self.0.is_blocked.load(Ordering::Relaxed)
    }

    /// Returns true if the connection ended because the peer took no byte for too long.
    pub(super) fn has_timed_out(&self) -> bool {
        self.0.has_timed_out.load(Ordering::Relaxed)
    }

    /// Notes that the peer took no byte for too long.
    pub(super) fn time_out(&self) {
        self.0.has_timed_out.store(true, Ordering::Relaxed);
    }

    /// Notes an error of the socket: the kernel may time out before this program does.
    fn note_error(&self, error: &io::Error) {
        if error.kind() == io::ErrorKind::TimedOut {
            self.time_out();
        }
    }
}

/// A socket on which no write waits longer than `limit` without a byte being taken.
#[derive(Debug)]
pub(super) struct Socket<S> {
    inner: S,
    flow: Flow,
    limit: Duration,
    /// Runs while a write waits.
    timer: Option<Pin<Box<Sleep>>>,
    /// Reads the first request line; none if the bytes are encrypted, or the line was read.
    query: Option<LenientQuery>,
}

impl<S: AsyncWrite + Unpin> Socket<S> {
    pub(super) fn new(inner: S, limit: Duration) -> Self {
        Socket { inner, flow: Flow::default(), limit, timer: None, query: None }
    }

    /// Accepts characters in the query of the first request that belong escaped.
    pub(super) fn with_lenient_query(self) -> Self {
        Socket { query: Some(LenientQuery::default()), ..self }
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
        self.flow.0.is_blocked.store(written.is_pending(), Ordering::Relaxed);
        if let Poll::Ready(written) = written {
            self.timer = None;
            return Poll::Ready(written.inspect_err(|error| self.flow.note_error(error)));
        }
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(self.limit)));
        ready!(timer.as_mut().poll(cx));
        let error = io::ErrorKind::TimedOut.into();
        self.flow.note_error(&error);
        Poll::Ready(Err(error))
    }
}

impl<S: AsyncRead + Unpin> Socket<S> {
    /// Reads bytes of the first request line.
    fn poll_read_query(
        &mut self,
        mut query: LenientQuery,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut bytes = [0; FIRST_READ];
        let len = FIRST_READ.min(buf.remaining() / LenientQuery::GROWTH);
        let mut line = ReadBuf::new(&mut bytes[..len]);
        let read = Pin::new(&mut self.inner).poll_read(cx, &mut line);
        query.escape(line.filled(), |bytes| buf.put_slice(bytes));
        self.query = (!query.is_done()).then_some(query);
        read
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Socket<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = match self.query.take_if(|_| buf.remaining() >= LenientQuery::GROWTH) {
            Some(query) => self.poll_read_query(query, cx, buf),
            None => Pin::new(&mut self.inner).poll_read(cx, buf),
        };
        if let Poll::Ready(Err(error)) = &read {
            self.flow.note_error(error);
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
