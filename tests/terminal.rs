//! The status line, and messages on a terminal and on a pipe.

use crate::harness::{Signal, Ssetail, client, eventually, numbered, write};

fn is_summary(line: &str) -> bool {
    line.contains(" lines/s")
}

#[test]
fn it_tells_where_it_is_what_it_follows_and_how_it_goes() {
    let ssetail = Ssetail::new().file("a.log", "").file("b.log", "");
    let mut screen = ssetail.args(["a.log", "b.log", "none.log"]).on_screen(80);
    screen.wait_for("line", |line| line == "3 sources, 0 clients, 0 lines/s, 0 gaps");
    let lines = screen.lines();
    assert!(lines[0].starts_with("ssetail: listening on http://127.0.0.1:"), "{lines:?}");
    assert_eq!(lines[1], "ssetail: following a.log, b.log");
    assert!(lines[2].starts_with("ssetail: waiting for /"), "{lines:?}");
    assert!(screen.raw.contains("\x1b[1mhttp://"), "the address stands out");
    let address = screen.address();
    let events = crate::harness::Events::open(&address, "/sse", &[]);
    screen.wait_for("client", |line| line == "3 sources, 1 client, 0 lines/s, 0 gaps");
    drop(events);
    screen.wait_for("nobody", |line| line.contains("0 clients"));
    assert!(screen.stop().success());
    assert!(!screen.lines().iter().any(|line| is_summary(line)), "{:?}", screen.lines());
    assert_eq!(screen.lines()[..2], lines[..2]);
}

#[test]
fn lines_and_gaps_are_counted() {
    let mut screen = Ssetail::new().args(["-", "--replay", "2"]).piped().on_screen(80);
    let address = screen.address();
    let mut events = crate::harness::Events::open(&address, "/sse", &[]);
    screen.input(b"1\n");
    let first = events.next().expect("an event").id;
    drop(events);
    // A rate needs figures from before the lines, and so many lines if they are taken seconds apart.
    screen.wait_for("figures", is_summary);
    screen.input(numbered("line", 0..5000).as_bytes());
    screen.wait_for("rate", |line| line.contains(" lines/s") && !line.contains(", 0 lines/s"));
    screen.wait_for("silence", |line| line.contains(", 0 lines/s"));
    crate::harness::Events::open(&address, "/sse", &[("last-event-id", &first)]).next();
    screen.wait_for("gap", |line| line.ends_with("1 gap"));
}

#[test]
fn a_narrow_terminal_shows_less_and_a_resized_one_what_fits() {
    let mut screen = Ssetail::new().file("a.log", "").arg("a.log").on_screen(40);
    let short = |line: &str| line == "1 source, 0 clients, 0 lines/s, 0 gaps";
    screen.wait_for("line", short);
    screen.resize(30);
    screen.wait_for("shorter line", |line| line == "0 clients, 0 lines/s");
    screen.resize(10);
    screen.wait_for("nothing", |_| true);
    screen.resize(80);
    screen.wait_for("whole line", short);
    let summaries = screen.lines().into_iter().filter(|line| is_summary(line)).count();
    assert_eq!(summaries, 1, "{:?}", screen.lines());
    assert!(screen.stop().success());
}

#[test]
fn a_backlog_is_a_progress_bar_until_it_is_read() {
    let ssetail = Ssetail::new();
    // Reading this number of short lines takes seconds.
    write(&ssetail.path("a.log"), "x\n".repeat(64 << 20));
    let mut screen = ssetail.args(["a.log", "--from-start"]).on_screen(80);
    let bar = screen.wait_for("bar", |line| line.starts_with("reading [") && line.contains('>'));
    for part in ["iB of ", "iB/s, ", "s left"] {
        assert!(bar.contains(part), "{bar}");
    }
    screen.resize(40);
    let bar = screen.wait_for("short bar", |line| line.starts_with('[') && line.contains('%'));
    assert!(bar.len() < 40, "{bar}");
    screen.wait_for("summary", is_summary);
}

#[test]
fn input_at_full_speed_has_a_rate_and_no_total() {
    let mut screen = Ssetail::new().arg("-").piped().on_screen(80);
    let block = "a line of a build\n".repeat(10_000);
    let began = std::time::Instant::now();
    while !screen.raw.contains("reading standard input: ") {
        assert!(began.elapsed() < crate::harness::DEADLINE, "{}", screen.raw);
        screen.input(block.as_bytes());
        screen.see();
    }
    assert!(screen.raw.contains("iB/s"), "{}", screen.raw);
    screen.wait_for("summary", is_summary);
}

#[test]
fn requests_are_told_above_the_line() {
    let mut screen = Ssetail::new().file("a.log", "").args(["a.log", "-v"]).on_screen(80);
    let address = screen.address();
    client::get(&address, "/healthz", &[]);
    screen.wait_for("request", |line| line.contains(" GET /healthz 200 "));
    screen.wait_for("line", is_summary);
    let lines = screen.lines();
    assert!(is_summary(lines.last().expect("lines")), "{lines:?}");
}

/// All that a terminal gets to see of a program that follows a file, until it is stopped.
fn shown(prepare: impl FnOnce(Ssetail) -> Ssetail) -> String {
    let ssetail = prepare(Ssetail::new().file("a.log", "").arg("a.log"));
    let mut screen = ssetail.on_screen(80);
    screen.address();
    screen.wait_for("what it follows", |line| line == "ssetail: following a.log");
    assert!(screen.stop().success());
    std::mem::take(&mut screen.raw)
}

#[test]
fn there_is_no_line_where_it_is_not_wanted() {
    let is_plain = |raw: &str| !raw.contains('\x1b') && !is_summary(raw);
    assert!(is_summary(&shown(|ssetail| ssetail)));
    let quiet = shown(|ssetail| ssetail.arg("--quiet"));
    assert!(!is_summary(&quiet) && quiet.contains("\x1b[1mhttp"), "{quiet:?}");
    let dumb = shown(|ssetail| ssetail.env("TERM", "dumb"));
    assert!(is_plain(&dumb), "{dumb:?}");
    let grey = shown(|ssetail| ssetail.env("NO_COLOR", "1"));
    assert!(is_summary(&grey) && !grey.contains("\x1b[1m") && !grey.contains("\x1b[2m"));
    let ssetail = Ssetail::new().file("a.log", "").arg("a.log").env("TERM", "xterm").start();
    ssetail.signal(Signal::TERM);
    let (status, said) = ssetail.end();
    assert_eq!(status, 0);
    assert!(is_plain(&said) && said.contains("ssetail: following a.log\n"), "{said:?}");
}

#[test]
fn nothing_mixes_into_lines_that_go_to_the_same_terminal() {
    let ssetail = Ssetail::new().args(["-", "--tee", "-v"]).piped();
    let mut screen = ssetail.on_screen(120);
    let address = screen.address();
    screen.input(b"one\nhalf");
    screen.wait_for("half a line", |line| line == "half");
    client::get(&address, "/healthz", &[]);
    screen.wait_for("request", |line| line.contains(" GET /healthz 200 "));
    screen.input(b" of it\nlast\n");
    screen.wait_for("last line", |line| line == "last");
    let lines = screen.lines();
    let at = lines.iter().position(|line| line == "one").expect("a line");
    assert_eq!(lines[at + 1], "half");
    assert!(lines[at + 2].contains("GET /healthz"), "{lines:?}");
    assert_eq!(lines[at + 3..], [" of it", "last"]);
    assert!(screen.stop().success());
    assert!(!is_summary(&screen.raw), "{:?}", screen.raw);
}

#[test]
fn lines_can_be_typed() {
    let mut screen = Ssetail::new().arg("-").at_keyboard(80);
    screen.wait_for("hint", |line| line.contains("reading lines from the keyboard; Ctrl-D ends"));
    let mut events = crate::harness::Events::open(&screen.address(), "/sse", &[]);
    screen.send("typed\n");
    assert_eq!(events.data(1), ["typed"]);
}

#[test]
fn a_terminal_that_takes_nothing_stops_nobody() {
    let (unread, mut stuck) = std::io::pipe().expect("a pipe");
    std::io::Write::write_all(&mut stuck, &vec![0; 65536]).expect("written");
    let ssetail = Ssetail::new().file("a.log", "x\n").args(["a.log", "-v", "-b", "unix:socket"]);
    let socket = ssetail.path("socket");
    let mut running = ssetail.stderr(stuck).spawn();
    eventually("it listens", || socket.exists());
    for _ in 0..20 {
        assert_eq!(client::get_through_socket(&socket, "/healthz"), "ok\n");
    }
    running.signal(Signal::TERM);
    assert!(running.wait().success());
    drop(unread);
}
