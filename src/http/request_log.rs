//! The request log: one line for each request, written when its answer has ended.

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use hyper::{Request, StatusCode};

use crate::report::Report;

/// The facts of a request, written as one line when it is dropped.
#[derive(Debug)]
pub(super) struct RequestRecord {
    log: Report,
    time: SystemTime,
    start: Instant,
    peer: Arc<str>,
    method: String,
    path: String,
    /// None until the request is answered; without an answer, no line is written.
    status: Option<StatusCode>,
    events: u64,
    bytes: u64,
}

impl RequestRecord {
    /// Starts the record of `request`. It has nothing of the query, which may hold a token.
    pub(super) fn new<B>(log: &Report, peer: &Arc<str>, request: &Request<B>) -> Box<Self> {
        Box::new(RequestRecord {
            log: log.clone(),
            time: SystemTime::now(),
            start: Instant::now(),
            peer: Arc::clone(peer),
            method: request.method().as_str().to_owned(),
            path: escape(request.uri().path()),
            status: None,
            events: 0,
            bytes: 0,
        })
    }

    /// Sets the status of the answer.
    pub(super) fn answered(mut self: Box<Self>, status: StatusCode) -> Box<Self> {
        self.status = Some(status);
        self
    }

    /// Adds to what was sent.
    pub(super) fn add(&mut self, events: u64, bytes: u64) {
        self.events += events;
        self.bytes += bytes;
    }

    fn line(&self, status: StatusCode) -> String {
        format!(
            "{} {} {} {} {} {:.3}s events={} bytes={}",
            humantime::format_rfc3339_millis(self.time),
            self.peer,
            self.method,
            self.path,
            status.as_u16(),
            self.start.elapsed().as_secs_f64(),
            self.events,
            self.bytes,
        )
    }
}

impl Drop for RequestRecord {
    fn drop(&mut self) {
        if let Some(status) = self.status {
            self.log.say(&self.line(status));
        }
    }
}

/// Escapes a path that a client chose: it must not control a terminal or look like another field.
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

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn a_path_is_one_field_of_printable_ascii() {
        assert_eq!(escape("/a%20b/c"), "/a%20b/c");
        assert_eq!(escape("/\u{1b}[2J\n \u{202e}"), "/%1B[2J%0A%20%E2%80%AE");
    }
}
