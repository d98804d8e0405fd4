//! The service that hyper calls for each request of a connection.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;

use hyper::body::{Body, Incoming};
use hyper::service::{Service, service_fn};
use hyper::{Request, Response, Version};

use super::ServeOptions;
use super::answer::Peer;
use super::body::AnswerBody;
use super::request_log::RequestRecord;

/// Answers the requests of one peer.
pub(super) struct AnswerService {
    pub(super) options: ServeOptions,
    /// The address of the peer, for the request log.
    pub(super) address: Arc<str>,
    pub(super) peer: Peer,
}

impl AnswerService {
    /// Makes the service for hyper; `wrap` makes the body that hyper polls.
    pub(super) fn for_hyper<B: Body>(
        self,
        wrap: impl Fn(Version, AnswerBody) -> B,
    ) -> impl Service<
        Request<Incoming>,
        Response = Response<B>,
        Error = Infallible,
        Future = Ready<Result<Response<B>, Infallible>>,
    > {
        service_fn(move |request| {
            let log = self.options.requests.as_ref();
            let record = log.map(|log| RequestRecord::new(log, &self.address, &request));
            let response = self.options.site.answer(&request, &self.peer);
            let record = record.map(|record| record.answered(response.status()));
            ready(Ok(response.map(|body| wrap(request.version(), body.recorded(record)))))
        })
    }
}
