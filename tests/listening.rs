//! Unix sockets, several addresses, and inherited sockets.

use std::fs;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;

use crate::harness::client::get_through_socket;
use crate::harness::{Events, Running, Signal, Ssetail};

/// Starts the program with the Unix socket `s` in its directory.
fn start_at_path(ssetail: Ssetail) -> Running {
    let mut running = ssetail.file("a.log", "x\n").args(["a.log", "-b", "unix:s"]).spawn();
    running.wait_for("listening on unix:");
    running
}

#[test]
fn a_unix_socket_is_private_and_removed_at_the_end() {
    let mut ssetail = start_at_path(Ssetail::new());
    let socket = ssetail.path("s");
    assert_eq!(get_through_socket(&socket, "/healthz"), "ok\n");
    assert!(get_through_socket(&socket, "/sources").contains("a.log"));
    assert_eq!(fs::metadata(&socket).expect("there").permissions().mode() & 0o777, 0o600);
    assert_eq!(ssetail.stderr.matches("listening").count(), 1, "{}", ssetail.stderr);
    let names = fs::read_dir(ssetail.directory.path()).expect("a directory");
    assert_eq!(names.count(), 2, "the socket and the log are the only files");
    ssetail.signal(Signal::TERM);
    assert_eq!(ssetail.wait().code(), Some(0));
    assert!(!socket.exists());
}

#[test]
fn a_stale_socket_is_replaced_and_a_socket_in_use_is_refused() {
    let stale = Ssetail::new();
    drop(UnixListener::bind(stale.path("s")).expect("bound"));
    let first = start_at_path(stale);
    let socket = first.path("s");
    assert_eq!(get_through_socket(&socket, "/healthz"), "ok\n");
    let bind = format!("unix:{}", socket.display());
    let (status, stderr) = Ssetail::new().args(["x", "-b", &bind]).fail();
    assert_eq!(status, 1);
    assert!(stderr.contains("in use by another program"), "{stderr}");
    let (status, stderr) = Ssetail::new().file("s", "kept").args(["x", "-b", "unix:s"]).fail();
    assert_eq!(status, 1);
    assert!(stderr.contains("not a socket"), "{stderr}");
    assert_eq!(get_through_socket(&socket, "/healthz"), "ok\n");
}

#[test]
fn the_socket_of_a_successor_is_not_removed() {
    let mut first = start_at_path(Ssetail::new());
    let socket = first.path("s");
    fs::remove_file(&socket).expect("removed");
    let _other = UnixListener::bind(&socket).expect("bound");
    first.signal(Signal::TERM);
    assert_eq!(first.wait().code(), Some(0));
    assert!(socket.exists());
}

#[test]
fn several_addresses_of_several_kinds_are_served() {
    let mut ssetail = Ssetail::new()
        .file("a.log", "x\n")
        .args(["a.log", "-b", "127.0.0.1", "-b", "127.0.0.2", "-b", "unix:s"])
        .start();
    assert!(ssetail.url.starts_with("http://127.0.0.1:"), "{}", ssetail.url);
    ssetail.wait_for("listening on http://127.0.0.2:");
    ssetail.wait_for("listening on unix:");
    assert_eq!(ssetail.events("/sse").lines(1), ["x"]);
}

/// A script that passes a socket as systemd does, as descriptor 3.
const ACTIVATE: &str = "exec 3<&0 0</dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec \"$0\" \"$@\"";

#[test]
fn an_inherited_port_is_served() {
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
    assert_eq!(ssetail.stderr.matches("listening").count(), 1, "{}", ssetail.stderr);
    ssetail.signal(Signal::TERM);
    assert_eq!(ssetail.wait().code(), Some(0));
}

#[test]
fn an_inherited_unix_socket_is_not_removed() {
    let ssetail = Ssetail::new().file("a.log", "x\n").arg("a.log");
    let socket = ssetail.path("s");
    let listener = UnixListener::bind(&socket).expect("bound");
    let mut ssetail = ssetail.through(ACTIVATE).stdin(OwnedFd::from(listener)).spawn();
    ssetail.wait_for("listening on unix:");
    assert_eq!(get_through_socket(&socket, "/healthz"), "ok\n");
    ssetail.signal(Signal::TERM);
    assert_eq!(ssetail.wait().code(), Some(0));
    assert!(socket.exists());
}

#[test]
fn an_inherited_port_beyond_this_machine_needs_a_token() {
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
fn a_missing_inherited_socket_is_one_sentence() {
    let ssetail = Ssetail::new().file("a.log", "").arg("a.log").through(ACTIVATE);
    let (status, stderr) = ssetail.fail();
    assert_eq!(status, 1);
    assert!(stderr.contains("LISTEN_FDS") && stderr.lines().count() == 1, "{stderr}");
}
