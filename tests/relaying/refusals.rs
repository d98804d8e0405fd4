//! Servers that cannot be followed: each is one sentence and a state.

use super::foreign::Server;
use super::{Forwarder, relay_at, relay_of, server, until_state};
use crate::harness::{Events, Running, Ssetail, eventually};
use crate::tls::certificate::certify;

fn is_refused(mut relay: Running, sentence: &str) {
    let line = relay.wait_for(sentence);
    assert!(line.starts_with("ssetail: a: http"), "{line}");
    until_state(&relay, "a", "refused");
}

#[test]
fn credentials_come_from_the_url_or_the_environment_and_are_never_shown() {
    let a = server("one\n").env("SSETAIL_TOKEN", "t0k3n").env("SSETAIL_AUTH", "me:s3cret").start();
    is_refused(relay_of(&a).start(), "asks for credentials (401)");
    is_refused(
        relay_of(&a).env("SSETAIL_TOKEN_A", "wr0ng").start(),
        "does not accept the credentials",
    );
    let (_, address) = a.url.split_once("://").expect("a URL");
    let given = |user: &str| relay_at(&format!("http://{user}{address}/")).arg("-v").start();
    let relays = [
        given(":t0k3n@"),
        given("me:s3cret@"),
        relay_at(&format!("{}/?token=t0k3n", a.url)).arg("-v").start(),
        relay_of(&a).env("SSETAIL_TOKEN_A", "t0k3n").arg("-v").start(),
    ];
    for mut relay in relays {
        assert_eq!(relay.events("/sse?n=all").data(1), ["one"]);
        let sources = relay.get("/sources").body;
        relay.wait_for("/sources");
        for secret in ["t0k3n", "s3cret", "bWU6"] {
            assert!(!sources.contains(secret) && !relay.stderr.contains(secret), "{sources}");
        }
    }
}

#[test]
fn values_of_a_query_are_sent_and_never_shown() {
    let server = Server::start();
    let url = format!("{}?apikey=s3cret&bare", server.url);
    let mut relay = relay_at(&url).args(super::STATE).arg("-v").start();
    let (head, _socket) = server.answer("HTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n");
    assert!(head.starts_with("GET /stream?apikey=s3cret&bare HTTP"), "{head}");
    let sentence = relay.wait_for("is no event stream: it answers 404");
    assert!(sentence.contains("/stream?apikey=***&*** is no event stream"), "{sentence}");
    let (sources, metrics) = (relay.get("/sources").body, relay.get("/metrics").body);
    relay.wait_for("/metrics");
    let state = std::fs::read(relay.path("state/journal")).expect("a journal");
    let state = String::from_utf8_lossy(&state);
    for text in [&sources, &metrics, &relay.stderr, &*state] {
        assert!(!text.contains("s3cret") && !text.contains("bare"), "{text}");
    }
}

#[test]
fn what_is_no_event_stream_is_refused_in_one_sentence() {
    let page = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 0\r\n\r\n";
    let br = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-encoding: br\r\n\r\n";
    for (answer, sentence) in [
        (br, "cannot be followed: its answer has the coding br, but only gzip can be decoded"),
        (page, "is no event stream: its answer is text/html; check the path"),
        ("HTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n", "is no event stream: it answers 404"),
        ("HTTP/1.1 403 No\r\ncontent-length: 0\r\n\r\n", "forbids access (403)"),
    ] {
        let server = Server::start();
        let relay = relay_at(&server.url).start();
        server.answer(answer);
        is_refused(relay, sentence);
    }
}

#[test]
fn credentials_do_not_follow_a_redirect_to_another_server() {
    let (server, other) = (Server::start(), Server::start());
    let url = server.url.replace("//", "//:t0k@");
    let relay = relay_at(&url).start();
    let redirect =
        format!("HTTP/1.1 302 Found\r\nlocation: {}\r\ncontent-length: 0\r\n\r\n", other.url);
    let (head, _socket) = server.answer(&redirect);
    assert!(head.contains("authorization: Bearer t0k\r\n"), "{head}");
    is_refused(relay, "redirects to another server");
    let relay = relay_at(&url).start();
    server.answer("HTTP/1.1 307 Found\r\nlocation: ./more?x=1\r\ncontent-length: 0\r\n\r\n");
    let (head, _socket) = server.answer(super::foreign::HEAD);
    assert!(head.starts_with("GET /more?x=1 HTTP"), "{head}");
    until_state(&relay, "a", "live");
}

#[test]
fn a_server_that_does_not_exist_is_unreachable() {
    let server = Server::start();
    let url = server.url.clone();
    drop(server);
    let mut relay = relay_at(&url.replace("127.0.0.1", "nosuch.invalid")).start();
    relay.wait_for("cannot be reached: ");
    until_state(&relay, "a", "unreachable");
}

#[test]
fn a_loop_is_refused() {
    let forwarder = Forwarder::to_nobody();
    let url = format!("a={}", forwarder.url());
    let itself = Ssetail::new().file("x.log", "one\n").args(["x.log", &url]).start();
    forwarder.lead_to(&itself);
    is_refused(itself, "sends the events of this ssetail");

    let forwarder = Forwarder::to_nobody();
    let url = format!("a={}", forwarder.url());
    let first = Ssetail::new().file("x.log", "one\n").args(["x.log", &url]).start();
    let second = relay_of(&first).start();
    assert_eq!(second.events("/sse?n=all").data(1), ["one"]);
    let third = relay_of(&second).start();
    assert_eq!(third.events("/sse?n=all").data(1), ["one"]);
    forwarder.lead_to(&third);
    is_refused(first, "sends the events of this ssetail");
}

#[test]
fn a_loop_of_three_servers_is_refused_although_none_of_them_connects_again() {
    let (to_second, to_third) = (Forwarder::to_nobody(), Forwarder::to_nobody());
    let follow = |url: &str| Ssetail::new().arg(format!("a={url}"));
    let first = follow(&to_second.url()).file("x.log", "one\n").arg("x.log").start();
    let second = follow(&to_third.url()).start();
    let third = relay_of(&first).start();
    assert_eq!(third.events("/sse?n=all").data(1), ["one"]);
    to_second.lead_to(&second);
    until_state(&first, "a", "live");
    until_state(&third, "a", "live");
    to_third.lead_to(&third);
    let servers = [&first, &second, &third];
    eventually("one of them refuses the loop", || {
        servers.iter().any(|server| server.get("/sources").body.contains("\"refused\""))
    });
    first.append("x.log", "two\n");
    eventually("the line comes once", || {
        let lines = third.get("/sse?n=all&follow=0&file=a/x.log").body;
        lines.matches("data: two").count() == 1
    });
}

#[test]
fn a_client_cannot_make_a_loop_up() {
    let a = server("one\n").start();
    let forwarder = Forwarder::to_nobody();
    let relay = relay_at(&forwarder.url()).start();
    let epoch = a.events("/sse?n=all").take(1).remove(0).id;
    let (epoch, _) = epoch.split_once('-').expect("an ID");
    for path in [epoch.to_owned(), format!("abcdef {epoch}")] {
        let events = Events::open(relay.address(), "/sse", &[("ssetail-path", &path)]);
        drop(events);
    }
    forwarder.lead_to(&a);
    assert_eq!(relay.events("/sse?n=all").data(1), ["one"]);
}

#[test]
fn only_a_certificate_of_a_known_authority_is_trusted() {
    let a = Ssetail::new().file("x.log", "secret line\n");
    certify(&a.path(""));
    let a = a.args(["x.log", "--tls-cert", "cert.pem", "--tls-key", "key.pem"]).start();
    let url = format!("https://localhost:{}/", a.port());
    // The reason depends on the authorities that this machine knows.
    is_refused(relay_at(&url).start(), "is not trusted: ");
    let trusting = |file: &str| relay_at(&url).arg("--tls-ca").arg(a.path(file));
    let relay = trusting("cert.pem").start();
    assert_eq!(relay.events("/sse?n=all").data(1), ["secret line"]);
    let by_address = relay_at(&format!("https://127.0.0.1:{}/", a.port()));
    is_refused(
        by_address.arg("--tls-ca").arg(a.path("cert.pem")).start(),
        "its certificate is for another name",
    );
    let (code, error) = trusting("x.log").fail();
    assert_eq!(code, 1);
    assert!(error.contains("there is no certificate in "), "{error}");
}

#[test]
fn the_page_with_a_prefix_and_another_endpoint_leads_to_the_events() {
    let args = ["--path-prefix=/logs", "--endpoint=/events", "--unnamed", "--no-viewer"];
    let a = server("one\n").args(args).start();
    let root = format!("http://{}", a.address());
    for path in ["/logs/", "/logs/events"] {
        let relay = relay_at(&format!("{root}{path}")).start();
        let event = relay.events("/sse?n=all").take(1).remove(0);
        assert_eq!((&*event.kind, &*event.data), ("a/x.log", "one"), "{path}");
    }
}

#[test]
fn a_url_that_cannot_be_followed_ends_the_start_without_repeating_it() {
    for url in ["https://:s3cret@", "http://x:s3cret@a b/"] {
        let (code, error) = Ssetail::new().arg(url).fail();
        assert_eq!(code, 2, "{error}");
        assert!(error.contains("https://web1:8088/") && !error.contains("s3cret"), "{error}");
    }
    let (code, error) = Ssetail::new().args(["http://a/", "http://a/"]).fail();
    assert_eq!((code, error.contains("is given twice")), (2, true), "{error}");
}
