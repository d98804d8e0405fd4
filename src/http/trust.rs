//! Protection against web pages of other sites, which must not read the logs.
//!
//! Two checks are needed. `Host` shows a request to a DNS name that was rebound to this address,
//! which has no `Origin`. `Origin` and `Sec-Fetch-Site` show a request by a page of another site.

use hyper::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS, HOST,
    HeaderName, HeaderValue, ORIGIN, VARY,
};
use hyper::http::uri::Authority;
use hyper::{HeaderMap, Request, StatusCode, Version};
use url::{Host, Origin};

use super::allowed::{AllowedHost, AllowedOrigin};

/// Names of headers that a preflight may use although it asks for none.
const USUAL_HEADERS: &str = "last-event-id, cache-control, authorization, accept, content-type";

/// The hosts and origins whose requests are answered.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// Host names that are accepted in addition to loopback names and IP addresses.
    pub hosts: Vec<AllowedHost>,
    /// Origins that may read in addition to the server's own and loopback origins.
    pub origins: Vec<AllowedOrigin>,
}

/// The content of a path, as far as the checks depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// Lines, or something about them; also what is not there.
    Logs,
    /// The page, to which any site may link.
    Page,
    /// A file of the page. It is the same for everybody, so that every origin may load it; proxies
    /// that replace `Host` make the page's own origin a foreign one.
    PageFile,
    /// The health check, whose clients often send no `Host`, or any.
    Health,
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

impl Trust {
    /// Returns the origin of a request that may read, for [`Trust::allow_origin`]; none if the answer
    /// needs no header of CORS.
    pub(super) fn check<B>(
        &self,
        request: &Request<B>,
        content: Content,
    ) -> Result<Option<HeaderValue>, Refusal> {
        let host = match self.host(request) {
            Ok(host) => Some(host),
            Err(_) if content == Content::Health => None,
            Err(refusal) => return Err(refusal),
        };
        let headers = request.headers();
        let mut origins = headers.get_all(ORIGIN).iter();
        match (origins.next(), origins.next()) {
            (Some(origin), None) if self.accepts_origin(origin, host.as_ref()) => {
                Ok(Some(origin.clone()))
            }
            (Some(_), None) if is_same_origin(headers) => Ok(None),
            (None, _) if !is_cross_site(headers) => Ok(None),
            (None, _) if content == Content::Page && is_navigation(headers) => Ok(None),
            _ if content == Content::PageFile => Ok(None),
            _ => Err(Refusal::ForeignOrigin),
        }
    }

    /// Allows a page of `origin` to read the answer; and to send cookies and passwords, if the origin
    /// was allowed by its name.
    pub(super) fn allow_origin(&self, headers: &mut HeaderMap, origin: HeaderValue) {
        let named = origin.to_str().ok().and_then(AllowedOrigin::exact);
        if named.is_some_and(|named| self.origins.contains(&named)) {
            headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.append(VARY, HeaderValue::from_static("origin"));
    }

    /// Returns the host of the request, if it is accepted.
    fn host<B>(&self, request: &Request<B>) -> Result<Authority, Refusal> {
        let host = authority(request)?;
        if self.accepts_host(&host) { Ok(host) } else { Err(Refusal::ForeignHost) }
    }

    fn accepts_host(&self, authority: &Authority) -> bool {
        match Host::parse(authority.host()) {
            Ok(Host::Domain(name)) => {
                let name = name.strip_suffix('.').unwrap_or(&name);
                is_loopback_name(name) || self.hosts.iter().any(|host| host.matches(name))
            }
            Ok(Host::Ipv4(_) | Host::Ipv6(_)) => true,
            Err(_) => false,
        }
    }

    fn accepts_origin(&self, origin: &HeaderValue, host: Option<&Authority>) -> bool {
        let Ok(text) = origin.to_str() else { return false };
        if self.origins.contains(&AllowedOrigin::Any) {
            return true;
        }
        if text == "null" {
            return self.origins.contains(&AllowedOrigin::Null);
        }
        let Some(origin) = AllowedOrigin::exact(text) else { return false };
        let is_own = |scheme| {
            host.and_then(|host| AllowedOrigin::exact(&format!("{scheme}://{host}"))).as_ref()
                == Some(&origin)
        };
        self.origins.contains(&origin)
            || is_loopback_origin(&origin)
            || is_own("http")
            || is_own("https")
    }
}

/// Sets the headers that answer a preflight request of CORS with these headers.
///
/// The headers that it asks for are allowed, because libraries for monitoring add their own. Without
/// `Access-Control-Allow-Origin`, a browser passes over all of this.
pub(super) fn preflight(request: &HeaderMap, answer: &mut HeaderMap) {
    let asked = request.get(ACCESS_CONTROL_REQUEST_HEADERS).filter(|names| are_names(names));
    let allowed = asked.cloned().unwrap_or(HeaderValue::from_static(USUAL_HEADERS));
    answer.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, HEAD, OPTIONS"));
    answer.insert(ACCESS_CONTROL_ALLOW_HEADERS, allowed);
    answer.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
}

/// Returns true if `names` is a list of names of headers, with commas between them.
fn are_names(names: &HeaderValue) -> bool {
    let mut names = names.as_bytes().split(|byte| *byte == b',');
    names.all(|name| HeaderName::from_bytes(name.trim_ascii()).is_ok())
}

/// Returns the host of the request: its only `Host`, which must equal that of an absolute URI. A
/// request of HTTP/2 may have no `Host`.
pub(super) fn authority<B>(request: &Request<B>) -> Result<Authority, Refusal> {
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

/// Returns true if the browser says that a page of the same address has made the request: of the
/// address that the browser knows, which a proxy may have replaced.
///
/// Scripts cannot set this header. A name that was rebound says so too, so that `Host` has to be
/// checked before.
fn is_same_origin(headers: &HeaderMap) -> bool {
    let mut sites = headers.get_all("sec-fetch-site").iter();
    sites.next().is_some_and(|site| site == "same-origin") && sites.next().is_none()
}

fn is_navigation(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-mode").is_some_and(|mode| mode == "navigate")
}

fn is_loopback_origin(origin: &AllowedOrigin) -> bool {
    let AllowedOrigin::Exact(Origin::Tuple(_, host, _)) = origin else { return false };
    match host {
        Host::Domain(name) => is_loopback_name(name.strip_suffix('.').unwrap_or(name)),
        Host::Ipv4(address) => *address == std::net::Ipv4Addr::LOCALHOST,
        Host::Ipv6(address) => *address == std::net::Ipv6Addr::LOCALHOST,
    }
}

/// Returns true if browsers and resolvers never look up the name elsewhere (RFC 6761, section
/// 6.3). The name has no trailing dot.
fn is_loopback_name(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(headers: &[(&str, &str)], content: Content) -> Result<Option<HeaderValue>, Refusal> {
        let trust = Trust {
            hosts: ["logs.example", "*.many.example"]
                .map(|host| AllowedHost::parse(host).expect("a host"))
                .to_vec(),
            origins: vec![AllowedOrigin::parse("https://ok.example").expect("an origin")],
        };
        let mut request = Request::get("/sse");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        trust.check(&request.body(()).expect("a request"), content)
    }

    fn accepts_host(host: &str) -> bool {
        check(&[("host", host)], Content::Logs).is_ok()
    }

    fn accepts_origin(origin: &str) -> bool {
        check(&[("host", "192.0.2.7:8088"), ("origin", origin)], Content::Logs).is_ok()
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
            "logs.example.:80",
            "a.many.example",
            "a.b.many.example:1",
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
            "many.example",
            "logs.example..",
            "localhost..",
        ] {
            assert!(!accepts_host(host), "{host}");
        }
        assert_eq!(check(&[], Content::Logs), Err(Refusal::Host));
        let absolute = |host| {
            let request = Request::get("http://localhost:1/sse").header("host", host);
            Trust::default().check(&request.body(()).expect("a request"), Content::Logs)
        };
        assert_eq!(absolute("localhost:1"), Ok(None));
        assert_eq!(absolute("127.0.0.1:1"), Err(Refusal::Host));
        assert_eq!(
            check(&[("host", "localhost"), ("host", "localhost")], Content::Logs),
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
        assert_eq!(check(&foreign, Content::Page), Err(Refusal::ForeignOrigin));
        let link = [foreign[0], foreign[1], ("sec-fetch-mode", "navigate")];
        assert_eq!(check(&link, Content::Page), Ok(None));
        assert_eq!(check(&link, Content::Logs), Err(Refusal::ForeignOrigin));
        let same_site = [foreign[0], ("sec-fetch-site", "same-site")];
        assert_eq!(check(&same_site, Content::Logs), Ok(None));
    }
}
