//! Bodies that wrap another body.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Buf;
use http_body::{Body, Frame, SizeHint};

/// A result of [`Body::poll_frame`].
pub(super) type PolledFrame<D, E> = Poll<Option<Result<Frame<D>, E>>>;

/// The state and the work that [`Decorated`] adds to a body.
pub(super) trait Decorator<B: Body> {
    /// The data of the frames that come out.
    type Data: Buf;

    /// Polls `body` for the next frame.
    fn poll_frame(
        &mut self,
        body: Pin<&mut B>,
        cx: &mut Context<'_>,
    ) -> PolledFrame<Self::Data, B::Error>;

    /// Returns true if the decorator holds data that it took from the body.
    fn holds_data(&self) -> bool {
        false
    }
}

/// A body with a decorator, which sees every poll.
pub(super) struct Decorated<B, D> {
    body: B,
    decorator: D,
}

impl<B, D> Decorated<B, D> {
    pub(super) fn new(body: B, decorator: D) -> Self {
        Decorated { body, decorator }
    }
}

impl<B: Body + Unpin, D: Decorator<B> + Unpin> Body for Decorated<B, D> {
    type Data = D::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> PolledFrame<Self::Data, Self::Error> {
        let Decorated { body, decorator } = self.get_mut();
        decorator.poll_frame(Pin::new(body), cx)
    }

    fn is_end_stream(&self) -> bool {
        !self.decorator.holds_data() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
