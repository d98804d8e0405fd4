//! Requests of other ssetails that follow this one.
//!
//! They name their epoch in a header, and learn by the same header that this is an ssetail, and
//! from which runs its events come.

use hyper::header::{HeaderName, HeaderValue, LOCATION};
use hyper::{HeaderMap, Request, Response, StatusCode};

use super::Site;
use super::body::AnswerBody;
use super::responses::text;
use super::route::Route;
use crate::event::EventId;
use crate::upstream::{HEARTBEAT_HEADER, PATH_HEADER, POSITION_HEADER};

impl Site {
    /// Returns the answer to another ssetail that asks for something else than the events, or for
    /// its own; none if the request is answered as any other.
    pub(super) fn answer_relay(
        &self,
        route: Option<&Route<'_>>,
        request: &Request<()>,
    ) -> Option<Response<AnswerBody>> {
        let epoch = path(request.headers())?;
        if matches!(route, Some(Route::Events)) {
            return (!self.lineage.admits(epoch)).then(|| {
                let sentence = "This server does not follow itself.\n";
                text(StatusCode::LOOP_DETECTED, sentence)
            });
        }
        // The page need not be served for this.
        let is_page = request.uri().path().strip_prefix(&*self.prefix) == Some("/");
        is_page.then(|| self.redirect_to_events(request.uri().query()))
    }

    /// Redirects from the address of the page to the event stream, with the same query.
    fn redirect_to_events(&self, query: Option<&str>) -> Response<AnswerBody> {
        let sentence = "The events are at another path.\n";
        let mut response = text(StatusCode::TEMPORARY_REDIRECT, sentence);
        let query = query.map_or(String::new(), |query| format!("?{query}"));
        // Relative, because a proxy may serve it below another path.
        let location = format!(".{}{query}", self.endpoint);
        if let Ok(location) = HeaderValue::from_str(&location) {
            response.headers_mut().insert(LOCATION, location);
        }
        response
    }

    /// Adds the lineage of the feed and the heartbeat to an answer to another ssetail, and the
    /// position at which the answer begins, or ends if it is a read that ends.
    pub(super) fn mark_for_relay(
        &self,
        request: &HeaderMap,
        position: &EventId,
        response: &mut Response<AnswerBody>,
    ) {
        if path(request).is_none() {
            return;
        }
        for (name, value) in [
            (PATH_HEADER, self.lineage.text()),
            (POSITION_HEADER, position.to_string()),
            (HEARTBEAT_HEADER, self.heartbeat.as_millis().to_string()),
        ] {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(HeaderName::from_static(name), value);
            }
        }
    }
}

/// Returns true if a request comes from a relay.
pub(super) fn is_from_relay(headers: &HeaderMap) -> bool {
    path(headers).is_some()
}

/// The epoch that a relay names.
fn path(headers: &HeaderMap) -> Option<&str> {
    headers.get(PATH_HEADER)?.to_str().ok()
}
