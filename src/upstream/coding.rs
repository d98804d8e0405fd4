//! The content coding of an answer: the one that is asked for, and the one that it has.

use hyper::HeaderMap;
use hyper::header::CONTENT_ENCODING;

use super::address::UpstreamAddress;

/// The content coding of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    Identity,
    Gzip,
}

impl Coding {
    /// Returns the value of `Accept-Encoding` in a request to `address`.
    ///
    /// This machine is asked for no compression, which would cost both sides time and save nothing: an
    /// ssetail with `--compress always` would compress. The host in the URL decides, and not the
    /// address to which it leads: behind a tunnel, another name of this machine still gets gzip.
    pub(super) fn accepted(address: &UpstreamAddress) -> &'static str {
        if address.is_loopback() { "identity" } else { "gzip" }
    }

    /// Returns the coding of an answer with these headers; the error is a coding that is not known.
    ///
    /// An answer may be compressed although that was not asked for.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, String> {
        let mut found = Coding::Identity;
        for value in headers.get_all(CONTENT_ENCODING) {
            let value = String::from_utf8_lossy(value.as_bytes());
            for name in value.split(',').map(str::trim).filter(|name| !name.is_empty()) {
                let is_gzip = ["gzip", "x-gzip"].iter().any(|gzip| name.eq_ignore_ascii_case(gzip));
                if is_gzip && found == Coding::Identity {
                    found = Coding::Gzip;
                } else if !name.eq_ignore_ascii_case("identity") {
                    return Err(name.to_owned());
                }
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    #[test]
    fn other_machines_are_asked_for_gzip() {
        for (url, accepted) in [
            ("http://localhost:8088/", "identity"),
            ("http://LOCALHOST./", "identity"),
            ("http://a.localhost/", "identity"),
            ("http://127.0.0.1/", "identity"),
            ("http://127.9.9.9:1/sse", "identity"),
            ("https://[::1]/", "identity"),
            ("http://[::ffff:127.0.0.1]/", "identity"),
            ("https://web1:8088/", "gzip"),
            ("http://localhost.example/", "gzip"),
            ("http://10.0.0.1/", "gzip"),
            ("http://0.0.0.0/", "gzip"),
            ("http://[fe80::1]/", "gzip"),
        ] {
            let (address, _) = UpstreamAddress::parse(url).expect("an address");
            assert_eq!(Coding::accepted(&address), accepted, "{url}");
        }
    }

    #[test]
    fn the_coding_of_an_answer_is_known_or_named() {
        let of = |values: &[&'static str]| {
            let value = |text: &&'static str| (CONTENT_ENCODING, HeaderValue::from_static(text));
            Coding::of(&values.iter().map(value).collect())
        };
        assert_eq!(of(&[]), Ok(Coding::Identity));
        assert_eq!(of(&["", "identity"]), Ok(Coding::Identity));
        assert_eq!(of(&["gzip"]), Ok(Coding::Gzip));
        assert_eq!(of(&["X-GZIP, Identity"]), Ok(Coding::Gzip));
        assert_eq!(of(&["br"]), Err("br".to_owned()));
        assert_eq!(of(&["gzip", "zstd"]), Err("zstd".to_owned()));
        assert_eq!(of(&["gzip, gzip"]), Err("gzip".to_owned()), "compressed twice");
    }
}
