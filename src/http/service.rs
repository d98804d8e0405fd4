//! The service that hyper calls for each request of a connection.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;

use hyper::body::{Body, Incoming};
use hyper::service::{Service, service_fn};
use hyper::{Request, Response, Version};

use super::ServeOptions;
use super::answer::Peer;
use super::body::AnswerBody;
use super::refused_names::RefusedName;
use super::request_log::RequestRecord;

/// Answers the requests of one peer.
pub(super) struct AnswerService {
    pub(super) options: ServeOptions,
    /// The address of the peer, for the request log.
    pub(super) address: Arc<str>,
    pub(super) peer: Peer,
}

/// An answer that is being made; boxed, because a connection would hold its size to its end.
type Answering<B> = Pin<Box<dyn Future<Output = Result<Response<B>, Infallible>> + Send>>;

impl AnswerService {
    /// Makes the service for hyper; `wrap` makes the body that hyper polls.
    pub(super) fn for_hyper<B: Body + 'static>(
        self,
        wrap: impl Fn(Version, AnswerBody) -> B + Clone + Send + 'static,
    ) -> impl Service<Request<Incoming>, Response = Response<B>, Error = Infallible, Future = Answering<B>>
    {
        service_fn(move |request: Request<Incoming>| -> Answering<B> {
            let log = self.options.requests.as_ref();
            let record = log.map(|log| RequestRecord::new(log, &self.address, &request));
            let (site, peer) = (Arc::clone(&self.options.site), self.peer.clone());
            let (wrap, version) = (wrap.clone(), request.version());
            let report = self.options.report.clone();
            let request = request.map(drop);
            Box::pin(async move {
                let response = site.answer(request, peer).await;
                if let Some(RefusedName(sentence)) = response.extensions().get() {
                    report.say(sentence);
                }
                let record = record.map(|record| record.answered(response.status()));
                Ok(response.map(|body| wrap(version, body.recorded(record))))
            })
        })
    }
}
