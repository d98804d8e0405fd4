//! Random requests: any bytes, and bytes that are almost valid.
//!
//! `PROPTEST_CASES=100000 cargo test --test main random_requests` runs more of them.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};

use proptest::collection::vec;
use proptest::prelude::*;
use ssetail::event::{EventId, Format, Medium, Presentation};
use ssetail::http::{Query, QueryTime};

use crate::harness::{Running, Ssetail};

fn ssetail() -> Running {
    Ssetail::new().file("a.log", "x\n").arg("a.log").start()
}

fn parse(query: &str, id: &[u8]) -> Result<Query, String> {
    let presentation = Presentation { medium: Medium::Events, format: Format::Text, named: true };
    let mut headers = hyper::HeaderMap::new();
    if let Ok(id) = hyper::header::HeaderValue::from_bytes(id) {
        headers.insert("last-event-id", id);
    }
    Query::parse(query, &headers, presentation, &QueryTime::default())
        .map_err(|bad| bad.to_string())
}

/// Sends these bytes, closes the sending side, and returns the beginning of the response.
fn answer(ssetail: &Running, request: &[u8]) -> String {
    let mut socket = TcpStream::connect(ssetail.address()).expect("connected");
    // The server may respond and close the connection before all bytes are sent.
    let _ = socket.write_all(request).and_then(|()| socket.shutdown(Shutdown::Write));
    let mut answer = Vec::new();
    let mut bytes = [0; 4096];
    // An event stream does not end, so the head is enough.
    while let Ok(read @ 1..) = socket.read(&mut bytes) {
        answer.extend_from_slice(&bytes[..read]);
        if answer.windows(4).any(|window| window == b"\r\n\r\n") {
            break;
        }
    }
    String::from_utf8_lossy(&answer).into_owned()
}

fn is_valid_response(answer: &str) -> bool {
    answer.is_empty()
        || answer.starts_with("HTTP/1.1 2")
        || answer.starts_with("HTTP/1.1 4")
        || answer.starts_with("HTTP/1.1 3")
        || answer.starts_with("HTTP/1.0")
}

proptest! {
    #[test]
    fn any_query_is_accepted_or_refused_in_a_sentence(query in "\\PC{0,60}", id: Vec<u8>) {
        if let Err(sentence) = parse(&query, &id) {
            prop_assert!(sentence.contains(", as "), "{sentence}");
        }
    }

    #[test]
    fn a_query_of_known_parameters_is_accepted_or_refused(
        parameters in vec(
            (prop::sample::select(&["file", "n", "grep", "format", "unnamed", "ping", "clean_end", "last_event_id"][..]),
             "[ -~]{0,12}"), 0..6),
    ) {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(&parameters);
        match parse(&query.finish(), b"") {
            Ok(query) => {
                let last = parameters.iter().rev().find(|(key, _)| *key == "last_event_id");
                let given = last.map(|(_, value)| value.as_bytes()).filter(|id| !id.is_empty());
                prop_assert_eq!(query.last_event_id.as_deref(), given);
            }
            Err(sentence) => prop_assert!(sentence.contains(", as "), "{sentence}"),
        }
    }

    #[test]
    fn an_id_that_can_be_parsed_can_be_written(id in "[0-9a-z]{5,7}[-.][0-9a-z.]{0,9}") {
        if let Ok(parsed) = EventId::parse(id.as_bytes()) {
            let again = EventId::parse(parsed.to_string().as_bytes());
            prop_assert_eq!(again, Ok(parsed));
        }
    }
}

#[test]
fn any_bytes_get_a_valid_response() {
    let ssetail = ssetail();
    proptest!(|(request in vec(any::<u8>(), 0..200))| {
        let answer = answer(&ssetail, &request);
        prop_assert!(is_valid_response(&answer), "{answer}");
    });
    assert_eq!(ssetail.get("/healthz").status, 200);
}

#[test]
fn an_almost_valid_request_gets_a_valid_response() {
    let ssetail = ssetail();
    proptest!(|(
        method in "GET|HEAD|get|OPTIONS|POST|[A-Z]{1,9}",
        path in "/(sse|sources|metrics|healthz|viewer/app.js)?[ -~]{0,20}",
        header in "(host|origin|last-event-id|accept|cookie|authorization|range): ?[ -~]{0,30}",
    )| {
        let head = format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\n{header}\r\n\r\n");
        let answer = answer(&ssetail, head.as_bytes());
        prop_assert!(is_valid_response(&answer), "{answer}");
    });
    assert_eq!(ssetail.get("/healthz").status, 200);
}
