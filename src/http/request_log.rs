//! One line for each request, written when its answer has ended.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};
use std::time::{Instant, SystemTime};

use http_body::{Body, Frame, SizeHint};
use hyper::{Request, Response};

use super::answer::AnswerBody;
use super::stream::Gathered;
use crate::feed::InlineStream;
use crate::report::Report;

/// A body that tells, when it is dropped, how its request went.
pub(super) struct LoggedBody {
    body: AnswerBody,
    record: Option<Box<RequestRecord>>,
}

/// What is known of a request before its answer has ended.
#[derive(Debug)]
pub(super) struct RequestRecord {
    log: Report,
    time: SystemTime,
    began: Instant,
    from: Arc<str>,
    method: String,
    path: String,
    status: u16,
    bytes: u64,
}

impl RequestRecord {
    /// Nothing of the query: it may hold a token.
    pub(super) fn new<B>(log: &Report, from: &Arc<str>, request: &Request<B>) -> Box<Self> {
        Box::new(RequestRecord {
            log: log.clone(),
            time: SystemTime::now(),
            began: Instant::now(),
            from: Arc::clone(from),
            method: request.method().as_str().to_owned(),
            path: escape(request.uri().path()),
            status: 0,
            bytes: 0,
        })
    }

    fn line(&self, events: u64) -> String {
        format!(
            "{} {} {} {} {} {:.3}s events={events} bytes={}",
            humantime::format_rfc3339_millis(self.time),
            self.from,
            self.method,
            self.path,
            self.status,
            self.began.elapsed().as_secs_f64(),
            self.bytes,
        )
    }
}

impl LoggedBody {
    /// An answer whose end `record`, if there is one, will tell.
    pub(super) fn of(
        response: Response<AnswerBody>,
        record: Option<Box<RequestRecord>>,
    ) -> Response<Self> {
        let status = response.status().as_u16();
        let record = record.map(|record| Box::new(RequestRecord { status, ..*record }));
        response.map(|body| LoggedBody { body, record })
    }

    /// Takes back all but the first `kept` parts of the last frame, which were not sent.
    pub(super) fn put_back(&mut self, kept: usize) {
        let bytes = self.body.put_back(kept);
        if let Some(record) = &mut self.record {
            record.bytes -= bytes;
        }
    }

    /// See [`EventStream::set_inline`](super::stream::EventStream::set_inline).
    pub(super) fn set_inline(&self, stream: Weak<dyn InlineStream>) {
        if let AnswerBody::Stream(body) = &self.body {
            body.set_inline(stream);
        }
    }

    /// Whether it is an event stream.
    pub(super) fn is_stream(&self) -> bool {
        matches!(self.body, AnswerBody::Stream(_))
    }
}

/// What a client has chosen must neither act on a terminal nor look like another field.
fn escape(path: &str) -> String {
    let mut escaped = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'!'..=b'~' => escaped.push(byte.into()),
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

impl Drop for LoggedBody {
    fn drop(&mut self) {
        if let Some(record) = &self.record {
            record.log.say(&record.line(self.body.events()));
        }
    }
}

impl Body for LoggedBody {
    type Data = Gathered;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Gathered>>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        if let Some(record) = &mut self.record
            && let Poll::Ready(Some(Ok(frame))) = &polled
        {
            record.bytes += frame.data_ref().map_or(0, Gathered::len) as u64;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn a_path_is_one_field_of_printable_ascii() {
        assert_eq!(escape("/a%20b/c"), "/a%20b/c");
        assert_eq!(escape("/\u{1b}[2J\n \u{202e}"), "/%1B[2J%0A%20%E2%80%AE");
    }
}
