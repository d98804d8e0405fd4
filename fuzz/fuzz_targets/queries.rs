//! Queries of the event stream: each one is accepted, or refused in one sentence.
//!
//! The lines of the input are the query string, `Accept` and `Last-Event-ID`.

#![no_main]

use std::ffi::OsStr;
use std::sync::LazyLock;

use http::header::{ACCEPT, HeaderName};
use http::{HeaderMap, HeaderValue};
use libfuzzer_sys::fuzz_target;
use ssetail::event::{Name, Presentation, Source};
use ssetail::http::{Query, QueryTime};

static SOURCE: LazyLock<Source> =
    LazyLock::new(|| Source { id: 0, name: Name::new(OsStr::new("app/build.log")) });

fuzz_target!(|input: &[u8]| {
    let mut lines = input.splitn(3, |byte| *byte == b'\n');
    let query = String::from_utf8_lossy(lines.next().unwrap_or_default());
    let mut headers = HeaderMap::new();
    for name in [ACCEPT, HeaderName::from_static("last-event-id")] {
        if let Ok(value) = HeaderValue::from_bytes(lines.next().unwrap_or_default()) {
            headers.insert(name, value);
        }
    }
    match Query::parse(&query, &headers, Presentation::default(), &QueryTime::default()) {
        Ok(query) => {
            let _ = (query.start(), query.wants(&SOURCE), query.is_filtered());
        }
        Err(bad) => {
            let sentence = bad.to_string();
            assert!(!sentence.is_empty() && !sentence.contains(char::is_control), "{sentence:?}");
        }
    }
});
