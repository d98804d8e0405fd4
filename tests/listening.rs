//! Sockets of other kinds, and those that somebody else has bound.

use std::fs;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::path::Path;

use crate::harness::{Events, Running, Ssetail, output_of};

/// A program that listens at `s` in its directory.
fn at_a_path(ssetail: Ssetail) -> Running {
    let mut running = ssetail.file("a.log", "x\n").args(["a.log", "-b", "unix:s"]).spawn();
    running.wait_for("listening on unix:");
    running
}

fn read_with_curl(socket: &Path, path: &str) -> String {
    let socket = socket.to_str().expect("a path");
    output_of("curl", &["-sS", "--unix-socket", socket, &format!("http://localhost{path}")])
}

#[test]
fn a_socket_at_a_path_is_for_its_owner_and_goes_away() {
    let mut ssetail = at_a_path(Ssetail::new());
    let socket = ssetail.path("s");
    assert_eq!(read_with_curl(&socket, "/healthz"), "ok\n");
    assert!(read_with_curl(&socket, "/sources").contains("a.log"));
    assert_eq!(fs::metadata(&socket).expect("there").permissions().mode() & 0o777, 0o600);
    assert_eq!(ssetail.said.matches("listening").count(), 1, "{}", ssetail.said);
    let names = fs::read_dir(ssetail.directory.path()).expect("a directory");
    assert_eq!(names.count(), 2, "nothing but the socket and the log");
    ssetail.signal("-TERM");
    assert_eq!(ssetail.wait().code(), Some(0));
    assert!(!socket.exists());
}

#[test]
fn a_stale_socket_is_replaced_and_a_live_one_refused() {
    let stale = Ssetail::new();
    drop(UnixListener::bind(stale.path("s")).expect("bound"));
    let first = at_a_path(stale);
    let socket = first.path("s");
    assert_eq!(read_with_curl(&socket, "/healthz"), "ok\n");
    let bind = format!("unix:{}", socket.display());
    let (status, said) = Ssetail::new().args(["x", "-b", &bind]).fail();
    assert_eq!(status, 1);
    assert!(said.contains("in use by another program"), "{said}");
    let (status, said) = Ssetail::new().file("s", "kept").args(["x", "-b", "unix:s"]).fail();
    assert_eq!(status, 1);
    assert!(said.contains("not a socket"), "{said}");
    assert_eq!(read_with_curl(&socket, "/healthz"), "ok\n");
}

#[test]
fn the_socket_of_a_successor_is_left_alone() {
    let mut first = at_a_path(Ssetail::new());
    let socket = first.path("s");
    fs::remove_file(&socket).expect("removed");
    let _other = UnixListener::bind(&socket).expect("bound");
    first.signal("-TERM");
    assert_eq!(first.wait().code(), Some(0));
    assert!(socket.exists());
}

#[test]
fn several_addresses_of_several_kinds() {
    let mut ssetail = Ssetail::new()
        .file("a.log", "x\n")
        .args(["a.log", "-b", "127.0.0.1", "-b", "127.0.0.2", "-b", "unix:s"])
        .start();
    assert!(ssetail.url.starts_with("http://127.0.0.1:"), "{}", ssetail.url);
    ssetail.wait_for("listening on http://127.0.0.2:");
    ssetail.wait_for("listening on unix:");
    assert_eq!(ssetail.events("/sse").lines(1), ["x"]);
}

/// The socket is handed over as systemd does it: as descriptor 3.
const ACTIVATE: &str = "exec 3<&0 0</dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec \"$0\" \"$@\"";

#[test]
fn a_port_that_somebody_else_has_bound() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bound");
    let address = listener.local_addr().expect("an address").to_string();
    let mut ssetail = Ssetail::new()
        .file("a.log", "x\n")
        .arg("a.log")
        .through(ACTIVATE)
        .stdin(OwnedFd::from(listener))
        .start();
    assert_eq!(ssetail.url, format!("http://{address}"));
    assert_eq!(Events::open(&address, "/sse", &[]).lines(1), ["x"]);
    assert_eq!(ssetail.said.matches("listening").count(), 1, "{}", ssetail.said);
    ssetail.signal("-TERM");
    assert_eq!(ssetail.wait().code(), Some(0));
}

#[test]
fn a_socket_that_somebody_else_has_bound_is_left_in_place() {
    let ssetail = Ssetail::new().file("a.log", "x\n").arg("a.log");
    let socket = ssetail.path("s");
    let listener = UnixListener::bind(&socket).expect("bound");
    let mut ssetail = ssetail.through(ACTIVATE).stdin(OwnedFd::from(listener)).spawn();
    ssetail.wait_for("listening on unix:");
    assert_eq!(read_with_curl(&socket, "/healthz"), "ok\n");
    ssetail.signal("-TERM");
    assert_eq!(ssetail.wait().code(), Some(0));
    assert!(socket.exists());
}

#[test]
fn an_open_port_that_somebody_else_has_bound_asks_for_a_token() {
    let listener = TcpListener::bind("0.0.0.0:0").expect("bound");
    let ssetail = Ssetail::new()
        .file("a.log", "x\n")
        .arg("a.log")
        .through(ACTIVATE)
        .stdin(OwnedFd::from(listener))
        .start();
    assert!(ssetail.url.contains("?token="), "{}", ssetail.url);
    assert_eq!(ssetail.get("/sse").status, 401);
}

#[test]
fn what_cannot_be_taken_over_is_one_sentence() {
    let ssetail = Ssetail::new().file("a.log", "").arg("a.log").through(ACTIVATE);
    let (status, said) = ssetail.fail();
    assert_eq!(status, 1);
    assert!(said.contains("LISTEN_FDS") && said.lines().count() == 1, "{said}");
}
