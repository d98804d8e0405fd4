//! The body of an event stream, decoded piece by piece.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::Body as _;
use hyper::body::Incoming;
use tokio::task::yield_now;

use super::coding::Coding;
use super::gzip_decoder::{Damaged, GzipDecoder};

/// A body without its content coding.
#[derive(Debug)]
pub(super) struct StreamBody {
    incoming: Incoming,
    /// The decoder of gzip, and the bytes that it has not taken yet; none for a plain body.
    ///
    /// The next bytes are received when these are decoded and parsed, so that a short body with a long
    /// text takes no more memory than a plain one.
    gzip: Option<(GzipDecoder, Bytes)>,
}

/// The next part of a body.
#[derive(Debug)]
pub(super) enum Step {
    Bytes(Bytes),
    /// The body is complete.
    End,
    /// The connection has ended before.
    Broken,
    /// The body cannot be decoded; the text says why.
    Damaged(&'static str),
}

impl StreamBody {
    pub(super) fn new(incoming: Incoming, coding: Coding) -> Self {
        let gzip = (coding == Coding::Gzip).then(|| (GzipDecoder::new(), Bytes::new()));
        StreamBody { incoming, gzip }
    }

    /// Waits for the next part.
    pub(super) async fn next(&mut self) -> Step {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// Returns the part that is there now, if there is one.
    pub(super) async fn ready(&mut self) -> Option<Step> {
        // The task of the connection passes on one frame at a time.
        yield_now().await;
        match poll_fn(|cx| Poll::Ready(self.poll_next(cx))).await {
            Poll::Ready(step) => Some(step),
            Poll::Pending => None,
        }
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Step> {
        let Some((decoder, rest)) = &mut self.gzip else {
            return poll_incoming(&mut self.incoming, cx);
        };
        loop {
            match decoder.next_piece(rest) {
                Ok([]) => {}
                Ok(piece) => return Poll::Ready(Step::Bytes(Bytes::copy_from_slice(piece))),
                Err(Damaged) => return Poll::Ready(Step::Damaged("its gzip data are damaged")),
            }
            if decoder.has_ended() {
                return Poll::Ready(Step::End);
            }
            match ready!(poll_incoming(&mut self.incoming, cx)) {
                Step::Bytes(bytes) => *rest = bytes,
                Step::End => return Poll::Ready(Step::Damaged("its gzip data end too early")),
                step => return Poll::Ready(step),
            }
        }
    }
}

fn poll_incoming(incoming: &mut Incoming, cx: &mut Context<'_>) -> Poll<Step> {
    Pin::new(incoming).poll_frame(cx).map(|frame| match frame {
        // A frame with trailers has no bytes.
        Some(Ok(frame)) => Step::Bytes(frame.into_data().unwrap_or_default()),
        Some(Err(_)) => Step::Broken,
        None => Step::End,
    })
}
