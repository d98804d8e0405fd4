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

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::Version;
use hyper::body::Incoming;
use hyper::rt::{Read, Write};
use hyper::server::conn::http1::Connection;
use hyper::service::Service;

use crate::http::log::Told;
use crate::http::socket::Flow;

/// Where the body is put of which a connection is to send the rest itself.
#[derive(Clone, Default)]
pub(in crate::http) struct Handover(Arc<Mutex<Option<Told>>>);

/// A body as hyper sees it: of an event stream only what is there at once.
pub(in crate::http) struct Lent {
    /// None when it has been taken back.
    body: Option<Told>,
    handover: Option<Handover>,
    has_begun: bool,
}

impl Handover {
    /// Lends a body to hyper; before HTTP/1.1 there are no chunks, so that hyper keeps it.
    pub(in crate::http) fn lend(&self, version: Version, body: Told) -> Lent {
        let is_taken_back = body.is_stream() && version == Version::HTTP_11;
        let handover = is_taken_back.then(|| self.clone());
        Lent { body: Some(body), handover, has_begun: false }
    }

    /// Drives `connection` until it has ended, or only the rest of an event stream is to be sent.
    pub(in crate::http) async fn drive<I, S>(&self, connection: &mut Connection<I, S>, flow: &Flow)
    where
        I: Read + Write + Unpin,
        S: Service<hyper::Request<Incoming>, Response = hyper::Response<Lent>> + Unpin,
        S::Future: Unpin,
        S::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        poll_fn(|cx| {
            let ended = connection.poll_without_shutdown(cx);
            // hyper has tried to send the head since it asked for the body.
            let is_handed_over = self.slot().is_some() && !flow.is_blocked();
            if ended.is_ready() || is_handed_over { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    /// The body that was handed over, if one was.
    pub(in crate::http) fn take(&self) -> Option<Told> {
        self.slot().take()
    }

    fn slot(&self) -> std::sync::MutexGuard<'_, Option<Told>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lent {
    /// The first frame travels with the head.
    fn poll_first(&mut self, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let Some(body) = &mut self.body else { return Poll::Pending };
        let has_begun = std::mem::replace(&mut self.has_begun, true);
        if !has_begun && let Poll::Ready(frame) = Pin::new(body).poll_frame(cx) {
            return Poll::Ready(frame);
        }
        if let Some(handover) = &self.handover {
            *handover.slot() = self.body.take();
        }
        Poll::Pending
    }
}

impl Body for Lent {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if self.handover.is_some() {
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
