//! The hosts and origins whose requests were refused, each of which is reported once.

use std::sync::{Mutex, PoisonError};

use hyper::header::ORIGIN;
use hyper::{HeaderMap, Request};

use super::trust::{Refusal, authority};

/// Largest number of names that are reported in one run.
///
/// Names come from requests, so that more of them could fill a log.
const MAX_NAMES: usize = 16;

/// Largest length of a name that is reported, in bytes; a name of DNS has at most 253.
const MAX_LENGTH: usize = 300;

/// The names that were reported.
#[derive(Debug, Default)]
pub(super) struct RefusedNames(Mutex<Vec<String>>);

/// The sentence about a refused request; an extension of its response.
#[derive(Clone, Debug)]
pub(super) struct RefusedName(pub(super) String);

impl RefusedNames {
    /// Returns the sentence about a refused request, unless there was one about its host or origin.
    pub(super) fn report<B>(&self, refusal: Refusal, request: &Request<B>) -> Option<RefusedName> {
        let sentence = match refusal {
            Refusal::Host => return None,
            Refusal::ForeignHost => {
                let host = authority(request).ok()?.host().to_owned();
                format!("a request for {host} was refused; --allow-host {host} accepts this name")
            }
            Refusal::ForeignOrigin => {
                let origin = origin(request.headers())?;
                format!("a page of {origin} was refused; --cors {origin} lets its pages read")
            }
        };
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = names.len() < MAX_NAMES && !names.contains(&sentence);
        (is_new && sentence.len() <= MAX_LENGTH).then(|| {
            names.push(sentence.clone());
            RefusedName(sentence)
        })
    }
}

/// Returns the origin of a request, if it names one.
fn origin(headers: &HeaderMap) -> Option<&str> {
    headers.get(ORIGIN)?.to_str().ok().filter(|origin| *origin != "null")
}
