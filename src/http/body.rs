//! The body of an answer.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::request_log::RequestRecord;
use super::stream::{EventStream, FirstFrame, Gathered};

/// The body of an answer, as hyper polls it.
pub(super) enum AnswerBody {
    /// A body that is complete, such as that of the page.
    Whole(WholeBody),
    /// An event stream that hyper writes to its end.
    Stream(Box<EventStream>),
    /// An event stream of which hyper writes only the first frame.
    FirstFrame(FirstFrame),
}

/// A body that is complete before it is sent.
pub(super) struct WholeBody {
    bytes: Option<Bytes>,
    record: Option<Box<RequestRecord>>,
}

impl AnswerBody {
    /// Makes a body of `bytes`.
    pub(super) fn whole(bytes: Option<Bytes>) -> Self {
        AnswerBody::Whole(WholeBody { bytes, record: None })
    }

    /// Attaches the record of the request, which is written when the body is dropped.
    pub(super) fn recorded(mut self, record: Option<Box<RequestRecord>>) -> Self {
        match &mut self {
            AnswerBody::Whole(whole) => whole.record = record,
            AnswerBody::Stream(stream) => stream.set_record(record),
            AnswerBody::FirstFrame(first) => first.set_record(record),
        }
        self
    }
}

impl Body for WholeBody {
    type Data = Gathered;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Gathered>>>> {
        let Some(bytes) = self.bytes.take() else { return Poll::Ready(None) };
        if let Some(record) = &mut self.record {
            record.add(0, bytes.len() as u64);
        }
        Poll::Ready(Some(Ok(Frame::data(bytes.into()))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.as_ref().map_or(0, Bytes::len) as u64)
    }
}

impl Body for AnswerBody {
    type Data = Gathered;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Gathered>>>> {
        match self.get_mut() {
            AnswerBody::Whole(whole) => Pin::new(whole).poll_frame(cx),
            AnswerBody::Stream(stream) => Pin::new(stream).poll_frame(cx),
            AnswerBody::FirstFrame(first) => Pin::new(first).poll_frame(cx),
        }
    }

    // The length and the end of an event stream are not known before they come.

    fn is_end_stream(&self) -> bool {
        matches!(self, AnswerBody::Whole(whole) if whole.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            AnswerBody::Whole(whole) => whole.size_hint(),
            AnswerBody::Stream(_) | AnswerBody::FirstFrame(_) => SizeHint::default(),
        }
    }
}
