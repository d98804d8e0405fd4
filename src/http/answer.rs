//! The answer to a request: who may read, and what a route returns.

use std::collections::HashSet;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::body::Body;
use hyper::{HeaderMap, Method, Request, Response, StatusCode, Version};

use super::accept::{accepts_event_streams, asks_for_event_stream, asks_for_page};
use super::access::{Admission, Place};
use super::bad_query::BadQuery;
use super::body::AnswerBody;
use super::decorator::Decorated;
use super::gzip::Coding;
use super::query::Query;
use super::read_limits::BEFORE;
use super::relayed::is_from_relay;
use super::responses::{
    close_after, document, method_not_allowed, options, redirect_to_page, redirect_with_cookie,
    streamed, text, too_many_streams, unauthorized, without_body,
};
use super::route::Route;
use super::socket::Flow;
use super::stream::{EventStream, PartByPart, spread};
use super::trust::Content;
use super::{Site, manifest, openapi, reports, sign_in};
use crate::event::{Encoder, EventId, Medium, Position};

/// Time after which a client over the limit of streams is asked to try again.
///
/// An attempt succeeds only after another client has left, so that frequent attempts are only load.
/// With twice the time, a browser waits for up to two minutes although a stream has ended.
const RETRY_OVER_LIMIT: Duration = Duration::from_secs(60);

/// The peer that has sent a request, as far as its answer depends on it.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    pub(super) flow: Flow,
    /// The connection is encrypted.
    pub(super) is_secure: bool,
    /// The peer is on this machine, or the peer is not known.
    pub(super) is_local: bool,
}

impl Site {
    /// Answers one request that another server has received.
    ///
    /// Limits of connections, such as `send_timeout`, are left to that server.
    /// The future must be polled inside a tokio runtime, whose blocking threads compile expressions.
    pub fn respond<B>(
        self: &Arc<Self>,
        request: &Request<B>,
    ) -> impl Future<Output = Response<impl Body<Data = Bytes, Error = io::Error> + Send + use<B>>>
    + Send
    + use<B> {
        let mut head = Request::new(());
        *head.method_mut() = request.method().clone();
        *head.uri_mut() = request.uri().clone();
        *head.version_mut() = request.version();
        head.headers_mut().clone_from(request.headers());
        let peer = Peer { flow: Flow::default(), is_secure: false, is_local: true };
        let answer = Arc::clone(self).answer(head, peer);
        async { answer.await.map(|body| Decorated::new(body, PartByPart::default())) }
    }

    /// Answers one request.
    pub(super) async fn answer(
        self: Arc<Self>,
        request: Request<()>,
        peer: Peer,
    ) -> Response<AnswerBody> {
        let response = self.answer_with_body(&request, &peer).await;
        if request.method() == Method::HEAD { without_body(response) } else { response }
    }

    async fn answer_with_body(
        self: &Arc<Self>,
        request: &Request<()>,
        peer: &Peer,
    ) -> Response<AnswerBody> {
        let route = self.route(request.uri().path());
        let content = route.as_ref().map_or(Content::Logs, Route::content);
        let origin = match self.trust.check(request, content) {
            Ok(origin) => origin,
            Err(refusal) => {
                let mut response = text(refusal.status(), refusal.sentence());
                if let Some(name) = self.traffic.refused_names.report(refusal, request) {
                    response.extensions_mut().insert(name);
                }
                return response;
            }
        };
        let mut response = match self.admit(route.as_ref(), request, peer) {
            Ok(()) => self.answer_admitted(route, request, peer).await,
            Err(response) => *response,
        };
        if let Some(origin) = origin {
            self.trust.allow_origin(response.headers_mut(), origin);
        }
        response
    }

    /// Checks the credentials of a request; the error is the answer to one that may not read.
    fn admit(
        &self,
        route: Option<&Route<'_>>,
        request: &Request<()>,
        peer: &Peer,
    ) -> Result<(), Box<Response<AnswerBody>>> {
        // A browser sends no credentials with OPTIONS.
        if matches!(route, Some(Route::Health)) || request.method() == Method::OPTIONS {
            return Ok(());
        }
        let place = match route {
            Some(Route::Events) if asks_for_event_stream(request.headers()) => Place::Stream,
            Some(Route::Page(_) | Route::PageWithoutSlash) => Place::Page,
            _ => Place::Other,
        };
        match self.access.check(request, place, &self.prefix, peer.is_secure) {
            Admission::Granted => Ok(()),
            Admission::Exchange(exchange) => Err(Box::new(redirect_with_cookie(exchange))),
            Admission::Refused(challenges) => {
                Err(Box::new(if place == Place::Page && asks_for_page(request.headers()) {
                    sign_in::page(request.uri(), &self.access, &challenges)
                } else {
                    unauthorized(&challenges)
                }))
            }
        }
    }

    async fn answer_admitted(
        self: &Arc<Self>,
        route: Option<Route<'_>>,
        request: &Request<()>,
        peer: &Peer,
    ) -> Response<AnswerBody> {
        if let Some(answer) = self.answer_relay(route.as_ref(), request) {
            return answer;
        }
        match (route, request.method()) {
            (None, _) => text(StatusCode::NOT_FOUND, "There is nothing at this path.\n"),
            (Some(route), &Method::GET | &Method::HEAD) => self.get(&route, request, peer).await,
            (Some(_), &Method::OPTIONS) => options(request.headers()),
            (Some(_), _) => method_not_allowed(),
        }
    }

    async fn get(
        self: &Arc<Self>,
        route: &Route<'_>,
        request: &Request<()>,
        peer: &Peer,
    ) -> Response<AnswerBody> {
        match route {
            Route::Page(asset) | Route::PageFile(asset) => {
                asset.answer(request.headers()).map(AnswerBody::whole)
            }
            Route::Manifest => document(manifest::MANIFEST_TYPE, &manifest::manifest(request)),
            Route::PageWithoutSlash => redirect_to_page(&self.prefix),
            Route::Events => self.events(request, peer).await,
            Route::Sources => document("application/json", &reports::sources(self)),
            Route::Metrics => match reports::metrics(self) {
                Ok(metrics) => document(reports::METRICS_TYPE, &metrics),
                Err(_) => {
                    text(StatusCode::INTERNAL_SERVER_ERROR, "The metrics could not be encoded.\n")
                }
            },
            Route::Description => {
                document(openapi::DESCRIPTION_TYPE, &openapi::description(self, request))
            }
            Route::Health => text(StatusCode::OK, "ok\n"),
        }
    }

    async fn events(self: &Arc<Self>, request: &Request<()>, peer: &Peer) -> Response<AnswerBody> {
        let query = match self.query(request).await {
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
        let Ok(permit) = Arc::clone(&self.stream_permits).try_acquire_owned() else {
            let mut refusal = self.refuse_stream(&query, request.headers());
            let position = self.feed.id(Position::before(1));
            self.mark_for_relay(request.headers(), &position, &mut refusal);
            return refusal;
        };
        let content_type = query.content_type;
        let coding = Coding::choose(self.compression.compress(), request.headers(), peer.is_local);
        if request.method() == Method::HEAD {
            // A stream would look for its first event, which `HEAD` does not need.
            let mut response = streamed(content_type, AnswerBody::whole(None));
            coding.mark(&mut response);
            return response;
        }
        let (site, flow) = (Arc::clone(self), peer.flow.clone());
        let mut stream = EventStream::new(site, query, flow, permit, coding.is_gzip);
        if is_from_relay(request.headers()) {
            stream.tell_lineage();
        }
        let position = self.feed.id(stream.end_or_start());
        let mut response = streamed(content_type, AnswerBody::Stream(Box::new(stream)));
        coding.mark(&mut response);
        self.mark_for_relay(request.headers(), &position, &mut response);
        if has_end && version == Version::HTTP_11 {
            // The connection ends with the stream: a client must not send its next request on it.
            close_after(&mut response);
        }
        response
    }

    /// Parses the query of a request for the event stream.
    ///
    /// A query with expressions or globs is parsed on a blocking thread, one query at a time.
    async fn query(self: &Arc<Self>, request: &Request<()>) -> Result<Query, BadQuery> {
        let text = request.uri().query().unwrap_or("");
        if !Query::has_expressions(text) {
            return Query::parse(text, request.headers(), self.presentation, &self.time());
        }
        let permits = Arc::clone(&self.parse_permits);
        let permit = permits.acquire_owned().await.map_err(|_| BadQuery::unread())?;
        let (site, text, headers) = (Arc::clone(self), text.to_owned(), request.headers().clone());
        let parse = move || {
            // Held by the thread, which goes on when the peer has gone.
            let _permit = permit;
            let query = Query::parse(&text, &headers, site.presentation, &site.time())?;
            Ok(if query.files.is_some() { site.with_names(query) } else { query })
        };
        tokio::task::spawn_blocking(parse).await.unwrap_or_else(|_| Err(BadQuery::unread()))
    }

    /// Returns a query whose values of `file` mean the sources that have these names now.
    fn with_names(&self, query: Query) -> Query {
        let entries = self.registry.entries();
        let names: HashSet<&str> = entries.iter().map(|entry| entry.source.name.as_str()).collect();
        let query = query.preferring_names(|name| names.contains(name));
        // The query remembers the results, so that nothing is compared while the feed is locked.
        for entry in &entries {
            let _ = query.wants(&entry.source);
        }
        query
    }

    /// Refuses a stream over the limit. A browser would not reconnect after an error status, so it
    /// gets a stream that ends after a reconnection time.
    fn refuse_stream(&self, query: &Query, headers: &HeaderMap) -> Response<AnswerBody> {
        self.traffic.refused_streams.add(1);
        if query.presentation.medium == Medium::Events && accepts_event_streams(headers) {
            let opening = Encoder::preamble(spread(RETRY_OVER_LIMIT));
            return streamed(query.content_type, AnswerBody::whole(Some(opening)));
        }
        too_many_streams(RETRY_OVER_LIMIT)
    }
}
