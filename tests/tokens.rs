//! Tokens in the query, links from other sites, and credentials that are empty.

use crate::harness::client::{Connection, Events};
use crate::harness::{Running, Ssetail};

const EVENT_STREAM: (&str, &str) = ("accept", "text/event-stream");

fn guarded(args: &[&str]) -> Running {
    let ssetail = Ssetail::new().file("a.log", "x\n").env("SSETAIL_TOKEN", "t0k+hidden==");
    ssetail.args(["a.log", "-v"]).args(args).start()
}

#[test]
fn the_event_stream_accepts_a_token_in_its_query() {
    let mut ssetail = guarded(&["--path-prefix=/logs"]);
    let origin = ("origin", "http://localhost:3000");
    let path = "/logs/sse?token=t0k%2Bhidden==&n=1";
    for headers in [&[EVENT_STREAM][..], &[EVENT_STREAM, origin], &[("accept", "*/*")]] {
        let mut events = Events::open(ssetail.address(), path, headers);
        let names: Vec<&str> =
            events.connection.headers.iter().map(|(name, _)| name.as_str()).collect();
        assert!(!names.contains(&"set-cookie") && !names.contains(&"location"), "{names:?}");
        assert_eq!(events.data(1), ["x"]);
    }
    assert_eq!(ssetail.request("HEAD", path, &[EVENT_STREAM]).status, 200);
    for wrong in ["", "?token=", "?token=t0k", "?token=x&token=t0k%2Bhidden=="] {
        let answer = ssetail.request("GET", &format!("/logs/sse{wrong}"), &[EVENT_STREAM]);
        assert_eq!(answer.status, 401, "{wrong}");
    }
    let foreign = [EVENT_STREAM, ("origin", "https://evil.example")];
    assert_eq!(ssetail.request("GET", path, &foreign).status, 403);
    let rebound = [EVENT_STREAM, ("host", "evil.example")];
    assert_eq!(ssetail.request("GET", path, &rebound).status, 403);
    ssetail.wait_for("HEAD /logs/sse 200");
    assert!(!ssetail.stderr.contains("hidden"), "{}", ssetail.stderr);
}

#[test]
fn a_link_on_another_site_leads_to_the_page_with_its_cookie() {
    let ssetail = guarded(&[]);
    let link = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")];
    let answer = ssetail.request("GET", "/?token=t0k%2Bhidden==", &link);
    assert_eq!((answer.status, answer.header("location")), (303, Some("./")));
    let cookie = answer.header("set-cookie").expect("a cookie");
    assert!(cookie.ends_with("; HttpOnly; SameSite=Lax"), "{cookie}");
    let cookie = ("cookie", cookie.split(';').next().expect("a pair"));
    assert_eq!(ssetail.request("GET", "/", &[cookie, link[0], link[1]]).status, 200);
    // The cookie does not open what the browser would not send it to.
    for path in ["/sse", "/sources", "/metrics", "/viewer/x"] {
        assert_eq!(ssetail.request("GET", path, &[cookie, link[0], link[1]]).status, 403, "{path}");
        let script = [cookie, link[0], ("sec-fetch-mode", "no-cors")];
        assert_eq!(ssetail.request("GET", path, &script).status, 403, "{path}");
        let other_origin = [cookie, ("origin", "https://evil.example")];
        assert_eq!(ssetail.request("GET", path, &other_origin).status, 403, "{path}");
    }
}

#[test]
fn a_redirect_keeps_to_its_own_server() {
    let ssetail = guarded(&["--path-prefix=/logs"]);
    for path in [
        "/logs/?token=t0k%2Bhidden==",
        "/logs/%0d%0aset-cookie:x?token=t0k%2Bhidden==",
        "/logs/..%2f..%2fevil?token=t0k%2Bhidden==",
        "//evil.example/logs/sources?token=t0k%2Bhidden==",
        "/logs//evil.example?token=t0k%2Bhidden==",
        "/logs/sources?a=%0d%0ax&token=t0k%2Bhidden==&token=2",
        "/logs/\\\\evil.example?token=t0k%2Bhidden==",
        "/logs/javascript:alert(1)?token=t0k%2Bhidden==",
    ] {
        let answer = ssetail.get(path);
        assert_eq!(answer.status, 303, "{path}");
        let location = answer.header("location").expect("a location");
        assert!(location.starts_with("./") && !location.contains("hidden"), "{location}");
        assert_eq!(location.matches('/').count(), 1, "{location}");
        let cookies = answer.headers.iter().filter(|(name, _)| name == "set-cookie");
        let cookies: Vec<&str> = cookies.map(|(_, value)| value.as_str()).collect();
        assert!(cookies.len() == 1 && cookies[0].contains("; Path=/logs;"), "{cookies:?}");
    }
}

#[test]
fn empty_credentials_are_refused() {
    for auth in ["", ":", "me:", ":pw"] {
        let beyond = Ssetail::new().args(["a.log", "-b", "0.0.0.0"]);
        let (status, flag) = beyond.args(["--auth", auth]).fail();
        assert!(status == 2 && flag.contains("neither of them empty"), "{auth:?}: {flag}");
        let (status, variable) = Ssetail::new().env("SSETAIL_AUTH", auth).arg("a.log").fail();
        assert!(status == 2 && variable.contains("neither of them empty"), "{auth:?}: {variable}");
    }
    let (status, flag) = Ssetail::new().args(["a.log", "--token", ""]).fail();
    assert!(status == 2 && flag.contains("the token is empty"), "{flag}");
    let (status, variable) = Ssetail::new().env("SSETAIL_TOKEN", "").arg("a.log").fail();
    assert!(status == 2 && variable.contains("the token is empty"), "{variable}");
    for content in ["", " \n"] {
        let ssetail = Ssetail::new().file("token", content);
        let (status, said) = ssetail.args(["a.log", "--token-file", "token"]).fail();
        assert!(status != 0 && said.contains("token is empty"), "{said}");
    }
    let (status, said) = Ssetail::new().env("SSETAIL_TOKEN_FILE", "").arg("a.log").fail();
    assert!(status != 0 && said.contains("SSETAIL_TOKEN_FILE"), "{said}");
}

#[test]
fn a_cookie_of_another_program_on_the_host_is_not_taken() {
    let ssetail = guarded(&[]);
    let port = ssetail.port();
    for cookie in [
        "ssetail=t0k+hidden==".to_owned(),
        format!("ssetail-{port}=\"t0k+hidden==\""),
        format!("ssetail-{port} =t0k+hidden=="),
        format!("ssetail-0{port}=t0k+hidden=="),
        format!("x=ssetail-{port}=t0k+hidden=="),
        ";".repeat(8000),
    ] {
        let head = [("cookie", &*cookie)];
        let status = Connection::open(ssetail.address(), "GET", "/sources", &head).status;
        assert_eq!(status, 401, "{cookie:.40}");
    }
}
