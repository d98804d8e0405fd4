//! The header `Accept`: the medium of an event stream, and its content type.

use hyper::HeaderMap;
use hyper::header::ACCEPT;

use crate::event::Medium;

/// The content type of an event stream.
const EVENTS: &str = "text/event-stream; charset=utf-8";

/// The content types of NDJSON that clients ask for; each gets the one that it has named.
const JSON_LINES: [&str; 2] = ["application/x-ndjson", "application/jsonl"];

/// The form of a response body, and its content type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Accepted {
    pub(super) medium: Medium,
    pub(super) content_type: &'static str,
}

/// Returns the medium that `Accept` asks for; an event stream wherever that is accepted.
pub(super) fn accepted(headers: &HeaderMap) -> Accepted {
    let kinds = media_ranges(headers);
    let json_lines = kinds.iter().find_map(|kind| JSON_LINES.into_iter().find(|name| kind == name));
    if names_event_streams(&kinds) {
        Accepted { medium: Medium::Events, content_type: EVENTS }
    } else if let Some(content_type) = json_lines {
        Accepted { medium: Medium::JsonLines, content_type }
    } else if kinds.iter().any(|kind| kind == "text/plain") {
        Accepted { medium: Medium::Plain, content_type: "text/plain; charset=utf-8" }
    } else {
        Accepted { medium: Medium::Events, content_type: EVENTS }
    }
}

/// Returns true if `Accept` allows an event stream, as its absence does.
pub(super) fn accepts_event_streams(headers: &HeaderMap) -> bool {
    !headers.contains_key(ACCEPT) || asks_for_event_stream(headers)
}

/// Returns true if there is an `Accept` that allows an event stream.
pub(super) fn asks_for_event_stream(headers: &HeaderMap) -> bool {
    names_event_streams(&media_ranges(headers))
}

/// Returns whether `Accept` names HTML, as that of a browser does when the user opens an address.
pub(super) fn asks_for_page(headers: &HeaderMap) -> bool {
    media_ranges(headers).iter().any(|kind| kind == "text/html")
}

fn names_event_streams(kinds: &[String]) -> bool {
    kinds.iter().any(|kind| ["text/event-stream", "text/*", "*/*"].contains(&&**kind))
}

/// Returns the media ranges of `Accept` in lower case, without their parameters.
fn media_ranges(headers: &HeaderMap) -> Vec<String> {
    let values = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    values
        .flat_map(|value| value.split(','))
        .map(|kind| kind.split(';').next().unwrap_or("").trim().to_ascii_lowercase())
        .collect()
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    fn content_type(accept: &'static str) -> &'static str {
        let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(accept))]);
        accepted(&headers).content_type
    }

    #[test]
    fn both_names_of_ndjson_are_answered_with_the_name_that_was_given() {
        assert_eq!(content_type("application/x-ndjson"), "application/x-ndjson");
        assert_eq!(content_type("Application/JSONL;q=0.9"), "application/jsonl");
        assert_eq!(content_type("application/jsonl, application/x-ndjson"), "application/jsonl");
        assert_eq!(content_type("application/jsonl, */*"), EVENTS);
        assert_eq!(content_type("text/html, text/plain"), "text/plain; charset=utf-8");
        assert_eq!(content_type("text/html"), EVENTS);
    }

    #[test]
    fn the_absence_of_accept_allows_an_event_stream() {
        let absent = HeaderMap::new();
        assert!(accepts_event_streams(&absent) && !asks_for_event_stream(&absent));
        let json = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))]);
        assert!(!accepts_event_streams(&json));
        let any =
            HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("text/html, */*;q=0.1"))]);
        assert!(accepts_event_streams(&any) && asks_for_event_stream(&any));
    }
}
