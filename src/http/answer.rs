//! The answer to a request: who may read, and what a route returns.

use std::collections::HashSet;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::body::Body;
use hyper::header::ACCEPT;
use hyper::{HeaderMap, Method, Request, Response, StatusCode, Version};

use super::access::Admission;
use super::body::AnswerBody;
use super::decorator::Decorated;
use super::read_limits::BEFORE;
use super::responses::{
    close_after, document, method_not_allowed, options, redirect_to_page, redirect_with_cookie,
    streamed, text, too_many_streams, unauthorized, without_body,
};
use super::route::Route;
use super::socket::Flow;
use super::stream::{EventStream, PartByPart};
use super::trust::Content;
use super::{Query, Site, reports};
use crate::event::{Encoder, EventId, Medium};

/// Time after which a client over the limit of streams is asked to try again.
///
/// An attempt succeeds only after another client has left, so that frequent attempts are only load.
/// With twice the time, a browser waits for up to two minutes although a stream has ended.
const RETRY_OVER_LIMIT: Duration = Duration::from_secs(60);

/// The peer that has sent a request, as far as its answer depends on it.
#[derive(Debug)]
pub(super) struct Peer {
    pub(super) flow: Flow,
    /// The connection is encrypted.
    pub(super) is_secure: bool,
}

impl Site {
    /// Answers one request that another server has received.
    ///
    /// Limits of connections, such as `send_timeout`, are left to that server.
    pub fn respond<B>(
        self: &Arc<Self>,
        request: &Request<B>,
    ) -> Response<impl Body<Data = Bytes, Error = io::Error> + Send + use<B>> {
        let peer = Peer { flow: Flow::default(), is_secure: false };
        self.answer(request, &peer).map(|body| Decorated::new(body, PartByPart::default()))
    }

    /// Answers one request.
    pub(super) fn answer<B>(
        self: &Arc<Self>,
        request: &Request<B>,
        peer: &Peer,
    ) -> Response<AnswerBody> {
        let response = self.answer_with_body(request, peer);
        if request.method() == Method::HEAD { without_body(response) } else { response }
    }

    fn answer_with_body<B>(
        self: &Arc<Self>,
        request: &Request<B>,
        peer: &Peer,
    ) -> Response<AnswerBody> {
        let route = self.route(request.uri().path());
        let content = route.as_ref().map_or(Content::Logs, Route::content);
        let origin = match self.trust.check(request, content) {
            Ok(origin) => origin,
            Err(refusal) => return text(refusal.status(), refusal.sentence()),
        };
        let mut response = match self.admit(route.as_ref(), request, peer) {
            Ok(()) => self.answer_admitted(route, request, peer),
            Err(response) => *response,
        };
        if let Some(origin) = origin {
            self.trust.allow_origin(response.headers_mut(), origin);
        }
        response
    }

    /// Checks the credentials of a request; the error is the answer to one that may not read.
    fn admit<B>(
        &self,
        route: Option<&Route<'_>>,
        request: &Request<B>,
        peer: &Peer,
    ) -> Result<(), Box<Response<AnswerBody>>> {
        // A browser sends no credentials with OPTIONS.
        if matches!(route, Some(Route::Health)) || request.method() == Method::OPTIONS {
            return Ok(());
        }
        match self.access.check(request, &self.prefix, peer.is_secure) {
            Admission::Granted => Ok(()),
            Admission::Exchange(exchange) => Err(Box::new(redirect_with_cookie(exchange))),
            Admission::Refused(challenges) => Err(Box::new(unauthorized(&challenges))),
        }
    }

    fn answer_admitted<B>(
        self: &Arc<Self>,
        route: Option<Route<'_>>,
        request: &Request<B>,
        peer: &Peer,
    ) -> Response<AnswerBody> {
        match (route, request.method()) {
            (None, _) => text(StatusCode::NOT_FOUND, "There is nothing at this path.\n"),
            (Some(route), &Method::GET | &Method::HEAD) => self.get(&route, request, peer),
            (Some(_), &Method::OPTIONS) => options(request.headers()),
            (Some(_), _) => method_not_allowed(),
        }
    }

    fn get<B>(
        self: &Arc<Self>,
        route: &Route<'_>,
        request: &Request<B>,
        peer: &Peer,
    ) -> Response<AnswerBody> {
        match route {
            Route::Page(asset) | Route::PageFile(asset) => {
                asset.answer(request.headers()).map(AnswerBody::whole)
            }
            Route::PageWithoutSlash => redirect_to_page(&self.prefix),
            Route::Events => self.events(request, peer),
            Route::Sources => document("application/json", &reports::sources(self)),
            Route::Metrics => match reports::metrics(self) {
                Ok(metrics) => document(reports::METRICS_TYPE, &metrics),
                Err(_) => {
                    text(StatusCode::INTERNAL_SERVER_ERROR, "The metrics could not be encoded.\n")
                }
            },
            Route::Health => text(StatusCode::OK, "ok\n"),
        }
    }

    fn events<B>(self: &Arc<Self>, request: &Request<B>, peer: &Peer) -> Response<AnswerBody> {
        let query = request.uri().query().unwrap_or("");
        let query = match Query::parse(query, request.headers(), self.presentation) {
            Ok(query) if query.files.is_some() => self.with_names(query),
            Ok(query) => query,
            Err(bad) => return text(StatusCode::BAD_REQUEST, &format!("{bad}\n")),
        };
        let limits = &query.limits;
        if limits.before.as_ref().is_some_and(|id| self.feed.event_of(id).is_none()) {
            return text(StatusCode::BAD_REQUEST, &format!("{BEFORE}\n"));
        }
        let (has_end, version) = (limits.has_end(), request.version());
        let id = query.last_event_id.as_deref().map(EventId::parse);
        if let Some(Ok(id)) = id
            && !has_end
            && self.feed.is_complete(&id)
        {
            return text(StatusCode::NO_CONTENT, "");
        }
        let medium = query.presentation.medium;
        let Ok(permit) = Arc::clone(&self.stream_permits).try_acquire_owned() else {
            return self.refuse_stream(medium, request.headers());
        };
        let stream = EventStream::new(Arc::clone(self), query, peer.flow.clone(), permit);
        let mut response = streamed(medium, AnswerBody::Stream(Box::new(stream)));
        if has_end && version == Version::HTTP_11 {
            // The connection ends with the stream: a client must not send its next request on it.
            close_after(&mut response);
        }
        response
    }

    /// Returns a query whose values of `file` mean the sources that have these names now.
    fn with_names(&self, query: Query) -> Query {
        let entries = self.registry.entries();
        let names: HashSet<&str> = entries.iter().map(|entry| entry.source.name.as_str()).collect();
        query.preferring_names(|name| names.contains(name))
    }

    /// Refuses a stream over the limit. A browser would not reconnect after an error status, so it
    /// gets a stream that ends after a reconnection time.
    fn refuse_stream(&self, medium: Medium, headers: &HeaderMap) -> Response<AnswerBody> {
        self.traffic.refused_streams.add(1);
        if medium == Medium::Events && accepts_event_streams(headers) {
            let opening = Encoder::preamble(RETRY_OVER_LIMIT);
            return streamed(medium, AnswerBody::whole(Some(opening)));
        }
        too_many_streams(RETRY_OVER_LIMIT)
    }
}

/// Whether `Accept` allows an event stream, as its absence does.
fn accepts_event_streams(headers: &HeaderMap) -> bool {
    let mut accepted = headers.get_all(ACCEPT).iter().peekable();
    let mut has_range = |range: &hyper::header::HeaderValue| {
        let value = range.to_str().unwrap_or("").to_ascii_lowercase();
        ["text/event-stream", "text/*", "*/*"].iter().any(|range| value.contains(range))
    };
    accepted.peek().is_none() || accepted.any(&mut has_range)
}
