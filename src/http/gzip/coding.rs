//! The choice whether an event stream is compressed.

use std::str::FromStr;

use hyper::header::{CONTENT_ENCODING, HeaderValue, VARY};
use hyper::{HeaderMap, Response};

use crate::http::accept_encoding::prefers_gzip;

/// Event streams that are compressed, for clients that accept gzip.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compress {
    /// Those to other machines.
    #[default]
    Auto,
    /// All.
    Always,
    /// None.
    Never,
}

/// The content coding of one answer.
#[derive(Clone, Copy, Debug)]
pub(in crate::http) struct Coding {
    /// The answer is compressed with gzip.
    pub(in crate::http) is_gzip: bool,
    /// The answer would be another one for another `Accept-Encoding`.
    is_chosen: bool,
}

impl Compress {
    /// The name of every value, as flags write it.
    pub const NAMES: [(&'static str, Compress); 3] =
        [("auto", Compress::Auto), ("always", Compress::Always), ("never", Compress::Never)];
}

impl FromStr for Compress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Compress::NAMES.iter().find(|(name, _)| *name == text);
        found
            .map(|(_, compress)| *compress)
            .ok_or_else(|| "expected auto, always or never".to_owned())
    }
}

impl Coding {
    /// Chooses the coding of the answer to a request with these headers; `is_local` says that the peer
    /// is on this machine.
    pub(in crate::http) fn choose(compress: Compress, request: &HeaderMap, is_local: bool) -> Self {
        let is_chosen = match compress {
            Compress::Auto => !is_local,
            Compress::Always => true,
            Compress::Never => false,
        };
        Coding { is_gzip: is_chosen && prefers_gzip(request), is_chosen }
    }

    /// Adds the headers of the coding to an answer.
    pub(in crate::http) fn mark<B>(self, answer: &mut Response<B>) {
        if self.is_gzip {
            answer.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        if self.is_chosen {
            answer.headers_mut().append(VARY, HeaderValue::from_static("accept-encoding"));
        }
    }
}

#[cfg(test)]
mod tests {
    use hyper::header::ACCEPT_ENCODING;

    use super::*;

    #[test]
    fn auto_compresses_for_other_machines_only() {
        let gzip = HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static("gzip"))]);
        for (compress, is_local, is_chosen) in [
            (Compress::Auto, true, false),
            (Compress::Auto, false, true),
            (Compress::Always, true, true),
            (Compress::Always, false, true),
            (Compress::Never, true, false),
            (Compress::Never, false, false),
        ] {
            for (request, accepts) in [(&gzip, true), (&HeaderMap::new(), false)] {
                let coding = Coding::choose(compress, request, is_local);
                let found = (coding.is_chosen, coding.is_gzip);
                assert_eq!(found, (is_chosen, is_chosen && accepts), "{compress:?} {is_local}");
            }
        }
    }
}
