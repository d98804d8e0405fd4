//! Takes an event stream out of hyper's hands once its head is sent.
//!
//! hyper reads the request and writes the head; what follows is nothing but chunks. It would keep
//! two buffers of 8 KiB for them, of which an event stream needs none, and a copy into each socket
//! would be the only way to send.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use http_body::{Body, Frame, SizeHint};
use hyper::Version;
use hyper::body::Incoming;
use hyper::rt::{Read, Write};
use hyper::server::conn::http1::Connection;
use hyper::service::Service;

use super::Gathered;
use crate::http::request_log::LoggedBody;
use crate::http::socket::Flow;

/// Where the body is put of which a connection is to send the rest itself.
#[derive(Clone, Default)]
pub(in crate::http) struct Takeover(Arc<Mutex<Option<LoggedBody>>>);

/// A body as hyper sees it: of an event stream only what is there at once.
pub(in crate::http) struct LentBody {
    /// None when it has been taken back.
    body: Option<LoggedBody>,
    takeover: Option<Takeover>,
    has_begun: bool,
}

impl Takeover {
    /// Lends a body to hyper; before HTTP/1.1 there are no chunks, so that hyper keeps it.
    pub(in crate::http) fn lend(&self, version: Version, body: LoggedBody) -> LentBody {
        let is_taken_back = body.is_stream() && version == Version::HTTP_11;
        let takeover = is_taken_back.then(|| self.clone());
        LentBody { body: Some(body), takeover, has_begun: false }
    }

    /// Drives `connection` until it has ended, or only the rest of an event stream is to be sent:
    /// then gives that.
    pub(in crate::http) async fn drive<I, S>(
        &self,
        connection: &mut Connection<I, S>,
        flow: &Flow,
    ) -> Option<LoggedBody>
    where
        I: Read + Write + Unpin,
        S: Service<hyper::Request<Incoming>, Response = hyper::Response<LentBody>> + Unpin,
        S::Future: Unpin,
        S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        poll_fn(|cx| {
            if Pin::new(&mut *connection).poll(cx).is_ready() {
                return Poll::Ready(None);
            }
            // hyper has tried to send the head since it asked for the body.
            match self.slot().take_if(|_| !flow.is_blocked()) {
                None => Poll::Pending,
                body => Poll::Ready(body),
            }
        })
        .await
    }

    fn slot(&self) -> std::sync::MutexGuard<'_, Option<LoggedBody>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LentBody {
    /// The first frame travels with the head.
    fn poll_first(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Gathered>>>> {
        let Some(body) = &mut self.body else { return Poll::Pending };
        let has_begun = std::mem::replace(&mut self.has_begun, true);
        if !has_begun && let Poll::Ready(frame) = Pin::new(body).poll_frame(cx) {
            return Poll::Ready(frame);
        }
        if let Some(takeover) = &self.takeover {
            *takeover.slot() = self.body.take();
        }
        Poll::Pending
    }
}

impl Body for LentBody {
    type Data = Gathered;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Gathered>>>> {
        if self.takeover.is_some() {
            return self.poll_first(cx);
        }
        match &mut self.body {
            Some(body) => Pin::new(body).poll_frame(cx),
            None => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_some_and(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(SizeHint::default, Body::size_hint)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::time::Duration;

    use hyper::server::conn::http1;
    use hyper::service::service_fn;
    use hyper::{Request, Response};
    use hyper_util::rt::TokioIo;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::time::timeout;

    use super::*;
    use crate::http::answer::AnswerBody;

    #[tokio::test]
    async fn an_answer_is_sent_whole_although_the_server_stops() {
        let (mut peer, socket) = tokio::io::duplex(64);
        let takeover = Takeover::default();
        let service = service_fn(|request: Request<Incoming>| {
            let body = AnswerBody::Whole(Some(vec![b'x'; 10_000].into()));
            let answer = LoggedBody::of(Response::new(body), None);
            let lent = answer.map(|body| takeover.lend(request.version(), body));
            std::future::ready(Ok::<_, Infallible>(lent))
        });
        let mut connection = http1::Builder::new().serve_connection(TokioIo::new(socket), service);
        let head = b"GET / HTTP/1.1\r\nconnection: close\r\n\r\n";
        peer.write_all(head).await.expect("sent");
        let flow = Flow::default();
        let part = timeout(Duration::from_millis(10), takeover.drive(&mut connection, &flow));
        assert!(part.await.is_err(), "there is no room for it");
        Pin::new(&mut connection).graceful_shutdown();
        let mut answer = Vec::new();
        let rest = async {
            let read = peer.read_to_end(&mut answer);
            tokio::join!(takeover.drive(&mut connection, &flow), read)
        };
        let (body, read) = timeout(Duration::from_secs(20), rest).await.expect("it ends");
        assert!(body.is_none(), "it is no stream");
        read.expect("read");
        assert!(answer.ends_with(&[b'x'; 10_000]), "{} bytes", answer.len());
    }
}
