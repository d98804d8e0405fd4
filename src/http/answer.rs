//! Which answer a request gets.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::header::{
    ACCEPT, ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION, RETRY_AFTER,
    SET_COOKIE, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use hyper::{HeaderMap, Method, Request, Response, StatusCode};
use tokio::sync::OwnedSemaphorePermit;

use super::access::{Admission, Exchange};
use super::socket::Flow;
use super::stream::{EventStream, Gathered};
use super::viewer::Asset;
use super::{Query, Site, inventory, trust};
use crate::event::{Encoder, EventId, Medium};

/// When a client for which there is no room should come again, in seconds.
const CROWDED_RETRY: u64 = 60;

/// Whoever has sent a request, as far as that matters for its answer.
#[derive(Debug)]
pub(super) struct Peer {
    /// Whether it takes what it is sent.
    pub(super) flow: Flow,
    /// Nobody else can read what it is sent.
    pub(super) is_secure: bool,
}

/// A body of either kind.
pub(super) enum AnswerBody {
    Whole(Option<Bytes>),
    Stream(Box<EventStream>),
}

impl AnswerBody {
    /// How many events it has sent so far.
    pub(super) fn events(&self) -> u64 {
        match self {
            AnswerBody::Whole(_) => 0,
            AnswerBody::Stream(stream) => stream.events(),
        }
    }

    /// See [`EventStream::put_back`].
    pub(super) fn put_back(&mut self, kept: usize) -> u64 {
        match self {
            AnswerBody::Whole(_) => 0,
            AnswerBody::Stream(stream) => stream.put_back(kept),
        }
    }
}

/// What a path leads to.
enum Route<'a> {
    /// What a person sees.
    Viewer(&'a Asset),
    /// Nothing, but for a slash: links on the page are relative to it.
    Bare,
    /// A file beside the page.
    Asset(&'static Asset),
    Events,
    Sources,
    Metrics,
    Health,
}

impl Site {
    /// Answers one request.
    pub(super) fn answer<B>(
        self: &Arc<Self>,
        request: &Request<B>,
        peer: &Peer,
    ) -> Response<AnswerBody> {
        let page = self.page(request.uri().path());
        let is_page = matches!(page, Some(Route::Viewer(_) | Route::Bare));
        let origin = match self.trust.check(request, is_page) {
            Ok(origin) => origin,
            Err(refusal) => return text(refusal.status(), refusal.sentence()),
        };
        let mut response = match self.admit(page.as_ref(), request, peer) {
            Ok(()) => self.answer_admitted(page, request, peer),
            Err(response) => *response,
        };
        if let Some(origin) = origin {
            self.trust.allow_origin(response.headers_mut(), origin);
        }
        response
    }

    /// The answer to a request that may not read, or not yet.
    fn admit<B>(
        &self,
        page: Option<&Route<'_>>,
        request: &Request<B>,
        peer: &Peer,
    ) -> Result<(), Box<Response<AnswerBody>>> {
        // A browser asks with OPTIONS before it shows what it knows.
        if matches!(page, Some(Route::Health)) || request.method() == Method::OPTIONS {
            return Ok(());
        }
        match self.access.check(request, &self.prefix, peer.is_secure) {
            Admission::Granted => Ok(()),
            Admission::Exchange(exchange) => Err(Box::new(redirect(exchange))),
            Admission::Refused(challenges) => Err(Box::new(unauthorized(&challenges))),
        }
    }

    fn answer_admitted<B>(
        self: &Arc<Self>,
        page: Option<Route<'_>>,
        request: &Request<B>,
        peer: &Peer,
    ) -> Response<AnswerBody> {
        match (page, request.method()) {
            (None, _) => text(StatusCode::NOT_FOUND, "There is nothing at this path.\n"),
            (Some(page), &Method::GET) => self.get(&page, request, peer),
            (Some(page), &Method::HEAD) => without_body(self.get(&page, request, peer)),
            (Some(_), &Method::OPTIONS) => options(),
            (Some(_), _) => with_allow(text(StatusCode::METHOD_NOT_ALLOWED, "Use GET.\n")),
        }
    }

    fn page(&self, path: &str) -> Option<Route<'_>> {
        let path = path.strip_prefix(&*self.prefix)?;
        if path.strip_suffix('/').unwrap_or(path) == self.endpoint {
            return Some(Route::Events);
        }
        if let Some(viewer) = &self.viewer {
            match path.strip_prefix("/viewer/") {
                Some(file) => return Asset::beside(file).map(Route::Asset),
                None if path == "/" => return Some(Route::Viewer(viewer)),
                None if path.is_empty() => return Some(Route::Bare),
                None => {}
            }
        }
        match path {
            "/sources" => Some(Route::Sources),
            "/metrics" => Some(Route::Metrics),
            "/healthz" => Some(Route::Health),
            _ => None,
        }
    }

    fn get<B>(
        self: &Arc<Self>,
        page: &Route<'_>,
        request: &Request<B>,
        peer: &Peer,
    ) -> Response<AnswerBody> {
        match page {
            Route::Viewer(asset) | Route::Asset(asset) => {
                asset.answer(request.headers()).map(AnswerBody::Whole)
            }
            Route::Bare => self.to_viewer(),
            Route::Events => self.events(request, peer),
            Route::Sources => of_type("application/json", &inventory::sources(self)),
            Route::Metrics => match inventory::metrics(self) {
                Ok(figures) => of_type(inventory::METRICS_TYPE, &figures),
                Err(_) => text(StatusCode::INTERNAL_SERVER_ERROR, "The figures cannot be told.\n"),
            },
            Route::Health => text(StatusCode::OK, "ok\n"),
        }
    }

    fn to_viewer(&self) -> Response<AnswerBody> {
        let mut response = text(StatusCode::PERMANENT_REDIRECT, "The page is one slash further.\n");
        if let Ok(location) = HeaderValue::from_str(&format!("{}/", self.prefix)) {
            response.headers_mut().insert(LOCATION, location);
        }
        response
    }

    fn events<B>(self: &Arc<Self>, request: &Request<B>, peer: &Peer) -> Response<AnswerBody> {
        let query = request.uri().query().unwrap_or("");
        let query = match Query::parse(query, request.headers(), self.presentation) {
            Ok(query) => query,
            Err(bad) => return text(StatusCode::BAD_REQUEST, &format!("{bad}\n")),
        };
        let id = query.last_event_id.as_deref().map(EventId::parse);
        if let Some(Ok(id)) = id
            && self.feed.is_complete(&id)
        {
            return text(StatusCode::NO_CONTENT, "");
        }
        match Arc::clone(&self.stream_permits).try_acquire_owned() {
            Ok(place) => self.stream(query, peer, place),
            Err(_) => self.turn_away(query.presentation.medium, request.headers()),
        }
    }

    fn stream(
        self: &Arc<Self>,
        query: Query,
        peer: &Peer,
        place: OwnedSemaphorePermit,
    ) -> Response<AnswerBody> {
        let kind = content_type(query.presentation.medium);
        let stream = EventStream::new(Arc::clone(self), query, peer.flow.clone(), place);
        streaming(kind, AnswerBody::Stream(Box::new(stream)))
    }

    /// An error status would end a browser's source for good: it is asked to come later.
    fn turn_away(&self, medium: Medium, headers: &HeaderMap) -> Response<AnswerBody> {
        self.traffic.turned_away.add(1);
        if medium == Medium::Events && accepts_event_streams(headers) {
            let opening = Encoder::preamble(Duration::from_secs(CROWDED_RETRY));
            return streaming(content_type(medium), AnswerBody::Whole(Some(opening)));
        }
        let mut response = text(StatusCode::SERVICE_UNAVAILABLE, "Too many streams are open.\n");
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(CROWDED_RETRY));
        response
    }
}

fn content_type(medium: Medium) -> &'static str {
    match medium {
        Medium::Events => "text/event-stream; charset=utf-8",
        Medium::JsonLines => "application/x-ndjson",
        Medium::Plain => "text/plain; charset=utf-8",
    }
}

/// A request that does not say what it accepts accepts everything.
fn accepts_event_streams(headers: &HeaderMap) -> bool {
    let mut accepted = headers.get_all(ACCEPT).iter().peekable();
    let names_it = |value: &HeaderValue| {
        let value = value.to_str().unwrap_or("").to_ascii_lowercase();
        ["text/event-stream", "text/*", "*/*"].iter().any(|range| value.contains(range))
    };
    accepted.peek().is_none() || accepted.any(names_it)
}

fn streaming(kind: &'static str, body: AnswerBody) -> Response<AnswerBody> {
    let mut response = Response::new(body);
    set(&mut response, CONTENT_TYPE, kind);
    set(&mut response, CACHE_CONTROL, "no-store, no-transform");
    set(&mut response, HeaderName::from_static("x-accel-buffering"), "no");
    set(&mut response, X_CONTENT_TYPE_OPTIONS, "nosniff");
    response
}

fn of_type(kind: &'static str, content: &str) -> Response<AnswerBody> {
    let mut response = text(StatusCode::OK, content);
    set(&mut response, CONTENT_TYPE, kind);
    response
}

fn redirect(exchange: Exchange) -> Response<AnswerBody> {
    let sentence = "Follow with the cookie (curl -L -b ''), \
                    or send the token as Authorization: Bearer instead.\n";
    let mut response = text(StatusCode::SEE_OTHER, sentence);
    response.headers_mut().insert(LOCATION, exchange.location);
    response.headers_mut().insert(SET_COOKIE, exchange.cookie);
    response
}

fn unauthorized(challenges: &[&'static str]) -> Response<AnswerBody> {
    let sentence = "Open the address that ssetail has printed, with its token, \
                    or send Authorization: Bearer TOKEN, or a user and a password.\n";
    let mut response = text(StatusCode::UNAUTHORIZED, sentence);
    for challenge in challenges {
        response.headers_mut().append(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    }
    response
}

fn text(status: StatusCode, sentence: &str) -> Response<AnswerBody> {
    let body = (!sentence.is_empty()).then(|| Bytes::copy_from_slice(sentence.as_bytes()));
    let has_body = body.is_some();
    let mut response = Response::new(AnswerBody::Whole(body));
    *response.status_mut() = status;
    if has_body {
        set(&mut response, CONTENT_TYPE, "text/plain; charset=utf-8");
        set(&mut response, X_CONTENT_TYPE_OPTIONS, "nosniff");
    }
    set(&mut response, CACHE_CONTROL, "no-store");
    response
}

fn options() -> Response<AnswerBody> {
    let mut response = with_allow(text(StatusCode::NO_CONTENT, ""));
    trust::preflight(response.headers_mut());
    response
}

fn with_allow(mut response: Response<AnswerBody>) -> Response<AnswerBody> {
    set(&mut response, ALLOW, "GET, HEAD, OPTIONS");
    response
}

/// hyper does not send the body of an answer to HEAD; an event stream must not even begin.
fn without_body(response: Response<AnswerBody>) -> Response<AnswerBody> {
    response.map(|body| match body {
        AnswerBody::Stream(_) => AnswerBody::Whole(None),
        whole @ AnswerBody::Whole(_) => whole,
    })
}

fn set(response: &mut Response<AnswerBody>, name: HeaderName, value: &'static str) {
    response.headers_mut().insert(name, HeaderValue::from_static(value));
}

impl Body for AnswerBody {
    type Data = Gathered;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Gathered>>>> {
        match self.get_mut() {
            AnswerBody::Whole(bytes) => {
                Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes.into()))))
            }
            AnswerBody::Stream(stream) => Pin::new(&mut **stream).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, AnswerBody::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            AnswerBody::Whole(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, Bytes::len) as u64)
            }
            AnswerBody::Stream(_) => SizeHint::default(),
        }
    }
}
