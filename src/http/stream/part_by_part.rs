//! A body for servers that take plain bytes: each part of what is sent together is a frame.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::Gathered;

/// Splits each frame of `body` into one frame for each of its parts, without copying them.
pub(in crate::http) struct PartByPart<B> {
    body: B,
    /// Parts of the last frame that were not taken yet.
    rest: Gathered,
}

impl<B> PartByPart<B> {
    pub(in crate::http) fn new(body: B) -> Self {
        PartByPart { body, rest: Gathered::default() }
    }
}

impl<B: Body<Data = Gathered> + Unpin> Body for PartByPart<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        loop {
            if let Some(part) = self.rest.pop() {
                return Poll::Ready(Some(Ok(Frame::data(part))));
            }
            match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                Some(Ok(frame)) => self.rest = frame.into_data().unwrap_or_default(),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
