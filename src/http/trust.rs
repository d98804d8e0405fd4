//! Protection against web pages of other sites, which must not read the logs.
//!
//! Two checks are needed. `Host` shows a request to a DNS name that was rebound to this address,
//! which has no `Origin`. `Origin` and `Sec-Fetch-Site` show a request by a page of another site.

use hyper::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE, HOST, HeaderValue, ORIGIN, VARY,
};
use hyper::http::uri::Authority;
use hyper::{HeaderMap, Request, StatusCode, Version};
use url::{Host, Origin, Url};

/// The hosts and origins whose requests are answered.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// Host names that are accepted in addition to loopback names and IP addresses.
    pub hosts: Vec<String>,
    /// Origins that may read in addition to the server's own and loopback origins.
    pub origins: Vec<AllowedOrigin>,
}

/// An origin that may read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AllowedOrigin {
    /// All origins.
    Any,
    /// The origin `null`, which pages from disk have.
    Null,
    /// One origin.
    Exact(Origin),
}

/// The reason for which a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The request does not name one valid host.
    Host,
    /// The host is not accepted.
    ForeignHost,
    /// The request was made by a page that may not read.
    ForeignOrigin,
}

impl Refusal {
    pub(super) fn status(self) -> StatusCode {
        match self {
            Refusal::Host => StatusCode::BAD_REQUEST,
            Refusal::ForeignHost | Refusal::ForeignOrigin => StatusCode::FORBIDDEN,
        }
    }

    pub(super) fn sentence(self) -> &'static str {
        match self {
            Refusal::Host => "A request names its host once.\n",
            Refusal::ForeignHost => {
                "This host name is not accepted; start ssetail with --allow-host NAME if it is yours.\n"
            }
            Refusal::ForeignOrigin => {
                "Pages of this origin may not read here; start ssetail with --cors ORIGIN to allow it.\n"
            }
        }
    }
}

impl AllowedOrigin {
    /// Parses `*`, `null`, or an origin as a browser writes it.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text {
            "*" => Ok(AllowedOrigin::Any),
            "null" => Ok(AllowedOrigin::Null),
            _ => exact_origin(text).map(AllowedOrigin::Exact).ok_or_else(|| {
                "expected an origin, '*' or null, e.g. https://logs.example".to_owned()
            }),
        }
    }
}

/// Parses a host name and normalizes it for comparison.
pub fn parse_host(text: &str) -> Result<String, String> {
    match Host::parse(text.trim_end_matches('.')) {
        Ok(host) => Ok(host.to_string()),
        Err(_) => Err("expected a host name without a port, e.g. logs.example".to_owned()),
    }
}

impl Trust {
    /// Returns the origin of the request, if it has one, for [`Trust::allow_origin`].
    ///
    /// `is_page` is true for the page itself, to which any site may link.
    pub(super) fn check<B>(
        &self,
        request: &Request<B>,
        is_page: bool,
    ) -> Result<Option<HeaderValue>, Refusal> {
        let host = authority(request)?;
        if !self.accepts_host(&host) {
            return Err(Refusal::ForeignHost);
        }
        let headers = request.headers();
        let mut origins = headers.get_all(ORIGIN).iter();
        match (origins.next(), origins.next()) {
            (Some(origin), None) if self.accepts_origin(origin, &host) => Ok(Some(origin.clone())),
            (None, _) if !is_cross_site(headers) || (is_page && is_navigation(headers)) => Ok(None),
            _ => Err(Refusal::ForeignOrigin),
        }
    }

    /// Allows a page of `origin` to read the answer; and to send cookies and passwords, if the origin
    /// was allowed by its name.
    pub(super) fn allow_origin(&self, headers: &mut HeaderMap, origin: HeaderValue) {
        let exact = origin.to_str().ok().and_then(exact_origin).map(AllowedOrigin::Exact);
        if exact.is_some_and(|exact| self.origins.contains(&exact)) {
            headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.append(VARY, HeaderValue::from_static("origin"));
    }

    fn accepts_host(&self, authority: &Authority) -> bool {
        match Host::parse(authority.host()) {
            Ok(Host::Domain(name)) => {
                is_loopback_name(&name)
                    || self.hosts.iter().any(|host| host == name.trim_end_matches('.'))
            }
            Ok(Host::Ipv4(_) | Host::Ipv6(_)) => true,
            Err(_) => false,
        }
    }

    fn accepts_origin(&self, origin: &HeaderValue, host: &Authority) -> bool {
        let Ok(text) = origin.to_str() else { return false };
        if self.origins.contains(&AllowedOrigin::Any) {
            return true;
        }
        if text == "null" {
            return self.origins.contains(&AllowedOrigin::Null);
        }
        let Some(origin) = exact_origin(text) else { return false };
        is_loopback_origin(&origin)
            || self.origins.contains(&AllowedOrigin::Exact(origin.clone()))
            || ["http", "https"].iter().any(|scheme| {
                exact_origin(&format!("{scheme}://{host}")).is_some_and(|own| own == origin)
            })
    }
}

/// Sets the headers that answer a preflight request of CORS.
pub(super) fn preflight(headers: &mut HeaderMap) {
    let allowed = "last-event-id, cache-control, authorization, accept, content-type";
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, HEAD, OPTIONS"));
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(allowed));
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
}

/// Returns the host of the request: its only `Host`, which must equal that of an absolute URI. A
/// request of HTTP/2 may have no `Host`.
fn authority<B>(request: &Request<B>) -> Result<Authority, Refusal> {
    let mut hosts = request.headers().get_all(HOST).iter();
    let host = hosts.next().map(parse_authority).transpose()?;
    let absolute = request.uri().authority();
    match (absolute, host) {
        _ if hosts.next().is_some() => Err(Refusal::Host),
        (None, Some(host)) => Ok(host),
        (Some(absolute), Some(host)) if *absolute == host => Ok(host),
        (Some(absolute), None) if request.version() == Version::HTTP_2 => Ok(absolute.clone()),
        _ => Err(Refusal::Host),
    }
}

fn parse_authority(host: &HeaderValue) -> Result<Authority, Refusal> {
    let text = host.to_str().ok().filter(|host| !host.contains('@'));
    text.and_then(|host| host.parse().ok()).ok_or(Refusal::Host)
}

fn is_cross_site(headers: &HeaderMap) -> bool {
    headers.get_all("sec-fetch-site").iter().any(|site| site == "cross-site")
}

fn is_navigation(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-mode").is_some_and(|mode| mode == "navigate")
}

/// Parses an origin as browsers write it; none for a longer URL.
fn exact_origin(text: &str) -> Option<Origin> {
    let origin = Url::parse(text).ok()?.origin();
    let has_more = text.matches('/').count() != 2 || text.contains(['?', '#', '@', '\\']);
    (origin.is_tuple() && !has_more).then_some(origin)
}

fn is_loopback_origin(origin: &Origin) -> bool {
    let Origin::Tuple(_, host, _) = origin else { return false };
    match host {
        Host::Domain(name) => is_loopback_name(name),
        Host::Ipv4(address) => *address == std::net::Ipv4Addr::LOCALHOST,
        Host::Ipv6(address) => *address == std::net::Ipv6Addr::LOCALHOST,
    }
}

/// Whether browsers and resolvers never look up the name elsewhere (RFC 6761, section 6.3).
fn is_loopback_name(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    name == "localhost" || name.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(headers: &[(&str, &str)], is_page: bool) -> Result<Option<HeaderValue>, Refusal> {
        let trust = Trust {
            hosts: vec!["logs.example".to_owned()],
            origins: vec![AllowedOrigin::parse("https://ok.example").expect("an origin")],
        };
        let mut request = Request::get("/sse");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        trust.check(&request.body(()).expect("a request"), is_page)
    }

    fn accepts_host(host: &str) -> bool {
        check(&[("host", host)], false).is_ok()
    }

    fn accepts_origin(origin: &str) -> bool {
        check(&[("host", "192.0.2.7:8088"), ("origin", origin)], false).is_ok()
    }

    #[test]
    fn hosts_that_cannot_be_rebound_are_accepted() {
        for host in [
            "localhost",
            "localhost:8088",
            "LOCALHOST",
            "a.localhost:1",
            "localhost.",
            "127.0.0.1:8088",
            "[::1]:8088",
            "192.0.2.7",
            "logs.example",
            "Logs.Example:80",
        ] {
            assert!(accepts_host(host), "{host}");
        }
        for host in [
            "evil.example",
            "localhost.evil.example",
            "notlocalhost",
            "127.0.0.1.evil.example",
            "logs.example.evil.example",
            "x@localhost",
            "",
            "a b",
            "[::1",
            "evil.example:8088",
        ] {
            assert!(!accepts_host(host), "{host}");
        }
        assert_eq!(check(&[], false), Err(Refusal::Host));
        let absolute = |host| {
            let request = Request::get("http://localhost:1/sse").header("host", host);
            Trust::default().check(&request.body(()).expect("a request"), false)
        };
        assert_eq!(absolute("localhost:1"), Ok(None));
        assert_eq!(absolute("127.0.0.1:1"), Err(Refusal::Host));
        assert_eq!(
            check(&[("host", "localhost"), ("host", "localhost")], false),
            Err(Refusal::Host)
        );
    }

    #[test]
    fn loopback_and_allowed_origins_may_read() {
        for origin in [
            "http://localhost:3000",
            "https://localhost",
            "http://app.localhost:1",
            "http://127.0.0.1:5173",
            "http://[::1]:80",
            "https://ok.example",
            "http://192.0.2.7:8088",
        ] {
            assert!(accepts_origin(origin), "{origin}");
        }
        for origin in [
            "null",
            "",
            "http://evil.example",
            "http://localhost.evil.example",
            "http://127.0.0.2",
            "http://192.0.2.8:8088",
            "http://192.0.2.7:1",
            "http://ok.example",
            "https://ok.example:444",
            "https://ok.example.evil.example",
            "https://ok.example/",
            "https://evil.example#ok.example",
            "file://",
            "localhost",
            "http://localhost@evil.example",
        ] {
            assert!(!accepts_origin(origin), "{origin}");
        }
    }

    #[test]
    fn other_sites_may_link_to_the_page_but_not_load_it() {
        let foreign = [("host", "localhost"), ("sec-fetch-site", "cross-site")];
        assert_eq!(check(&foreign, true), Err(Refusal::ForeignOrigin));
        let link = [foreign[0], foreign[1], ("sec-fetch-mode", "navigate")];
        assert_eq!(check(&link, true), Ok(None));
        assert_eq!(check(&link, false), Err(Refusal::ForeignOrigin));
        assert_eq!(check(&[foreign[0], ("sec-fetch-site", "same-site")], false), Ok(None));
    }
}
