//! Access by password or token.
//!
//! A token comes as `Authorization: Bearer`, as a cookie, or once in the URL. A token in the URL is
//! exchanged for the cookie and removed by a redirect, so that it stays in no history and no log.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hyper::header::{AUTHORIZATION, COOKIE, HOST, HeaderValue, InvalidHeaderValue};
use hyper::{Request, Uri};
use subtle::ConstantTimeEq as _;

/// The name of the query parameter for a token.
const TOKEN: &str = "token";

/// A password or token, which is compared in constant time and never shown.
#[derive(Clone)]
pub struct Secret(String);

/// The credentials that requests must have; without any, all requests may read.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// `USER:PASS`
    basic: Option<Secret>,
    token: Option<Secret>,
}

/// The kind of URL of a request, which decides about a token in its query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The page, to which other sites may link: the token is exchanged for a cookie that the browser
    /// also sends when it follows such a link.
    Page,
    /// The event stream, for a client that accepts event streams: the token is accepted as it is,
    /// because an `EventSource` can neither send a header nor keep a cookie of another origin.
    Stream,
    /// Another URL: the token is exchanged for a cookie.
    Other,
}

/// The decision about a request.
#[derive(Debug)]
pub(super) enum Admission {
    /// The request may read.
    Granted,
    /// The request has a token in its URL, which is exchanged for a cookie.
    Exchange(Exchange),
    /// The request may not read; the values of `WWW-Authenticate` name the schemes that would do.
    Refused(Vec<&'static str>),
}

/// A cookie for a token, and the URL without it.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) location: HeaderValue,
    pub(super) cookie: HeaderValue,
}

impl Secret {
    /// Generates a secret of 128 random bits.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)?;
        Ok(Secret(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// Returns the text, to be shown to the user who starts the program.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    fn matches(&self, given: &[u8]) -> bool {
        self.0.as_bytes().ct_eq(given).into()
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Secret(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl Access {
    /// Creates the rule that a request has one of these; `basic` is `USER:PASS`.
    pub fn new(basic: Option<Secret>, token: Option<Secret>) -> Result<Self, &'static str> {
        if basic.as_ref().is_some_and(|basic| !is_user_and_password(&basic.0)) {
            return Err("--auth or SSETAIL_AUTH: expected USER:PASS, neither of them empty");
        }
        if token.as_ref().is_some_and(|token| token.0.is_empty()) {
            return Err("the token is empty; give one, e.g. a-long-secret, or unset SSETAIL_TOKEN");
        }
        if token.as_ref().is_some_and(|token| !is_token(&token.0)) {
            return Err(
                "expected a token of letters, digits and -._~+/ that may end with =, e.g. a-long-secret",
            );
        }
        Ok(Access { basic, token })
    }

    /// Returns true if all requests may read.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.basic.is_none() && self.token.is_none()
    }

    /// Returns whether a user and a password are accepted.
    pub(super) fn has_password(&self) -> bool {
        self.basic.is_some()
    }

    /// Returns the token.
    #[must_use]
    pub fn token(&self) -> Option<&Secret> {
        self.token.as_ref()
    }

    /// Decides about a request. A cookie is for paths below `prefix`, and only for encrypted
    /// connections if this one `is_secure`.
    pub(super) fn check<B>(
        &self,
        request: &Request<B>,
        place: Place,
        prefix: &str,
        is_secure: bool,
    ) -> Admission {
        if self.is_open() {
            return Admission::Granted;
        }
        if let Some(token) = &self.token
            && query_token(request.uri()).is_some_and(|given| token.matches(given.as_bytes()))
        {
            if place == Place::Stream {
                return Admission::Granted;
            }
            if let Ok(exchange) = exchange(request, token, place, prefix, is_secure) {
                return Admission::Exchange(exchange);
            }
        }
        if self.knows_password(request) || self.knows_token(request) {
            return Admission::Granted;
        }
        let basic = self.basic.as_ref().map(|_| r#"Basic realm="ssetail", charset="UTF-8""#);
        let token = self.token.as_ref().map(|_| r#"Bearer realm="ssetail""#);
        Admission::Refused(basic.into_iter().chain(token).collect())
    }

    fn knows_password<B>(&self, request: &Request<B>) -> bool {
        let given = credentials(request, "Basic").and_then(|given| STANDARD.decode(given).ok());
        matches!((&self.basic, given), (Some(basic), Some(given)) if basic.matches(&given))
    }

    fn knows_token<B>(&self, request: &Request<B>) -> bool {
        let Some(token) = &self.token else { return false };
        credentials(request, "Bearer").is_some_and(|given| token.matches(given))
            || cookies(request).any(|given| token.matches(given))
    }
}

/// Returns true if `text` is `USER:PASS`. An empty part is the mark of a variable that is not set.
fn is_user_and_password(text: &str) -> bool {
    text.split_once(':').is_some_and(|(user, password)| !user.is_empty() && !password.is_empty())
}

/// Returns true if `text` needs no quoting in headers and cookies (token68 of RFC 9110, 11.2).
fn is_token(text: &str) -> bool {
    let bare = text.trim_end_matches('=');
    !bare.is_empty() && bare.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~+/".contains(&b))
}

/// Returns the part of `Authorization` after the name of the scheme.
fn credentials<'a, B>(request: &'a Request<B>, scheme: &str) -> Option<&'a [u8]> {
    let value = request.headers().get(AUTHORIZATION)?.as_bytes();
    let (name, rest) = value.split_at_checked(scheme.len())?;
    let given = rest.strip_prefix(b" ")?.trim_ascii();
    name.eq_ignore_ascii_case(scheme.as_bytes()).then_some(given)
}

/// Returns the values of the cookie.
fn cookies<B>(request: &Request<B>) -> impl Iterator<Item = &[u8]> {
    let name = cookie_name(request);
    let headers = request.headers().get_all(COOKIE).into_iter();
    let pairs = headers.flat_map(|header| header.as_bytes().split(|&byte| byte == b';'));
    pairs
        .filter_map(move |pair| pair.trim_ascii().strip_prefix(name.as_bytes())?.strip_prefix(b"="))
}

/// Returns the name of the cookie. It has the port, because all ports of a host share cookies.
pub(super) fn cookie_name<B>(request: &Request<B>) -> String {
    let host = || request.headers().get(HOST)?.to_str().ok()?.parse().ok();
    let authority = request.uri().authority().cloned().or_else(host);
    match authority.and_then(|authority| authority.port_u16()) {
        Some(port) => format!("ssetail-{port}"),
        None => "ssetail".to_owned(),
    }
}

pub(super) fn query_token(uri: &Uri) -> Option<String> {
    let mut pairs = form_urlencoded::parse(uri.query()?.as_bytes());
    // A plus in a query means a space, which no token has, so it was a plus.
    pairs.find_map(|(key, value)| (key == TOKEN).then(|| value.replace(' ', "+")))
}

fn exchange<B>(
    request: &Request<B>,
    token: &Secret,
    place: Place,
    prefix: &str,
    is_secure: bool,
) -> Result<Exchange, InvalidHeaderValue> {
    let name = cookie_name(request);
    let path = if prefix.is_empty() { "/" } else { prefix };
    let secure = if is_secure { "; Secure" } else { "" };
    // With `Strict`, a link on another site would lead to a page without access.
    let same_site = if place == Place::Page { "Lax" } else { "Strict" };
    let cookie = format!("{name}={}; Path={path}; HttpOnly; SameSite={same_site}{secure}", token.0);
    let mut cookie = HeaderValue::try_from(cookie)?;
    cookie.set_sensitive(true);
    Ok(Exchange { location: HeaderValue::try_from(without_token(request.uri()))?, cookie })
}

/// Returns the URL without its token, as a relative one, which cannot lead to another host.
pub(super) fn without_token(uri: &Uri) -> String {
    let file = uri.path().rsplit('/').next().unwrap_or("");
    let is_token =
        |pair: &&str| form_urlencoded::parse(pair.as_bytes()).any(|(key, _)| key == TOKEN);
    let query = uri.query().unwrap_or("").split('&');
    let rest: Vec<&str> = query.filter(|pair| !pair.is_empty() && !is_token(pair)).collect();
    let separator = if rest.is_empty() { "" } else { "?" };
    format!("./{file}{separator}{}", rest.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access() -> Access {
        let secret = |text: &str| Some(Secret::from(text.to_owned()));
        Access::new(secret("me:pa:ss"), secret("t+/~k==")).expect("valid secrets")
    }

    fn check(uri: &str, headers: &[(&str, &str)]) -> Admission {
        check_at(Place::Other, uri, headers)
    }

    fn check_at(place: Place, uri: &str, headers: &[(&str, &str)]) -> Admission {
        let mut request = Request::get(uri).header("host", "localhost:8088");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        access().check(&request.body(()).expect("a request"), place, "/logs", true)
    }

    fn is_granted(headers: &[(&str, &str)]) -> bool {
        matches!(check("/sse", headers), Admission::Granted)
    }

    #[test]
    fn a_password_or_a_token_grants_access() {
        assert!(is_granted(&[("authorization", "Basic bWU6cGE6c3M=")]));
        assert!(is_granted(&[("authorization", "basic  bWU6cGE6c3M=")]));
        assert!(is_granted(&[("authorization", "Bearer t+/~k==")]));
        assert!(is_granted(&[("cookie", "a=b; ssetail-8088=t+/~k==; c=d")]));
        assert!(is_granted(&[("cookie", "ssetail-8088=old"), ("cookie", "ssetail-8088=t+/~k==")]));
        for wrong in [
            ("authorization", "Basic bWU6cGE6c3M"),
            ("authorization", "Basic t+/~k=="),
            ("authorization", "Bearer me:pa:ss"),
            ("authorization", "Bearer t+/~k="),
            ("authorization", "Bearer t+/~k==="),
            ("authorization", "Bearer "),
            ("authorization", "Bearert+/~k=="),
            ("authorization", "t+/~k=="),
            ("cookie", "ssetail-8089=t+/~k=="),
            ("cookie", "ssetail-8088="),
            ("cookie", "xssetail-8088=t+/~k=="),
        ] {
            assert!(!is_granted(&[wrong]), "{wrong:?}");
        }
    }

    #[test]
    fn a_refusal_names_the_schemes_that_would_do() {
        let Admission::Refused(challenges) = check("/sse?token=wrong", &[]) else {
            panic!("the request was not refused");
        };
        assert_eq!(
            challenges,
            [r#"Basic realm="ssetail", charset="UTF-8""#, r#"Bearer realm="ssetail""#]
        );
    }

    #[test]
    fn a_token_in_the_url_becomes_a_cookie() {
        let exchanged = |uri| match check(uri, &[]) {
            Admission::Exchange(exchange) => exchange,
            other => panic!("{uri}: {other:?}"),
        };
        let exchange = exchanged("/logs/sse?n=1&token=t%2B/~k%3D%3D&file=a%26b");
        assert_eq!(exchange.location, "./sse?n=1&file=a%26b");
        assert_eq!(
            exchange.cookie,
            "ssetail-8088=t+/~k==; Path=/logs; HttpOnly; SameSite=Strict; Secure"
        );
        assert_eq!(exchanged("/?token=t+/~k==").location, "./");
        assert_eq!(exchanged("//evil.example?token=t+/~k==").location, "./evil.example");
        assert_eq!(exchanged("/sse?%74oken=t+/~k==&x").location, "./sse?x");
    }

    #[test]
    fn the_event_stream_takes_a_token_as_it_is_and_the_page_for_links_too() {
        let uri = "/logs/sse?token=t%2B/~k%3D%3D";
        assert!(matches!(check_at(Place::Stream, uri, &[]), Admission::Granted));
        let wrong = check_at(Place::Stream, "/logs/sse?token=t", &[]);
        assert!(matches!(wrong, Admission::Refused(_)));
        let Admission::Exchange(exchange) = check_at(Place::Page, "/logs/?token=t+/~k==", &[])
        else {
            panic!("the token was not exchanged");
        };
        let cookie = exchange.cookie.to_str().expect("ASCII");
        assert!(cookie.ends_with("; HttpOnly; SameSite=Lax; Secure"), "{cookie}");
    }

    #[test]
    fn secrets_that_cannot_work_are_refused_and_never_shown() {
        let new = |basic: Option<&str>, token: Option<&str>| {
            let secret = |text: &str| Secret::from(text.to_owned());
            Access::new(basic.map(secret), token.map(secret))
        };
        for basic in ["nocolon", "", ":", "me:", ":pw"] {
            assert!(new(Some(basic), None).is_err(), "{basic:?}");
        }
        assert!(new(Some("me::"), None).is_ok(), "the password is a colon");
        for token in ["", "a b", "a;b", "a=b", "=", "é", "a\n"] {
            assert!(new(None, Some(token)).is_err(), "{token:?}");
        }
        let access = new(Some("me:hidden"), Some("hidden")).expect("valid secrets");
        assert!(!format!("{access:?}").contains("hidden"));
        assert!(new(None, Some(Secret::generate().expect("random").reveal())).is_ok());
    }
}
