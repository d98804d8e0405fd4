//! Takes an event stream and its socket from hyper once its head is sent.
//!
//! hyper reads the request and writes the head and the first frame. Only chunks follow. For them,
//! hyper would keep two buffers of 8 KiB for each connection, and copy into every socket.
//!
//! This rests on properties of hyper that its documentation does not promise; the tests below
//! fail when they change:
//!
//! 1. A poll of the connection that polls the body also tries to write everything before it returns.
//! 2. A connection whose body is pending writes nothing and does not end.
//! 3. `into_parts` returns the socket without bytes of the request, and nothing of the answer is
//!    left in a buffer.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use http_body::{Body, Frame};

use super::{EventStream, Gathered};
use crate::http::request_log::RequestRecord;
use crate::http::socket::Flow;

/// A slot for the event stream that is taken from hyper.
#[derive(Clone, Default)]
pub(in crate::http) struct Takeover(Arc<Mutex<Option<Box<EventStream>>>>);

/// The body of an event stream for hyper: the first frame, after which the stream moves to the slot.
pub(in crate::http) struct FirstFrame {
    /// None when the stream is in the slot.
    stream: Option<Box<EventStream>>,
    takeover: Takeover,
    was_polled: bool,
}

/// A connection of hyper that is done when it has ended, or when an event stream can be taken.
pub(in crate::http) struct TakeoverConnection<C> {
    pub(in crate::http) connection: C,
    pub(in crate::http) takeover: Takeover,
    /// The flow of the socket that the connection writes to.
    pub(in crate::http) flow: Flow,
}

impl Takeover {
    /// Makes the body that hyper polls for `stream`.
    pub(in crate::http) fn first_frame(&self, stream: Box<EventStream>) -> FirstFrame {
        FirstFrame { stream: Some(stream), takeover: self.clone(), was_polled: false }
    }

    fn slot(&self) -> MutexGuard<'_, Option<Box<EventStream>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C: Future + Unpin> Future for TakeoverConnection<C> {
    /// The event stream, of which the head and the first frame are written.
    type Output = Option<Box<EventStream>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if Pin::new(&mut self.connection).poll(cx).is_ready() {
            return Poll::Ready(None);
        }
        // Where the last write did not wait, hyper has written everything.
        let is_blocked = self.flow.is_blocked();
        match self.takeover.slot().take_if(|_| !is_blocked) {
            None => Poll::Pending,
            stream => Poll::Ready(stream),
        }
    }
}

impl FirstFrame {
    /// See [`EventStream::set_record`].
    pub(in crate::http) fn set_record(&mut self, record: Option<Box<RequestRecord>>) {
        if let Some(stream) = &mut self.stream {
            stream.set_record(record);
        }
    }
}

impl Body for FirstFrame {
    type Data = Gathered;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Gathered>>>> {
        let was_polled = std::mem::replace(&mut self.was_polled, true);
        if let Some(mut stream) = self.stream.take() {
            if !was_polled && let Poll::Ready(frame) = Pin::new(&mut stream).poll_frame(cx) {
                self.stream = Some(stream);
                return Poll::Ready(frame);
            }
            *self.takeover.slot() = Some(stream);
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::future::{poll_fn, ready};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use hyper::body::Incoming;
    use hyper::server::conn::http1;
    use hyper::service::service_fn;
    use hyper::{Request, Response};
    use hyper_util::rt::TokioIo;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
    use tokio::time::timeout;

    use super::*;
    use crate::http::body::AnswerBody;
    use crate::http::socket::Socket;

    /// A body like [`FirstFrame`], which counts its polls.
    struct FirstThenPending(Arc<AtomicUsize>);

    impl Body for FirstThenPending {
        type Data = Gathered;
        type Error = Infallible;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Gathered>, Infallible>>> {
            match self.0.fetch_add(1, Ordering::Relaxed) {
                0 => Poll::Ready(Some(Ok(Frame::data(bytes::Bytes::from_static(b"first").into())))),
                _ => Poll::Pending,
            }
        }
    }

    async fn read_available(peer: &mut DuplexStream) -> Vec<u8> {
        let mut bytes = [0; 4096];
        match timeout(Duration::from_millis(1), peer.read(&mut bytes)).await {
            Ok(read) => bytes[..read.expect("read")].to_vec(),
            Err(_) => Vec::new(),
        }
    }

    /// Takes a connection from hyper over a pipe of `capacity` bytes, and writes a mark to it; returns
    /// everything that the peer has received.
    async fn take_over_pipe(capacity: usize) -> String {
        let (mut peer, socket) = duplex(capacity);
        let socket = Socket::new(socket, Duration::from_secs(60));
        let flow = socket.flow();
        let polls = Arc::new(AtomicUsize::new(0));
        let body_polls = Arc::clone(&polls);
        let service = service_fn(move |_: Request<Incoming>| {
            ready(Ok::<_, Infallible>(Response::new(FirstThenPending(Arc::clone(&body_polls)))))
        });
        let mut builder = http1::Builder::new();
        let mut connection =
            builder.auto_date_header(false).serve_connection(TokioIo::new(socket), service);
        let mut request = &b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n"[..];
        let mut received = Vec::new();
        // As `TakeoverConnection` does: the body was asked for its second frame, and no write waits.
        while polls.load(Ordering::Relaxed) < 2 || flow.is_blocked() {
            if !request.is_empty() {
                let sent = request.len().min(capacity);
                peer.write_all(&request[..sent]).await.expect("sent");
                request = &request[sent..];
            } else if flow.is_blocked() {
                received.extend(read_available(&mut peer).await);
            }
            let polled = poll_fn(|cx| Poll::Ready(Pin::new(&mut connection).poll(cx))).await;
            assert!(polled.is_pending(), "hyper has ended a connection whose body is pending");
        }
        for _ in 0..3 {
            let polled = poll_fn(|cx| Poll::Ready(Pin::new(&mut connection).poll(cx))).await;
            assert!(polled.is_pending() && !flow.is_blocked(), "an idle connection writes nothing");
        }
        let parts = connection.into_parts();
        assert!(parts.read_buf.is_empty(), "bytes of the request are left");
        let mut socket = parts.io.into_inner();
        let rest = async {
            socket.write_all(b"mark").await.expect("sent");
            drop(socket);
        };
        tokio::join!(rest, async { peer.read_to_end(&mut received).await.expect("read") });
        String::from_utf8(received).expect("text")
    }

    #[tokio::test]
    async fn hyper_has_written_the_head_and_the_first_frame_when_a_stream_is_taken() {
        let expected = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nfirst\r\nmark";
        for capacity in [4096, 64, 16, 1] {
            let received = timeout(Duration::from_secs(20), take_over_pipe(capacity)).await;
            assert_eq!(received.expect("an end"), expected, "with a pipe of {capacity} bytes");
        }
    }

    #[tokio::test]
    async fn an_answer_is_sent_whole_although_the_server_stops() {
        let (mut peer, socket) = duplex(64);
        let service = service_fn(|_: Request<Incoming>| {
            let body = AnswerBody::whole(Some(vec![b'x'; 10_000].into()));
            ready(Ok::<_, Infallible>(Response::new(body)))
        });
        let connection = http1::Builder::new().serve_connection(TokioIo::new(socket), service);
        let (takeover, flow) = (Takeover::default(), Flow::default());
        let mut connection = TakeoverConnection { connection, takeover, flow };
        let head = b"GET / HTTP/1.1\r\nconnection: close\r\n\r\n";
        peer.write_all(head).await.expect("sent");
        let part = timeout(Duration::from_millis(10), &mut connection).await;
        assert!(part.is_err(), "the answer does not fit in the pipe");
        Pin::new(&mut connection.connection).graceful_shutdown();
        let mut answer = Vec::new();
        let rest = async { tokio::join!(&mut connection, peer.read_to_end(&mut answer)) };
        let (stream, read) = timeout(Duration::from_secs(20), rest).await.expect("it ends");
        assert!(stream.is_none(), "it is no event stream");
        read.expect("read");
        assert!(answer.ends_with(&[b'x'; 10_000]), "{} bytes", answer.len());
    }
}
