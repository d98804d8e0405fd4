//! The header `Accept-Encoding`: the content codings that a client accepts.

use hyper::HeaderMap;
use hyper::header::ACCEPT_ENCODING;

/// Returns true if a client accepts the content coding `wanted`, by its name; `*` names none.
pub(super) fn accepts_coding(headers: &HeaderMap, wanted: &str) -> bool {
    weight(headers, &[wanted]).is_some_and(|weight| weight > 0.0)
}

/// Returns true if a client accepts gzip, and not less than an answer without a coding.
///
/// `*` stands for gzip where the client refuses an answer without a coding and does not name gzip.
pub(super) fn prefers_gzip(headers: &HeaderMap) -> bool {
    let identity = weight(headers, &["identity"]);
    let any = || weight(headers, &["*"]).filter(|_| identity == Some(0.0));
    // Both names stand for one coding (RFC 9110, section 8.4.1.3).
    let gzip = weight(headers, &["gzip", "x-gzip"]).or_else(any).unwrap_or(0.0);
    gzip > 0.0 && gzip >= identity.unwrap_or(0.0)
}

/// Returns the weight of a content coding with these names, zero if one of them is refused; none if
/// the coding is not named.
fn weight(headers: &HeaderMap, names: &[&str]) -> Option<f32> {
    let values = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let weights = values.flat_map(|value| value.split(',')).filter_map(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let is_wanted = names.iter().any(|wanted| name.trim().eq_ignore_ascii_case(wanted));
        is_wanted.then(|| parse_weight(weight.trim()))
    });
    weights.reduce(|one, other| if one == 0.0 || other == 0.0 { 0.0 } else { one.max(other) })
}

/// Parses `q=0.5`; no text is the largest weight, and a malformed one is zero.
fn parse_weight(text: &str) -> f32 {
    if text.is_empty() {
        return 1.0;
    }
    let value = text.strip_prefix("q=").or_else(|| text.strip_prefix("Q="));
    let weight = value.and_then(|value| value.parse().ok());
    weight.filter(|weight| (0.0..=1.0).contains(weight)).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    fn headers(value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(value))])
    }

    #[test]
    fn gzip_is_preferred_where_it_is_named_and_not_less_than_identity() {
        for value in [
            "gzip",
            "deflate, GZIP;q=0.5, br",
            "x-gzip",
            "identity;q=0.5, gzip;q=0.5",
            "gzip;Q=1",
            "identity;q=0, *",
            "*;q=0.1, br, identity;q=0.0",
        ] {
            assert!(prefers_gzip(&headers(value)), "{value}");
        }
        for value in [
            "",
            "*",
            "br",
            "gzip;q=0",
            "gzip; q=0.000",
            "identity, gzip;q=0.9",
            "gzip;q=x",
            "gzip;q=2",
            "gzip;q=inf",
            "gzip;q=-1",
            "gzip, x-gzip;q=0",
            "gzip;q=0, x-gzip",
            "gzip;q=0, gzip",
            "identity;q=0, *;q=0",
            "identity;q=0, gzip;q=0, *",
            "identity;q=0.5, *",
        ] {
            assert!(!prefers_gzip(&headers(value)), "{value}");
        }
        assert!(!prefers_gzip(&HeaderMap::new()));
    }

    #[test]
    fn a_coding_is_accepted_where_it_is_named_and_not_refused() {
        assert!(accepts_coding(&headers("deflate, gzip;q=1.0, br"), "gzip"));
        assert!(!accepts_coding(&headers("gzip;q=0, identity"), "gzip"));
        assert!(!accepts_coding(&headers("gzip, zstd"), "br"));
        assert!(!accepts_coding(&HeaderMap::new(), "br"));
    }
}
