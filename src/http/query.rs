//! The query of a request for the event stream.

use std::fmt;

use hyper::HeaderMap;
use hyper::header::ACCEPT;

use super::name_filter::NameFilter;
use super::read_limits::ReadLimits;
use crate::event::{EventId, Format, Grep, Medium, Presentation, Source};
use crate::feed::{Backlog, Candidates, Feed, Start};

/// Largest size of a compiled expression, in bytes.
///
/// A client chooses the expression, so its memory is bounded. With twice the size, a request can
/// take twice the memory, and compiling takes up to twice the time.
const GREP_SIZE: usize = 1 << 20;

/// The parameters of a request for the event stream, or their defaults.
#[derive(Debug)]
pub struct Query {
    /// The presentation of events.
    pub presentation: Presentation,
    /// The names of the sources that are sent; none sends all.
    pub files: Option<NameFilter>,
    /// The expression for the lines that are sent; none sends all.
    pub grep: Option<Grep>,
    /// The earlier lines that a new client gets.
    pub backlog: Backlog,
    /// The ID of the last event that the client has; none for a new client.
    pub last_event_id: Option<Vec<u8>>,
    /// Whether heartbeats are events, for pages, which cannot see comments.
    pub ping: bool,
    /// The ends of the read.
    pub limits: ReadLimits,
}

/// A sentence that names the values that a parameter accepts.
#[derive(Debug, PartialEq, Eq)]
pub struct BadQuery(String);

impl fmt::Display for BadQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Query {
    /// Parses the query string, and the headers `Last-Event-ID` and `Accept`.
    ///
    /// `Last-Event-ID` overrides the query, because a browser that reconnects repeats the query of
    /// its first request.
    pub fn parse(
        query: &str,
        headers: &HeaderMap,
        presentation: Presentation,
    ) -> Result<Self, BadQuery> {
        let mut parsed = Query {
            presentation,
            files: None,
            grep: None,
            backlog: Backlog::Ring,
            last_event_id: None,
            ping: false,
            limits: ReadLimits::default(),
        };
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*key {
                "file" => add_file(parsed.files.get_or_insert_default(), &value)?,
                "n" => parsed.backlog = parse_backlog(&value)?,
                "grep" => parsed.grep = Some(parse_grep(&value)?),
                "format" => parsed.presentation.format = parse_format(&value)?,
                "unnamed" => parsed.presentation.named = !parse_switch(&key, &value)?,
                "ping" => parsed.ping = parse_switch(&key, &value)?,
                "last_event_id" => parsed.last_event_id = Some(value.into_owned().into_bytes()),
                // Others are ignored, such as a cache buster.
                _ => parsed.limits.set(&key, &value).map_err(|bad| BadQuery(bad.to_owned()))?,
            }
        }
        if parsed.limits.before.is_some() && parsed.backlog == Backlog::Ring {
            return Err(BadQuery("before takes n with it, as before=k3f9q2-1a&n=100".to_owned()));
        }
        if let Some(id) = headers.get("last-event-id").filter(|id| !id.is_empty()) {
            parsed.last_event_id = Some(id.as_bytes().to_vec());
        }
        parsed.presentation = parsed.presentation.with_medium(accepted_medium(headers));
        parsed.last_event_id = parsed.last_event_id.filter(|id| !id.is_empty());
        Ok(parsed)
    }

    /// Returns the start of the subscriber.
    #[must_use]
    pub fn start(&self) -> Start {
        match &self.last_event_id {
            None => Start::New(self.backlog),
            Some(id) => Start::After(EventId::parse(id), self.backlog),
        }
    }

    /// Returns the lines that can belong to the backlog.
    #[must_use]
    pub fn candidates(&self, feed: &Feed) -> Candidates {
        let before = self.limits.before.as_ref().and_then(|id| feed.event_of(id));
        Candidates { grep: self.grep.clone(), before }
    }

    /// Makes each value of `file` that is a name, according to `is_name`, match this name only.
    #[must_use]
    pub(super) fn preferring_names(mut self, is_name: impl Fn(&str) -> bool) -> Self {
        if let Some(files) = &mut self.files {
            files.prefer_names(is_name);
        }
        self
    }

    /// Whether events of `source` are sent.
    #[must_use]
    pub fn wants(&self, source: &Source) -> bool {
        self.files.as_ref().is_none_or(|files| files.lets_through(source.name.as_str()))
    }

    /// Whether the query leaves out some lines.
    #[must_use]
    pub fn is_filtered(&self) -> bool {
        self.files.is_some() || self.grep.is_some()
    }
}

/// Returns the medium that `Accept` asks for; an event stream wherever that is accepted.
fn accepted_medium(headers: &HeaderMap) -> Medium {
    let values = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let kinds: Vec<_> = values
        .flat_map(|value| value.split(','))
        .map(|kind| kind.split(';').next().unwrap_or("").trim().to_ascii_lowercase())
        .collect();
    let accepts = |name: &str| kinds.iter().any(|kind| kind == name);
    if accepts("text/event-stream") || accepts("text/*") || accepts("*/*") {
        Medium::Events
    } else if accepts("application/x-ndjson") {
        Medium::JsonLines
    } else if accepts("text/plain") {
        Medium::Plain
    } else {
        Medium::Events
    }
}

fn add_file(files: &mut NameFilter, value: &str) -> Result<(), BadQuery> {
    files.add(value).map_err(|_| {
        BadQuery("file takes a source's name or a simpler glob than this, as file=*.log".to_owned())
    })
}

fn parse_backlog(value: &str) -> Result<Backlog, BadQuery> {
    match value {
        "all" => Ok(Backlog::All),
        number => number
            .parse()
            .map(Backlog::Newest)
            .map_err(|_| BadQuery("n takes a number of lines or all, as n=100".to_owned())),
    }
}

fn parse_grep(value: &str) -> Result<Grep, BadQuery> {
    Grep::new(value, GREP_SIZE).map_err(|_| {
        BadQuery("grep takes a regular expression of moderate size, as grep=error|warn".to_owned())
    })
}

fn parse_format(value: &str) -> Result<Format, BadQuery> {
    value.parse().map_err(|_| {
        BadQuery("format takes text, json, base64 or buffer, as format=json".to_owned())
    })
}

fn parse_switch(key: &str, value: &str) -> Result<bool, BadQuery> {
    match value {
        "" | "1" | "true" => Ok(true),
        "0" | "false" => Ok(false),
        _ => Err(BadQuery(format!("{key} takes no value, or 1 or 0, as {key}=1"))),
    }
}
