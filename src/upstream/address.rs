//! The address of an event stream of another machine, and the credentials for it.
//!
//! Pure. No text that is made here has the credentials.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use url::{Host, Position, Url};

/// Text in place of a value that is not shown.
const HIDDEN: &str = "***";

/// The address of an event stream, or of the page of an ssetail; clones are cheap enough.
#[derive(Clone, PartialEq, Eq)]
pub struct UpstreamAddress {
    url: Url,
    /// The URL as it may be shown.
    shown: String,
}

/// The value of `Authorization`, which is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Authorization(String);

impl UpstreamAddress {
    /// Parses the URL of a SOURCE; returns it with the credentials in it.
    ///
    /// The error is a sentence that does not repeat the URL, which may have credentials.
    pub fn parse(text: &str) -> Result<(Self, Option<Authorization>), String> {
        let example = "give one such as https://web1:8088/";
        let mut url =
            Url::parse(text).map_err(|error| format!("a SOURCE is no URL: {error}; {example}"))?;
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err(format!("a SOURCE is no URL that can be followed; {example}"));
        }
        let user = percent_decode(url.username());
        let password = url.password().map(percent_decode);
        let mut authorization = match (user.as_slice(), password) {
            ([], None) => None,
            ([], Some(token)) => Some(Authorization::bearer(&String::from_utf8_lossy(&token))),
            (user, password) => Some(Authorization::basic(user, &password.unwrap_or_default())),
        };
        let _ = (url.set_username(""), url.set_password(None));
        url.set_fragment(None);
        if let Some(token) = take_token(&mut url) {
            authorization = authorization.or(Some(Authorization::bearer(&token)));
        }
        if authorization.as_ref().is_some_and(|found| !found.is_header()) {
            return Err("the credentials in the URL of a SOURCE have control characters".to_owned());
        }
        Ok((UpstreamAddress::new(url), authorization))
    }

    fn new(url: Url) -> Self {
        let shown = without_values(&url);
        UpstreamAddress { url, shown }
    }

    /// Returns the address to which `location` of a redirect leads, if it is the same server.
    pub(super) fn redirected(&self, location: &str) -> Option<Self> {
        let mut url = self.url.join(location).ok()?;
        let origin = |url: &Url| {
            (
                url.scheme().to_owned(),
                url.host_str().map(str::to_owned),
                url.port_or_known_default(),
            )
        };
        if origin(&url) != origin(&self.url) {
            return None;
        }
        let _ = (url.set_username(""), url.set_password(None));
        url.set_fragment(None);
        Some(UpstreamAddress::new(url))
    }

    /// Returns true if the connection is encrypted.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// Returns true if the host is a loopback name or address, and so this machine.
    pub(super) fn is_loopback(&self) -> bool {
        match self.url.host() {
            Some(Host::Domain(name)) => {
                let name = name.strip_suffix('.').unwrap_or(name);
                name == "localhost" || name.ends_with(".localhost")
            }
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.to_canonical().is_loopback(),
            None => false,
        }
    }

    /// The host as it is written in a URL.
    #[must_use]
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// The host for a connection: a name, or an IP address without brackets.
    pub(super) fn connect_host(&self) -> &str {
        self.host().trim_start_matches('[').trim_end_matches(']')
    }

    pub(super) fn port(&self) -> u16 {
        self.url.port_or_known_default().unwrap_or(443)
    }

    /// Host and port as `Host` has them; the port only if it is not that of the scheme.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.url[Position::BeforeHost..Position::AfterPort]
    }

    /// The target of a request line, with `parameters` added to the query.
    pub(super) fn target(&self, parameters: &str) -> String {
        let target = &self.url[Position::BeforePath..Position::AfterQuery];
        match parameters {
            "" => target.to_owned(),
            more if self.url.query().is_some_and(|query| !query.is_empty()) => {
                format!("{target}&{more}")
            }
            more => format!("{}?{more}", target.trim_end_matches('?')),
        }
    }

    /// The URL as it may be shown: without credentials, and without the values of the query, which
    /// may be some.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.shown
    }

    /// The text by which the journal knows the address: as it is shown, with a checksum of a query.
    pub(super) fn key(&self) -> String {
        match self.url.query().filter(|query| !query.is_empty()) {
            Some(query) => format!("{} {:08x}", self.shown, crc32fast::hash(query.as_bytes())),
            None => self.shown.clone(),
        }
    }
}

/// Returns a URL with [`HIDDEN`] in place of the values of its query.
fn without_values(url: &Url) -> String {
    let Some(query) = url.query() else { return url.as_str().to_owned() };
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let pairs: Vec<String> = pairs
        .map(|pair| match pair.split_once('=') {
            Some((key, _)) => format!("{key}={HIDDEN}"),
            // It may be a value without a key.
            None => HIDDEN.to_owned(),
        })
        .collect();
    format!("{}?{}", &url[..Position::AfterPath], pairs.join("&"))
}

/// Removes `token` from the query, where the printed address of an ssetail has it.
fn take_token(url: &mut Url) -> Option<String> {
    let mut token = None;
    let rest: Vec<(String, String)> = url
        .query_pairs()
        .into_owned()
        .filter(|(key, value)| {
            let is_token = key == "token";
            if is_token {
                token = Some(value.clone());
            }
            !is_token
        })
        .collect();
    if token.is_some() {
        url.set_query(None);
        if !rest.is_empty() {
            url.query_pairs_mut().extend_pairs(rest);
        }
    }
    token.filter(|token| !token.is_empty())
}

/// Decodes the user part of a URL.
fn percent_decode(text: &str) -> Vec<u8> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::new();
    while let Some(byte) = bytes.next() {
        let mut digits = bytes.clone();
        let pair = [digits.next(), digits.next()].map(|digit| digit.and_then(hex_digit));
        match (byte, pair) {
            (b'%', [Some(high), Some(low)]) => {
                decoded.push(high << 4 | low);
                bytes = digits;
            }
            _ => decoded.push(byte),
        }
    }
    decoded
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).map(|digit| digit as u8)
}

impl Authorization {
    /// A bearer token.
    #[must_use]
    pub fn bearer(token: &str) -> Self {
        Authorization(format!("Bearer {token}"))
    }

    fn basic(user: &[u8], password: &[u8]) -> Self {
        Authorization(format!("Basic {}", STANDARD.encode([user, b":", password].concat())))
    }

    /// Returns true if it can be sent in a header.
    #[must_use]
    pub fn is_header(&self) -> bool {
        self.0.bytes().all(|byte| byte >= b' ' && byte != 0x7F)
    }

    /// The value of the header; only for sending it.
    pub(super) fn header(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authorization")
    }
}

impl fmt::Debug for UpstreamAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for UpstreamAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> (String, Option<String>) {
        let (address, authorization) = UpstreamAddress::parse(text).expect("an address");
        (address.to_string(), authorization.map(|found| found.0))
    }

    #[test]
    fn credentials_are_taken_out_of_the_address() {
        for (text, address, authorization) in [
            ("https://web1:8088/", "https://web1:8088/", None),
            ("http://web1", "http://web1/", None),
            ("https://:s%2Fec@web1/", "https://web1/", Some("Bearer s/ec")),
            ("https://a:b@web1/x?y=1#z", "https://web1/x?y=***", Some("Basic YTpi")),
            ("https://a@web1/", "https://web1/", Some("Basic YTo=")),
            ("http://web1:8088/?token=se%20c", "http://web1:8088/", Some("Bearer se c")),
            ("http://web1/e?a=1&token=t&b=2", "http://web1/e?a=***&b=***", Some("Bearer t")),
            ("http://web1/e?s3cret&&k=", "http://web1/e?***&k=***", None),
        ] {
            assert_eq!(parse(text), (address.to_owned(), authorization.map(str::to_owned)));
        }
    }

    #[test]
    fn an_address_that_cannot_be_followed_is_refused_without_repeating_it() {
        for text in ["https://", "http://a:secret@", "https://:%0A@web1/", "https://a:secret@b c/"]
        {
            let sentence = UpstreamAddress::parse(text).expect_err(text);
            assert!(!sentence.contains("secret"), "{sentence}");
        }
    }

    #[test]
    fn a_redirect_stays_on_the_same_server() {
        let (address, _) = UpstreamAddress::parse("https://web1:8088/logs/").expect("an address");
        let to = |location| address.redirected(location).map(|to| to.to_string());
        assert_eq!(to("sse?a=1").as_deref(), Some("https://web1:8088/logs/sse?a=***"));
        assert_eq!(to("/sse").as_deref(), Some("https://web1:8088/sse"));
        for elsewhere in ["https://web2:8088/", "http://web1:8088/", "https://web1/", "//web2/"] {
            assert_eq!(to(elsewhere), None, "{elsewhere}");
        }
    }

    #[test]
    fn addresses_that_differ_by_their_query_are_different_to_the_journal() {
        let key = |text| UpstreamAddress::parse(text).expect("an address").0.key();
        assert_eq!(key("https://web1/x?"), "https://web1/x?");
        let keys = [key("https://web1/x?a=1"), key("https://web1/x?a=2")];
        assert_ne!(keys[0], keys[1]);
        assert!(keys[0].starts_with("https://web1/x?a=*** "), "{}", keys[0]);
    }

    #[test]
    fn parameters_are_added_to_the_query() {
        let target = |text, more| UpstreamAddress::parse(text).expect("one").0.target(more);
        assert_eq!(target("http://a/sse", ""), "/sse");
        assert_eq!(target("http://a/sse?", "n=1"), "/sse?n=1");
        assert_eq!(target("http://[::1]:5/sse?x=1", "n=1"), "/sse?x=1&n=1");
    }
}
