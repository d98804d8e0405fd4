//! The query of a request for the event stream.

use std::borrow::Cow;
use std::sync::Arc;

use hyper::HeaderMap;

use super::accept::accepted;
use super::bad_query::BadQuery;
use super::filters::{Filters, QueryTime};
use super::name_filter::{NameFilter, is_glob};
use super::parameter::{meant_by, parse_switch};
use super::read_limits::ReadLimits;
use crate::event::{EventId, Format, Presentation, Selection, Source, Surroundings};
use crate::feed::{Backlog, Candidates, Feed, Start};

/// Largest number of `file` in a request.
///
/// Each source is compared with all of them once. With twice the number, that takes twice the time.
const MAX_FILES: usize = 128;

/// The parameters of a request for the event stream, or their defaults.
#[derive(Debug)]
pub struct Query {
    /// The presentation of events.
    pub presentation: Presentation,
    /// The names of the sources that are sent; none sends all.
    pub files: Option<NameFilter>,
    /// The lines that are sent; none sends all.
    pub selection: Option<Arc<Selection>>,
    /// The earlier lines that a new client gets.
    pub backlog: Backlog,
    /// The ID of the last event that the client has; none for a new client.
    pub last_event_id: Option<Vec<u8>>,
    /// True if heartbeats are events, for pages, which cannot see comments.
    pub ping: bool,
    /// True if the body ends cleanly, and not with an abort, when the server stops.
    pub clean_end: bool,
    /// The content type of the response.
    pub(super) content_type: &'static str,
    /// The ends of the read.
    pub limits: ReadLimits,
}

impl Query {
    /// Parses the query string, and the headers `Last-Event-ID` and `Accept`.
    ///
    /// `Last-Event-ID` overrides the query, because a browser that reconnects repeats the query of
    /// its first request.
    ///
    /// Compiling expressions may take tens of milliseconds: see [`Query::has_expressions`].
    pub fn parse(
        query: &str,
        headers: &HeaderMap,
        presentation: Presentation,
        time: &QueryTime,
    ) -> Result<Self, BadQuery> {
        let accepted = accepted(headers);
        let mut parsed = Query {
            presentation,
            files: None,
            selection: None,
            backlog: Backlog::Ring,
            last_event_id: None,
            ping: false,
            clean_end: false,
            content_type: accepted.content_type,
            limits: ReadLimits::default(),
        };
        let (mut files, mut filters, mut backlog) = (Vec::new(), Filters::default(), None);
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*key {
                "file" => files.push(value),
                "n" => backlog = Some(parse_backlog(&value)?),
                filter if Filters::has(filter) => filters.set(&key, value, time)?,
                "format" => parsed.presentation.format = parse_format(&value)?,
                "unnamed" => parsed.presentation.named = !parse_switch(&key, &value)?,
                "ping" => parsed.ping = parse_switch(&key, &value)?,
                "clean_end" => parsed.clean_end = parse_switch(&key, &value)?,
                // `EventSource` polyfills write the second name.
                "last_event_id" | "lastEventId" | "last-event-id" => {
                    parsed.last_event_id = Some(value.into_owned().into_bytes());
                }
                "follow" | "wait" | "before" => parsed.limits.set(&key, &value)?,
                "token" => {} // see `access`
                other => refuse_misspelled(other)?,
            }
        }
        parsed.files = parse_files(&files)?;
        parsed.select(filters.finish()?, backlog, time)?;
        if let Some(id) = headers.get("last-event-id").filter(|id| !id.is_empty()) {
            parsed.last_event_id = Some(id.as_bytes().to_vec());
        }
        parsed.presentation = parsed.presentation.with_medium(accepted.medium);
        parsed.last_event_id = parsed.last_event_id.filter(|id| !id.is_empty());
        Ok(parsed)
    }

    /// Sets the lines that are wanted, and everything that follows from them.
    fn select(
        &mut self,
        selection: Selection,
        backlog: Option<Backlog>,
        time: &QueryTime,
    ) -> Result<(), BadQuery> {
        self.check_before(backlog)?;
        self.limits.set_selection(&selection, time.now);
        // A client that asks for a time wants all lines of that time.
        let has_time = selection.since.is_some() || selection.until.is_some();
        let default = if has_time { Backlog::All } else { Backlog::Ring };
        self.backlog = backlog.unwrap_or(default);
        self.selection = (!selection.is_empty()).then(|| Arc::new(selection));
        Ok(())
    }

    fn check_before(&self, backlog: Option<Backlog>) -> Result<(), BadQuery> {
        if self.limits.before.is_some() && backlog.is_none() {
            return Err("before takes n with it, as before=k3f9q2-1a&n=100".into());
        }
        Ok(())
    }

    /// Returns true if the query string has expressions or globs, whose parsing takes long enough
    /// to delay other tasks of a runtime.
    #[must_use]
    pub fn has_expressions(query: &str) -> bool {
        form_urlencoded::parse(query.as_bytes())
            .any(|(key, value)| Filters::has_expression(&key) || key == "file" && is_glob(&value))
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
        let selection = self.selection.clone().filter(|selection| selection.is_filter());
        Candidates { selection, before }
    }

    /// Returns whether the client resumes after an event of this run.
    #[must_use]
    pub(super) fn is_resumed(&self, feed: &Feed) -> bool {
        let id = self.last_event_id.as_deref().and_then(|id| EventId::parse(id).ok());
        id.is_some_and(|id| feed.event_of(&id).is_some())
    }

    /// The lines around those that match which are wanted, if there are any.
    #[must_use]
    pub(super) fn surroundings(&self) -> Option<Surroundings> {
        let selection = self.selection.as_ref().filter(|selection| selection.is_filter())?;
        Some(selection.surroundings).filter(|surroundings| *surroundings != Surroundings::None)
    }

    /// Makes each value of `file` that is a name, according to `is_name`, match this name only.
    #[must_use]
    pub(super) fn preferring_names(mut self, is_name: impl Fn(&str) -> bool) -> Self {
        if let Some(files) = &mut self.files {
            files.prefer_names(is_name);
        }
        self
    }

    /// Returns true if events of `source` are sent.
    #[must_use]
    pub fn wants(&self, source: &Source) -> bool {
        self.files.as_ref().is_none_or(|files| files.wants(source))
    }

    /// Returns true if the query leaves out some lines.
    #[must_use]
    pub fn is_filtered(&self) -> bool {
        self.files.is_some() || self.selection.as_ref().is_some_and(|s| s.is_filter())
    }
}

/// Refuses a name that is almost that of a parameter; others, such as cache busters, are ignored.
fn refuse_misspelled(name: &str) -> Result<(), BadQuery> {
    match meant_by(name) {
        None => Ok(()),
        Some((meant, example)) => {
            let sentence =
                format!("the query has a name that is almost {meant}: write {meant}, as {example}");
            Err(BadQuery::new(sentence))
        }
    }
}

fn parse_files(values: &[Cow<'_, str>]) -> Result<Option<NameFilter>, BadQuery> {
    if values.len() > MAX_FILES {
        return Err(BadQuery::new(format!(
            "file is given at most {MAX_FILES} times: give a glob for several sources, as file=*.log"
        )));
    }
    let mut files = NameFilter::default();
    values.iter().try_for_each(|value| files.add(value)).map_err(|_| {
        BadQuery::new(
            "file takes a source's name or a simpler glob than this, as file=*.log".to_owned(),
        )
    })?;
    Ok((!values.is_empty()).then_some(files))
}

fn parse_backlog(value: &str) -> Result<Backlog, BadQuery> {
    match value {
        "all" => Ok(Backlog::All),
        number => number
            .parse()
            .map(Backlog::Newest)
            .map_err(|_| BadQuery::new("n takes a number of lines or all, as n=100".to_owned())),
    }
}

fn parse_format(value: &str) -> Result<Format, BadQuery> {
    value.parse().map_err(|_| {
        BadQuery::new("format takes text, json, base64, buffer or exact, as format=json".to_owned())
    })
}
