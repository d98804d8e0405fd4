//! The address of a stream, and the credentials for its server.
//!
//! Pure. No text that is made here has the credentials.

use std::fmt;

use url::Url;

/// The port of NATS servers.
const PORT: u16 = 4222;

/// The address of a stream.
#[derive(Clone, PartialEq, Eq)]
pub struct StreamAddress {
    /// `nats` or `tls`.
    scheme: String,
    host: String,
    port: u16,
    stream: String,
}

/// The credentials in an address, which are never shown.
#[derive(Clone, PartialEq, Eq)]
pub enum Credentials {
    /// A token.
    Token(String),
    /// A user and a password.
    Password(String, String),
}

impl StreamAddress {
    /// Parses a URL such as `nats://127.0.0.1:4222/LOGS`; returns it with the credentials in it.
    ///
    /// The error is a sentence that does not repeat the URL, which may have credentials.
    pub fn parse(text: &str) -> Result<(Self, Option<Credentials>), String> {
        let example = "give one such as nats://127.0.0.1:4222/LOGS";
        let url = Url::parse(text)
            .map_err(|error| format!("the address of a stream is no URL: {error}; {example}"))?;
        if !matches!(url.scheme(), "nats" | "tls") {
            return Err(format!(
                "the address of a stream begins with nats:// or tls://; {example}"
            ));
        }
        let host = url.host_str().filter(|host| !host.is_empty());
        let Some(host) = host else {
            return Err(format!("the address of a stream has no host; {example}"));
        };
        let stream = url.path().trim_start_matches('/').trim_end_matches('/').to_owned();
        let is_name = |name: &str| {
            let is_letter = |letter: u8| letter.is_ascii_alphanumeric() || b"-_".contains(&letter);
            !name.is_empty() && name.bytes().all(is_letter)
        };
        if !is_name(&stream) || url.query().is_some() || url.fragment().is_some() {
            return Err(format!(
                "the address of a stream ends with its name, of letters, digits, - and _; {example}"
            ));
        }
        let user = percent_decode(url.username());
        let credentials = match (user, url.password().map(percent_decode)) {
            (user, _) if user.is_empty() => None,
            (token, None) => Some(Credentials::Token(token)),
            (user, Some(password)) => Some(Credentials::Password(user, password)),
        };
        let (scheme, host) = (url.scheme().to_owned(), host.to_owned());
        let address = StreamAddress { scheme, host, port: url.port().unwrap_or(PORT), stream };
        Ok((address, credentials))
    }

    /// The name of the stream.
    #[must_use]
    pub fn stream(&self) -> &str {
        &self.stream
    }

    /// The URL of the server.
    #[must_use]
    pub fn server(&self) -> String {
        format!("{}://{}:{}", self.scheme, self.host, self.port)
    }

    /// The subject of a host in the stream.
    #[must_use]
    pub fn subject(&self, host: &str) -> String {
        format!("{}.{}", self.subject_prefix(), encode_host(host))
    }

    /// The subject on which the publisher of a host answers that it is there; no part of the stream.
    #[must_use]
    pub fn presence(&self, host: &str) -> String {
        format!("ssetail-presence.{}.{}", self.stream, encode_host(host))
    }

    /// The subjects of all hosts in the stream.
    #[must_use]
    pub fn subjects(&self) -> String {
        format!("{}.*", self.subject_prefix())
    }

    /// Returns the host to which a subject of the stream belongs.
    #[must_use]
    pub fn host_of(&self, subject: &str) -> Option<String> {
        let prefix = self.subject_prefix();
        let host = subject.strip_prefix(&prefix)?.strip_prefix('.')?;
        Some(percent_decode(host)).filter(|host| !host.is_empty())
    }

    fn subject_prefix(&self) -> String {
        format!("ssetail.{}", self.stream)
    }
}

impl fmt::Display for StreamAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.server(), self.stream)
    }
}

impl fmt::Debug for StreamAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials")
    }
}

/// Encodes the name of a host as one token of a subject.
fn encode_host(host: &str) -> String {
    let mut token = String::new();
    for byte in host.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_".contains(&byte) {
            token.push(char::from(byte));
        } else {
            token.push_str(&format!("%{byte:02X}"));
        }
    }
    token
}

fn percent_decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        let digit = |at: usize| char::from(*behind.get(at)?).to_digit(16);
        if byte == b'%'
            && let (Some(high), Some(low)) = (digit(0), digit(1))
        {
            bytes.push((high << 4 | low) as u8);
            rest = &behind[2..];
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn credentials_are_taken_out_of_the_address() {
        let password = |user: &str, text: &str| Credentials::Password(user.into(), text.into());
        for (text, address, credentials) in [
            ("nats://h/LOGS", "nats://h:4222/LOGS", None),
            ("tls://h:1/L_O-1/", "tls://h:1/L_O-1", None),
            ("nats://s%2Fec@h/L", "nats://h:4222/L", Some(Credentials::Token("s/ec".into()))),
            ("nats://a:b@[::1]:9/L", "nats://[::1]:9/L", Some(password("a", "b"))),
        ] {
            let (parsed, found) = StreamAddress::parse(text).expect("an address");
            assert_eq!((parsed.to_string().as_str(), found), (address, credentials));
        }
    }

    #[test]
    fn an_address_without_a_stream_is_refused_without_repeating_it() {
        for text in ["nats://tok@h", "nats://tok@h/a.b", "http://tok@h/L", "nats://tok@h/L?x", "x"]
        {
            let error = StreamAddress::parse(text).expect_err("no stream");
            assert!(!error.contains("tok") && error.contains("nats://127.0.0.1:4222/LOGS"));
        }
    }

    proptest! {
        #[test]
        fn the_host_is_one_token_of_the_subject(host in "\\PC{1,20}") {
            let (address, _) = StreamAddress::parse("nats://h/LOGS").expect("an address");
            let subject = address.subject(&host);
            prop_assert_eq!(subject.split('.').count(), 3);
            prop_assert!(!subject.contains(['*', '>', ' ']));
            prop_assert_eq!(address.host_of(&subject), Some(host));
        }
    }
}
