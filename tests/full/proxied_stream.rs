//! The stream behind reverse proxies.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use crate::harness::{DEADLINE, Events, Running, eventually};
use crate::proxied_page::{HOST, Setup};
use crate::reverse_proxies::{Program, ReverseProxy};

const PATH: &str = "/logs/sse";

/// Opens the stream through the proxy, after the event with this id if there is one.
fn open(proxy: &ReverseProxy, last_id: Option<&str>) -> Events {
    let mut headers = vec![("host", HOST)];
    headers.extend(last_id.map(|id| ("last-event-id", id)));
    Events::open(&proxy.address(), PATH, &headers)
}

fn wait_for_open_streams(ssetail: &Running, count: usize) {
    eventually(&format!("{count} streams are open"), || {
        let metrics = ssetail.get("/logs/metrics").body;
        metrics.contains(&format!("ssetail_open_streams {count}\n"))
    });
}

/// Checks everything that a proxy must do with streams.
fn passes_streams(program: Program, keeps_host: bool) {
    let setup = Setup::new(program, keeps_host, false);
    passes_on_lines_at_once_and_resumes(&setup);
    lives_as_long_as_both_sides(&setup);
}

/// No heartbeat can push out a line that the proxy holds back.
fn passes_on_lines_at_once_and_resumes(setup: &Setup) {
    let (ssetail, proxy) = setup.start_with(&["--heartbeat", "1h"]);
    let mut events = open(&proxy, None);
    let mut other = open(&proxy, None);
    assert_eq!(events.lines(1), ["before"], "{setup:?}");
    assert_eq!(other.lines(1), ["before"], "{setup:?}");
    ssetail.append("a.log", "one\n");
    let one = events.next().expect("an event");
    assert_eq!(one.data, "one", "{setup:?}");
    ssetail.append("a.log", "two\n");
    assert_eq!(events.lines(1), ["two"], "{setup:?}");
    assert_eq!(other.lines(2), ["one", "two"], "{setup:?}");

    drop(events);
    ssetail.append("a.log", "three\n");
    let mut events = open(&proxy, Some(&one.id));
    assert_eq!(events.data(2), ["two", "three"], "{setup:?}");
    ssetail.append("a.log", "four\n");
    assert_eq!(events.data(1), ["four"], "{setup:?}");
}

fn lives_as_long_as_both_sides(setup: &Setup) {
    let (mut ssetail, proxy) = setup.start_with(&["--heartbeat", "100ms"]);
    let mut events = open(&proxy, None);
    let other = open(&proxy, None);
    wait_for_open_streams(&ssetail, 2);
    drop(other);
    wait_for_open_streams(&ssetail, 1);
    events.until_comments(10);
    ssetail.append("a.log", "one\n");
    assert_eq!(events.data(2), ["before", "one"], "{setup:?}");
    ssetail.kill();
    assert_eq!(events.rest(), [], "{setup:?}");
}

/// Browsers reconnect after a closed connection, but not after an error.
#[test]
fn node_closes_connections_while_ssetail_is_away() {
    for program in [Program::HttpProxy, Program::Vite, Program::Express] {
        let (mut ssetail, proxy) = Setup::new(program, false, false).start_with(&[]);
        ssetail.kill();
        for _ in 0..2 {
            let mut socket = TcpStream::connect(proxy.address()).expect("the proxy runs");
            socket.set_read_timeout(Some(DEADLINE)).expect("a timeout can be set");
            let request = format!("GET {PATH} HTTP/1.1\r\nhost: {HOST}\r\n\r\n");
            socket.write_all(request.as_bytes()).expect("the request can be sent");
            let mut response = String::new();
            socket.read_to_string(&mut response).expect("the connection is closed");
            assert_eq!(response, "", "{program:?}");
        }
    }
}

#[test]
fn nginx_passes_streams() {
    passes_streams(Program::Nginx, false);
}

#[test]
fn apache_passes_streams() {
    passes_streams(Program::Apache, false);
}

#[test]
fn caddy_passes_streams() {
    passes_streams(Program::Caddy, true);
}

#[test]
fn haproxy_passes_streams() {
    passes_streams(Program::Haproxy, true);
}

#[test]
fn traefik_passes_streams() {
    passes_streams(Program::Traefik, true);
}

#[test]
fn express_passes_streams() {
    for changes_origin in [false, true] {
        passes_streams(Program::Express, !changes_origin);
    }
}

#[test]
fn next_passes_streams() {
    passes_streams(Program::Next, false);
}

#[test]
fn lighttpd_passes_streams() {
    passes_streams(Program::Lighttpd, true);
}

#[test]
fn http_proxy_passes_streams() {
    for changes_origin in [false, true] {
        passes_streams(Program::HttpProxy, !changes_origin);
    }
}

#[test]
fn vite_passes_streams() {
    passes_streams(Program::Vite, false);
}

#[test]
fn varnish_passes_streams() {
    passes_streams(Program::Varnish, true);
}

#[test]
fn squid_passes_streams() {
    passes_streams(Program::Squid, true);
}

#[test]
fn nghttpx_passes_streams() {
    passes_streams(Program::Nghttpx, true);
}
