//! Answers that are made of a status, headers and a short text.

use std::time::Duration;

use bytes::Bytes;
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue,
    LOCATION, RETRY_AFTER, SET_COOKIE, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use hyper::{HeaderMap, Response, StatusCode};

use super::access::Exchange;
use super::body::AnswerBody;
use super::trust;

/// Makes a text of plain English; an empty one has no body.
pub(super) fn text(status: StatusCode, sentence: &str) -> Response<AnswerBody> {
    let bytes = (!sentence.is_empty()).then(|| Bytes::copy_from_slice(sentence.as_bytes()));
    let has_body = bytes.is_some();
    let mut response = Response::new(AnswerBody::whole(bytes));
    *response.status_mut() = status;
    if has_body {
        set(&mut response, CONTENT_TYPE, "text/plain; charset=utf-8");
        set(&mut response, X_CONTENT_TYPE_OPTIONS, "nosniff");
    }
    set(&mut response, CACHE_CONTROL, "no-store");
    response
}

/// Makes a document of another type than plain text.
pub(super) fn document(content_type: &'static str, content: &str) -> Response<AnswerBody> {
    let mut response = text(StatusCode::OK, content);
    set(&mut response, CONTENT_TYPE, content_type);
    response
}

/// Makes an answer whose body a peer gets a part at a time.
pub(super) fn streamed(content_type: &'static str, body: AnswerBody) -> Response<AnswerBody> {
    let mut response = Response::new(body);
    set(&mut response, CONTENT_TYPE, content_type);
    set(&mut response, CACHE_CONTROL, "no-store, no-transform");
    // Both ask proxies not to buffer: RFC 10036, and the header that nginx knows.
    set(&mut response, HeaderName::from_static("incremental"), "?1");
    set(&mut response, HeaderName::from_static("x-accel-buffering"), "no");
    set(&mut response, X_CONTENT_TYPE_OPTIONS, "nosniff");
    response
}

/// Tells the client that its connection is not used for another request; for HTTP/1.1.
pub(super) fn close_after(response: &mut Response<AnswerBody>) {
    set(response, CONNECTION, "close");
}

/// Redirects from `prefix` to the page.
pub(super) fn redirect_to_page(prefix: &str) -> Response<AnswerBody> {
    let mut response = text(StatusCode::PERMANENT_REDIRECT, "The page is one slash further.\n");
    if let Ok(location) = HeaderValue::from_str(&format!("{prefix}/")) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

/// Sets the cookie and redirects to the URL without the token.
pub(super) fn redirect_with_cookie(exchange: Exchange) -> Response<AnswerBody> {
    let sentence = "Follow with the cookie (curl -L -b ''), \
                    or send the token as Authorization: Bearer instead.\n";
    let mut response = text(StatusCode::SEE_OTHER, sentence);
    response.headers_mut().insert(LOCATION, exchange.location);
    response.headers_mut().insert(SET_COOKIE, exchange.cookie);
    response
}

/// Asks for credentials, with the values of `WWW-Authenticate`.
pub(super) fn unauthorized(challenges: &[&'static str]) -> Response<AnswerBody> {
    let sentence = "Open the address that ssetail has printed, with its token, \
                    or send Authorization: Bearer TOKEN, or a user and a password.\n";
    let mut response = text(StatusCode::UNAUTHORIZED, sentence);
    for challenge in challenges {
        response.headers_mut().append(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    }
    response
}

/// Refuses an event stream over the limit.
pub(super) fn too_many_streams(retry_after: Duration) -> Response<AnswerBody> {
    let mut response = text(StatusCode::SERVICE_UNAVAILABLE, "Too many streams are open.\n");
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(retry_after.as_secs()));
    response
}

/// Answers `OPTIONS` with these headers, which is also a preflight of CORS.
pub(super) fn options(request: &HeaderMap) -> Response<AnswerBody> {
    let mut response = with_allow(text(StatusCode::NO_CONTENT, ""));
    trust::preflight(request, response.headers_mut());
    response
}

/// Refuses the method of a request.
pub(super) fn method_not_allowed() -> Response<AnswerBody> {
    with_allow(text(StatusCode::METHOD_NOT_ALLOWED, "Use GET.\n"))
}

fn with_allow(mut response: Response<AnswerBody>) -> Response<AnswerBody> {
    set(&mut response, ALLOW, "GET, HEAD, OPTIONS");
    response
}

fn set(response: &mut Response<AnswerBody>, name: HeaderName, value: &'static str) {
    response.headers_mut().insert(name, HeaderValue::from_static(value));
}

/// Makes the answer to `HEAD` of the answer to `GET`: it keeps the length of a whole body.
///
/// hyper drops the body itself over HTTP/1, but not over HTTP/2.
pub(super) fn without_body(mut response: Response<AnswerBody>) -> Response<AnswerBody> {
    let length = hyper::body::Body::size_hint(response.body()).exact();
    if let Some(length) = length.filter(|length| *length > 0) {
        response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    response.map(|_| AnswerBody::whole(None))
}
