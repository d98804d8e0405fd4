//! A body for servers that take plain bytes: each part of a frame becomes a frame.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame};

use super::Gathered;
use crate::http::decorator::{Decorator, PolledFrame};

/// Splits each frame of a body into one frame for each of its parts, without copying them.
#[derive(Default)]
pub(in crate::http) struct PartByPart {
    /// Parts of the last frame that were not returned yet.
    rest: Gathered,
}

impl<B: Body<Data = Gathered>> Decorator<B> for PartByPart {
    type Data = Bytes;

    fn poll_frame(
        &mut self,
        mut body: Pin<&mut B>,
        cx: &mut Context<'_>,
    ) -> PolledFrame<Bytes, B::Error> {
        loop {
            if let Some(part) = self.rest.pop() {
                return Poll::Ready(Some(Ok(Frame::data(part))));
            }
            match ready!(body.as_mut().poll_frame(cx)) {
                Some(Ok(frame)) => self.rest = frame.into_data().unwrap_or_default(),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }

    fn holds_data(&self) -> bool {
        !self.rest.is_empty()
    }
}
