//! Output on a terminal: sentences, the status line, completions.

use std::fs::File;

use crate::harness::{Screen, Ssetail, client, eventually};

fn is_summary(line: &str) -> bool {
    line.contains(" lines/s")
}

#[test]
fn a_terminal_shows_the_url_the_sources_and_the_status_line() {
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
    screen.input(b"2\n3\n4\n5\n");
    screen.wait_for("rate", |line| line.contains(" lines/s") && !line.contains(", 0 lines/s"));
    screen.wait_for("silence", |line| line.contains(", 0 lines/s"));
    crate::harness::Events::open(&address, "/sse", &[("last-event-id", &first)]).next();
    screen.wait_for("gap", |line| line.ends_with("1 gap"));
}

#[test]
fn the_status_line_fits_the_width_of_the_terminal() {
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
    // A sparse file takes no space on the disk.
    File::create(ssetail.path("a.log")).and_then(|file| file.set_len(2 << 30)).expect("made");
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
fn progress_of_standard_input_has_a_rate_and_no_total() {
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
fn requests_are_logged_above_the_status_line() {
    let mut screen = Ssetail::new().file("a.log", "").args(["a.log", "-v"]).on_screen(80);
    let address = screen.address();
    client::get(&address, "/healthz", &[]);
    screen.wait_for("request", |line| line.contains(" GET /healthz 200 "));
    screen.wait_for("line", is_summary);
    let lines = screen.lines();
    assert!(is_summary(lines.last().expect("lines")), "{lines:?}");
}

/// Returns the output on a terminal of a program that follows a file, until it is stopped.
fn shown(prepare: impl FnOnce(Ssetail) -> Ssetail) -> String {
    let ssetail = prepare(Ssetail::new().file("a.log", "").arg("a.log"));
    let mut screen = ssetail.on_screen(80);
    screen.address();
    screen.wait_for("what it follows", |line| line == "ssetail: following a.log");
    assert!(screen.stop().success());
    std::mem::take(&mut screen.raw)
}

#[test]
fn the_status_line_is_only_on_a_capable_terminal_without_quiet() {
    let is_plain = |raw: &str| !raw.contains('\x1b') && !is_summary(raw);
    assert!(is_summary(&shown(|ssetail| ssetail)));
    let quiet = shown(|ssetail| ssetail.arg("--quiet"));
    assert!(!is_summary(&quiet) && quiet.contains("\x1b[1mhttp"), "{quiet:?}");
    let dumb = shown(|ssetail| ssetail.env("TERM", "dumb"));
    assert!(is_plain(&dumb), "{dumb:?}");
    let grey = shown(|ssetail| ssetail.env("NO_COLOR", "1"));
    assert!(is_summary(&grey) && !grey.contains("\x1b[1m") && !grey.contains("\x1b[2m"));
    let ssetail = Ssetail::new().file("a.log", "").arg("a.log").env("TERM", "xterm").start();
    ssetail.signal("-TERM");
    let (status, said) = ssetail.end();
    assert_eq!(status, 0);
    assert!(is_plain(&said) && said.contains("ssetail: following a.log\n"), "{said:?}");
}

#[test]
fn output_does_not_break_lines_of_tee_on_the_same_terminal() {
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
fn a_terminal_that_blocks_delays_no_request() {
    let (unread, mut stuck) = std::io::pipe().expect("a pipe");
    std::io::Write::write_all(&mut stuck, &vec![0; 65536]).expect("written");
    let ssetail = Ssetail::new().file("a.log", "x\n").args(["a.log", "-v", "-b", "unix:socket"]);
    let socket = ssetail.path("socket");
    let mut running = ssetail.stderr(stuck).spawn();
    eventually("it listens", || socket.exists());
    let ask = || {
        let arg = socket.to_str().expect("a path");
        crate::harness::output_of(
            "curl",
            &["-s", "--unix-socket", arg, "http://localhost/healthz", "-m", "20"],
        )
    };
    for _ in 0..20 {
        assert_eq!(ask(), "ok\n");
    }
    running.signal("-TERM");
    assert!(running.wait().success());
    drop(unread);
}

/// Starts a shell, and types `begin`, which loads the completions.
fn shell(command: &[&str], begin: &str) -> Screen {
    let root = env!("CARGO_MANIFEST_DIR");
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("build.log"), "").expect("written");
    let binary = std::path::Path::new(env!("CARGO_BIN_EXE_ssetail")).parent().expect("a directory");
    let path = format!("{}:/usr/bin:/bin", binary.display());
    let mut shell = std::process::Command::new("setsid");
    shell.args(["--ctty", "--wait"]).args(command).env_clear().current_dir(directory.path());
    shell.envs([("TERM", "xterm"), ("PS1", "$ "), ("PATH", &path)]).env("ROOT", root);
    shell.env("HOME", directory.path());
    let mut screen = Screen::start(shell, 80, None);
    screen.keep(directory);
    screen.send(&format!("{begin}; echo re''ady\r"));
    screen.wait_for("shell", |line| line == "ready");
    screen
}

/// Checks that `typed` becomes `completed`, and clears the line.
#[track_caller]
fn completes(screen: &mut Screen, typed: &str, completed: &str) {
    screen.send(typed);
    screen.wait_for(completed, |line| line.contains(completed));
    screen.send("\x15");
    screen.wait_for("empty line", |line| line == "$" || line.ends_with('%'));
}

#[test]
fn completions_work_in_bash() {
    let mut screen =
        shell(&["bash", "--norc", "--noprofile"], "source $ROOT/completions/ssetail.bash");
    completes(&mut screen, "ssetail --replay-b\t", "ssetail --replay-bytes");
    completes(&mut screen, "ssetail --format ba\t", "ssetail --format base64");
    completes(&mut screen, "ssetail --completions z\t", "ssetail --completions zsh");
    completes(&mut screen, "ssetail \t", "ssetail build.log");
    screen.send("ssetail --repl\t\t\t");
    screen.wait_for("choices", |line| line.contains("--replay  ") && line.contains("--replay-byt"));
}

#[test]
fn completions_work_in_zsh() {
    let begin = "fpath=($ROOT/completions $fpath); autoload -Uz compinit; compinit -u -D; PS1='$ '";
    let mut screen = shell(&["zsh", "-f"], begin);
    completes(&mut screen, "ssetail --replay-b\t", "ssetail --replay-bytes");
    completes(&mut screen, "ssetail --format ba\t", "ssetail --format base64");
    completes(&mut screen, "ssetail --completions f\t", "ssetail --completions fish");
    completes(&mut screen, "ssetail bui\t", "ssetail build.log");
}
