//! Requests by browsers, through proxies and under other names (docs/PROTOCOL.md, "Trust").

use crate::harness::client::{Connection, Response, request};
use crate::harness::{Running, Ssetail};

/// The kinds of content, each with a path of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    Logs,
    Page,
    PageFile,
    Health,
}

const CONTENTS: [Content; 4] = [Content::Logs, Content::Page, Content::PageFile, Content::Health];

/// Values of `Host`, and whether they are accepted; none has a port but the first.
const HOSTS: [(&str, bool); 11] = [
    ("127.0.0.1:8088", true),
    ("localhost", true),
    ("app.localhost.", true),
    ("[::1]", true),
    ("192.0.2.7", true),
    ("Logs.Example.", true),
    ("a.b.tunnel.example", true),
    ("tunnel.example", false),
    ("evil.example", false),
    ("logs.example.evil.example", false),
    ("127.0.0.1.evil.example", false),
];

/// The result of comparing an `Origin` with the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    /// The origin may read.
    Accepted,
    /// There is none.
    Absent,
    /// The origin is not known.
    Foreign,
    /// There is more than one.
    Several,
}

/// The headers `Origin` of a request, and the result of comparing them with `Host`.
fn origins(host: &str) -> Vec<(Vec<String>, Known)> {
    let host = host.to_ascii_lowercase();
    let one = |origin: &str, known| (vec![origin.to_owned()], known);
    vec![
        (vec![], Known::Absent),
        one(&format!("http://{host}"), Known::Accepted),
        one(&format!("https://{host}"), Known::Accepted),
        one("http://localhost:3000", Known::Accepted),
        one("https://ok.example", Known::Accepted),
        one("tauri://localhost", Known::Accepted),
        one("http://public.example", Known::Foreign),
        one("http://ok.example", Known::Foreign),
        one("capacitor://localhost", Known::Foreign),
        one("null", Known::Foreign),
        one("http://192.0.2.7:9", Known::Foreign),
        (vec![format!("http://{host}"); 2], Known::Several),
    ]
}

const SITES: [Option<&str>; 5] =
    [None, Some("none"), Some("same-origin"), Some("same-site"), Some("cross-site")];

/// The table of docs/PROTOCOL.md.
fn expected(content: Content, is_host_known: bool, origin: Known, site: Option<&str>) -> u16 {
    if !is_host_known && content != Content::Health {
        return 403;
    }
    let is_accepted = match (origin, site) {
        (Known::Accepted, _) => true,
        (Known::Foreign, site) => site == Some("same-origin"),
        (Known::Absent, site) => site != Some("cross-site"),
        (Known::Several, _) => false,
    };
    if is_accepted || content == Content::PageFile { 200 } else { 403 }
}

fn start() -> Running {
    let ssetail = Ssetail::new().file("a.log", "x\n").arg("a.log");
    let hosts = ["--allow-host", "logs.example,*.tunnel.example"];
    ssetail.args(hosts).args(["--cors", "https://ok.example,tauri://localhost"]).start()
}

/// Returns the address of a file that the page loads.
fn page_file(ssetail: &Running) -> String {
    let page = ssetail.get("/").body;
    let (_, rest) = page.split_once("src=\"viewer/").expect("a script");
    format!("/viewer/{}", rest.split('"').next().expect("an address"))
}

fn send(ssetail: &Running, path: &str, headers: &[(&str, &str)]) -> Response {
    request(ssetail.address(), "GET", path, headers)
}

#[test]
fn every_cell_of_the_table_is_as_documented() {
    let ssetail = start();
    let file = page_file(&ssetail);
    for content in CONTENTS {
        let path = match content {
            Content::Logs => "/sources",
            Content::Page => "/",
            Content::PageFile => &file,
            Content::Health => "/healthz",
        };
        for (host, is_known) in HOSTS {
            for (origins, origin) in origins(host) {
                // Without an accepted host, no origin is the server's own.
                let is_own = origins.first().is_some_and(|origin| {
                    origin.ends_with(&format!("://{}", host.to_ascii_lowercase()))
                });
                let origin = match origin {
                    Known::Accepted if is_own && !is_known => Known::Foreign,
                    other => other,
                };
                for site in SITES {
                    let mut headers = vec![("host", host)];
                    headers.extend(origins.iter().map(|origin| ("origin", &**origin)));
                    headers.extend(site.map(|site| ("sec-fetch-site", site)));
                    let answer = send(&ssetail, path, &headers);
                    let status = expected(content, is_known, origin, site);
                    assert_eq!(answer.status, status, "{content:?} {headers:?}");
                    let is_readable = status == 200 && origin == Known::Accepted;
                    let allowed = is_readable.then(|| &*origins[0]);
                    let header = answer.header("access-control-allow-origin");
                    assert_eq!(header, allowed, "{content:?} {headers:?}");
                }
            }
        }
    }
}

#[test]
fn a_link_of_another_site_opens_the_page_only() {
    let ssetail = start();
    let link = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")];
    assert_eq!(send(&ssetail, "/", &link).status, 200);
    assert_eq!(send(&ssetail, "/sources", &link).status, 403);
    let rebound = [link[0], link[1], ("host", "evil.example")];
    assert_eq!(send(&ssetail, "/", &rebound).status, 403);
}

#[test]
fn only_one_plain_value_says_that_a_request_is_of_the_same_origin() {
    let ssetail = start();
    let foreign = ("origin", "http://public.example");
    let same = ("sec-fetch-site", "same-origin");
    assert_eq!(send(&ssetail, "/sources", &[foreign, same]).status, 200);
    for others in [
        vec![same, same],
        vec![same, ("sec-fetch-site", "cross-site")],
        vec![("sec-fetch-site", "same-origin, same-origin")],
        vec![("sec-fetch-site", "Same-Origin")],
        vec![("sec-fetch-site", "")],
    ] {
        let headers = [vec![foreign], others].concat();
        assert_eq!(send(&ssetail, "/sources", &headers).status, 403, "{headers:?}");
    }
}

#[test]
fn what_proxies_say_about_the_client_is_not_trusted() {
    let ssetail = start();
    for (name, value) in [
        ("x-forwarded-host", "public.example"),
        ("x-forwarded-server", "public.example"),
        ("forwarded", "host=public.example;proto=http"),
        ("x-original-host", "public.example"),
    ] {
        let forwarded = (name, value);
        let own = [forwarded, ("origin", "http://public.example")];
        assert_eq!(send(&ssetail, "/sources", &own).status, 403, "{name}");
        let rebound = [("host", "evil.example"), (name, "localhost")];
        assert_eq!(send(&ssetail, "/sources", &rebound).status, 403, "{name}");
    }
}

#[test]
fn the_health_is_known_to_every_host() {
    let ssetail = start();
    for request in [
        "GET /healthz HTTP/1.0\r\n\r\n",
        "OPTIONS /healthz HTTP/1.0\r\n\r\n",
        "GET /healthz HTTP/1.1\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nhost: public.example\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nhost:\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nhost: a b\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n",
    ] {
        let status = Connection::send(ssetail.address(), request).status;
        assert_eq!(status, if request.starts_with("GET") { 200 } else { 204 }, "{request}");
    }
    for path in ["/", "/sse", "/sources", "/metrics", "/nothing"] {
        let head = format!("GET {path} HTTP/1.0\r\n\r\n");
        assert_eq!(Connection::send(ssetail.address(), &head).status, 400, "{path}");
    }
}

#[test]
fn a_preflight_allows_the_headers_that_it_asks_for() {
    let ssetail = start();
    let usual = "last-event-id, cache-control, authorization, accept, content-type";
    let allowed = |asked: Option<&str>| {
        let mut headers =
            vec![("origin", "https://ok.example"), ("access-control-request-method", "GET")];
        headers.extend(asked.map(|asked| ("access-control-request-headers", asked)));
        let answer = ssetail.request("OPTIONS", "/sse", &headers);
        assert_eq!(answer.status, 204, "{asked:?}");
        assert_eq!(answer.header("access-control-allow-origin"), Some("https://ok.example"));
        answer.header("access-control-allow-headers").expect("names").to_owned()
    };
    for asked in ["traceparent", "baggage,sentry-trace", "X-Requested-With, accept"] {
        assert_eq!(allowed(Some(asked)), asked);
    }
    for asked in [None, Some(""), Some(","), Some("a b"), Some("a,,b"), Some("a;b"), Some("é")] {
        assert_eq!(allowed(asked), usual, "{asked:?}");
    }
    let foreign = [
        ("origin", "https://evil.example"),
        ("access-control-request-method", "GET"),
        ("access-control-request-headers", "traceparent"),
    ];
    let answer = ssetail.request("OPTIONS", "/sse", &foreign);
    assert_eq!((answer.status, answer.header("access-control-allow-headers")), (403, None));
}

#[test]
fn a_page_of_an_application_may_read_if_it_is_named() {
    let ssetail = start();
    let answer = send(&ssetail, "/sources", &[("origin", "tauri://localhost")]);
    assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
    for other in ["tauri://localhost.", "tauri://localhost:1", "tauri://evil", "app://localhost"] {
        assert_eq!(send(&ssetail, "/sources", &[("origin", other)]).status, 403, "{other}");
    }
}

#[test]
fn hosts_and_origins_that_match_nothing_are_refused_at_the_start() {
    for (flag, value, help) in [
        ("--allow-host", "http://logs.example", "*.logs.example for all names below it"),
        ("--allow-host", "logs.example:8088", "*.logs.example for all names below it"),
        ("--allow-host", "logs.*", "*.logs.example for all names below it"),
        ("--cors", "https://*.logs.example", "'*' or null"),
        ("--cors", "tauri://localhost/", "tauri://localhost"),
    ] {
        let (status, stderr) = Ssetail::new().args(["a.log", flag, value]).fail();
        assert!(status == 2 && stderr.contains(help), "{stderr}");
    }
}

#[test]
fn the_person_at_the_terminal_reads_once_what_was_refused() {
    let mut ssetail = start();
    for _ in 0..2 {
        let origin = [("origin", "https://wiki.example")];
        assert_eq!(send(&ssetail, "/sse", &origin).status, 403);
        assert_eq!(send(&ssetail, "/sse", &[("host", "logs.other.example")]).status, 403);
    }
    ssetail.wait_for("--cors https://wiki.example lets its pages read");
    ssetail.wait_for("--allow-host logs.other.example accepts this name");
    assert_eq!(send(&ssetail, "/sse", &[("origin", "https://third.example")]).status, 403);
    ssetail.wait_for("--cors https://third.example");
    assert_eq!(ssetail.stderr.matches("wiki.example").count(), 2, "{}", ssetail.stderr);
}

#[test]
fn every_event_stream_asks_not_to_be_buffered() {
    let ssetail = start();
    for accept in ["text/event-stream", "application/x-ndjson", "text/plain"] {
        for method in ["GET", "HEAD"] {
            let headers = [("accept", accept)];
            let stream = Connection::open(ssetail.address(), method, "/sse", &headers);
            let has = |name: &str, value: &str| {
                stream.headers.contains(&(name.to_owned(), value.to_owned()))
            };
            assert!(has("incremental", "?1") && has("x-accel-buffering", "no"), "{}", stream.head);
        }
    }
}
