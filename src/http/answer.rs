//! Which answer a request gets.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use hyper::{Method, Request, Response, StatusCode};

use super::socket::Flow;
use super::stream::EventStream;
use super::{Query, Site, trust};
use crate::event::{EventId, Medium};

/// A body of either kind.
pub(super) enum AnswerBody {
    Whole(Option<Bytes>),
    Stream(Box<EventStream>),
}

/// What a path leads to.
enum Page {
    Events,
    Health,
}

impl Site {
    /// Answers one request.
    pub(super) fn answer<B>(
        self: &Arc<Self>,
        request: &Request<B>,
        flow: &Flow,
    ) -> Response<AnswerBody> {
        let page = self.page(request.uri().path());
        let origin = match self.trust.check(request, false) {
            Ok(origin) => origin,
            Err(refusal) => return text(refusal.status(), refusal.sentence()),
        };
        let mut response = match (page, request.method()) {
            (None, _) => text(StatusCode::NOT_FOUND, "There is nothing at this path.\n"),
            (Some(page), &Method::GET) => self.get(&page, request, flow),
            (Some(page), &Method::HEAD) => without_body(self.get(&page, request, flow)),
            (Some(_), &Method::OPTIONS) => options(),
            (Some(_), _) => with_allow(text(StatusCode::METHOD_NOT_ALLOWED, "Use GET.\n")),
        };
        if let Some(origin) = origin {
            trust::allow_origin(response.headers_mut(), origin);
        }
        response
    }

    fn page(&self, path: &str) -> Option<Page> {
        let path = path.strip_prefix(&*self.prefix)?;
        if path.strip_suffix('/').unwrap_or(path) == self.endpoint {
            return Some(Page::Events);
        }
        match path {
            "/healthz" => Some(Page::Health),
            _ => None,
        }
    }

    fn get<B>(
        self: &Arc<Self>,
        page: &Page,
        request: &Request<B>,
        flow: &Flow,
    ) -> Response<AnswerBody> {
        match page {
            Page::Events => self.events(request, flow),
            Page::Health => text(StatusCode::OK, "ok\n"),
        }
    }

    fn events<B>(self: &Arc<Self>, request: &Request<B>, flow: &Flow) -> Response<AnswerBody> {
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
        let content_type = content_type(query.presentation.medium);
        let stream = EventStream::new(Arc::clone(self), query, flow.clone());
        let mut response = Response::new(AnswerBody::Stream(Box::new(stream)));
        set(&mut response, CONTENT_TYPE, content_type);
        set(&mut response, CACHE_CONTROL, "no-store, no-transform");
        response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
        set(&mut response, X_CONTENT_TYPE_OPTIONS, "nosniff");
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

fn set(response: &mut Response<AnswerBody>, name: hyper::header::HeaderName, value: &'static str) {
    response.headers_mut().insert(name, HeaderValue::from_static(value));
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match self.get_mut() {
            AnswerBody::Whole(bytes) => {
                Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes))))
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
