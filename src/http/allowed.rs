//! The hosts and origins that a user names.

use url::{Host, Origin, Position, Url};

/// Host names that are accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AllowedHost {
    /// One name, in lower case and without a trailing dot.
    Name(String),
    /// All names that end with a dot and this name, in lower case and without a trailing dot.
    Below(String),
}

/// Origins that may read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AllowedOrigin {
    /// All origins.
    Any,
    /// The origin `null`, which pages from disk have.
    Null,
    /// One origin of HTTP or HTTPS.
    Exact(Origin),
    /// One origin of a scheme that belongs to an application, such as `tauri://localhost`, in lower
    /// case.
    Application(String),
}

impl AllowedHost {
    /// Parses a host name, or `*.` and a name for all names below that. A name has no port.
    pub fn parse(text: &str) -> Result<Self, String> {
        let parsed = match text.strip_prefix("*.") {
            Some(parent) => match parse_host(parent) {
                Some(Host::Domain(name)) => Some(AllowedHost::Below(name)),
                _ => None,
            },
            None => parse_host(text).map(|host| AllowedHost::Name(host.to_string())),
        };
        parsed.ok_or_else(|| {
            "expected a host name without scheme, port and path, e.g. logs.example, \
             or *.logs.example for all names below it"
                .to_owned()
        })
    }

    /// Returns true if this accepts a name that is in lower case and has no trailing dot.
    pub(super) fn matches(&self, name: &str) -> bool {
        match self {
            AllowedHost::Name(own) => own == name,
            AllowedHost::Below(parent) => {
                let labels = name.strip_suffix(&**parent).and_then(|rest| rest.strip_suffix('.'));
                labels.is_some_and(has_labels)
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
            _ => AllowedOrigin::exact(text).ok_or_else(|| {
                "expected an origin without a path, '*' or null, e.g. https://logs.example \
                 or tauri://localhost"
                    .to_owned()
            }),
        }
    }

    /// Parses one origin as browsers write it; none for a longer URL, or where no page can be.
    pub(super) fn exact(text: &str) -> Option<Self> {
        let url = Url::parse(text).ok()?;
        let has_more = text.matches('/').count() != 2
            || text.contains(['?', '#', '@', '\\', '*'])
            || text.contains(|c: char| c.is_whitespace() || c.is_control());
        match url.scheme() {
            _ if has_more || !url.has_host() => None,
            "http" | "https" => Some(AllowedOrigin::Exact(url.origin())),
            _ if url.is_special() => None,
            _ => Some(AllowedOrigin::Application(url[..Position::BeforePath].to_ascii_lowercase())),
        }
    }
}

/// Parses a host without a trailing dot; none for a name that no request can have.
fn parse_host(text: &str) -> Option<Host> {
    let host = Host::parse(text.strip_suffix('.').unwrap_or(text)).ok()?;
    let is_possible = match &host {
        Host::Domain(name) => has_labels(name) && !name.contains('*'),
        Host::Ipv4(_) | Host::Ipv6(_) => true,
    };
    is_possible.then_some(host)
}

/// Returns true if no label of the name is empty.
fn has_labels(name: &str) -> bool {
    name.split('.').all(|label| !label.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(allowed: &str, name: &str) -> bool {
        AllowedHost::parse(allowed).expect("a host").matches(name)
    }

    #[test]
    fn a_name_matches_itself_and_a_pattern_the_names_below() {
        for allowed in ["logs.example", "LOGS.example", "logs.example."] {
            assert!(matches(allowed, "logs.example"), "{allowed}");
            assert!(!matches(allowed, "a.logs.example"), "{allowed}");
        }
        for allowed in ["*.logs.example", "*.Logs.Example."] {
            assert!(matches(allowed, "a.logs.example"), "{allowed}");
            assert!(matches(allowed, "a.b.logs.example"), "{allowed}");
            for other in
                ["logs.example", ".logs.example", "a..logs.example", "alogs.example", "a.example"]
            {
                assert!(!matches(allowed, other), "{allowed} {other}");
            }
        }
        assert!(matches("my_service", "my_service"));
        assert!(matches("*.bücher.example", "a.xn--bcher-kva.example"));
        assert!(AllowedHost::parse("192.0.2.7").is_ok() && AllowedHost::parse("[::1]").is_ok());
    }

    #[test]
    fn hosts_that_match_nothing_are_refused() {
        for text in [
            "",
            ".",
            "*",
            "*.",
            "*.*.example",
            "a.*.example",
            "*a.example",
            "logs.*",
            "**.example",
            ".example",
            "a..example",
            "a.example..",
            "*..example",
            "http://logs.example",
            "logs.example:8088",
            "*.logs.example:443",
            "logs.example/",
            "logs.example/logs",
            "me@logs.example",
            " logs.example",
            "logs example",
            "::1",
            "*.192.0.2.7",
            "*.[::1]",
        ] {
            let sentence = AllowedHost::parse(text).expect_err(text);
            assert!(sentence.contains("*.logs.example"), "{sentence}");
        }
    }

    #[test]
    fn origins_of_applications_are_parsed() {
        for text in [
            "tauri://localhost",
            "capacitor://localhost",
            "chrome-extension://abcdefghijklmnopabcdefghijklmnop",
            "moz-extension://6c2e5a2e-0f0e-4d4c-9b0c-3f6f2f6f0b57",
            "vscode-webview://1f2d9hr6k0m2tq",
            "app://obsidian.md",
            "app://-",
            "app://localhost:3000",
        ] {
            let origin = AllowedOrigin::Application(text.to_owned());
            assert_eq!(AllowedOrigin::parse(text).as_ref(), Ok(&origin), "{text}");
            assert_eq!(AllowedOrigin::parse(&text.to_uppercase()), Ok(origin), "{text}");
        }
    }

    #[test]
    fn origins_that_no_page_has_are_refused() {
        for text in [
            "",
            "localhost",
            "logs.example:80",
            "https://",
            "https://logs.example/",
            "https://logs.example/x",
            "https://me@logs.example",
            "https://*.logs.example",
            "https://logs.example:x",
            " https://logs.example",
            "tauri://",
            "tauri:localhost",
            "tauri://localhost/",
            "tauri://localhost?x",
            "tauri://a b",
            "app://*",
            "file://",
            "file://server",
            "ws://logs.example",
            "ftp://logs.example",
            "blob:https://logs.example",
            "data:,x",
        ] {
            assert!(AllowedOrigin::parse(text).is_err(), "{text}");
        }
    }
}
