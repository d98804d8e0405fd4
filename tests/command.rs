//! Commands whose output is a source.

mod signals;

use std::fs;

use rustix::process::{Pid, Signal, kill_process};

use crate::harness::{Running, Ssetail, append, eventually, numbered};

/// Returns ssetail with a command of bash, and `PATH`.
pub fn running(args: &[&str], script: &str) -> Ssetail {
    let path = std::env::var("PATH").expect("a path");
    Ssetail::new().env("PATH", &path).args(args).args(["--", "bash", "-c", script])
}

/// Waits until the command has ended.
pub fn wait_until_ended(ssetail: &Running) {
    let source =
        |sources: String| sources.contains(r#""kind":"command","path":"bash","state":"ended""#);
    eventually("the command has ended", || source(ssetail.get("/sources").body));
}

#[test]
fn a_command_has_a_terminal_and_its_output_passes_unchanged() {
    let script = r#"test -t 1 && test -t 2 && printf '\e[31mred\e[0m\n'
        stty size </dev/tty; printf '10%%\r20%%\n'; echo "$TERM" >&2; printf 'no newline'"#;
    let ssetail = running(&[], script).stdout_to("out").start();
    let mut events = ssetail.events("/sse?n=all&format=json");
    let lines: Vec<String> = events
        .take(6)
        .iter()
        .map(|event| serde_json::from_str::<serde_json::Value>(&event.data).expect("JSON"))
        .map(|object| object["message"].as_str().unwrap_or_default().to_owned())
        .collect();
    let expected = ["\x1b[31mred\x1b[0m", "40 120", "10%\r20%", "xterm-256color", "no newline", ""];
    assert_eq!(lines, expected);
    let names: Vec<String> =
        ssetail.events("/sse?n=all").take(2).into_iter().map(|e| e.kind).collect();
    assert_eq!(names, ["bash", "bash"]);
    let output = fs::read_to_string(ssetail.path("out")).expect("written");
    assert_eq!(output, "\x1b[31mred\x1b[0m\n40 120\n10%\r20%\nxterm-256color\nno newline");
}

#[test]
fn the_exit_status_is_that_of_the_command() {
    for (script, status, end) in [
        ("exit 0", 0, r#""status":0"#),
        ("exit 3", 3, r#""status":3"#),
        ("kill -TERM $$", 143, r#""signal":"SIGTERM""#),
        ("kill -KILL $$", 137, r#""signal":"SIGKILL""#),
    ] {
        let script = format!("until test -e go; do sleep 0.01; done; {script}");
        let mut ssetail = running(&["--exit-on-eof"], &script).start();
        let mut events = ssetail.events("/sse");
        events.until_comments(1);
        ssetail.append("go", "");
        let last = events.rest().pop().expect("an event");
        assert_eq!(last.data, format!(r#"{{"type":"end","file":"bash",{end}}}"#));
        assert!(events.connection.ended, "the body is complete, so that clients stop");
        assert_eq!(ssetail.wait().code(), Some(status));
    }
}

#[test]
fn the_output_is_served_after_the_end() {
    let mut ssetail = running(&[], "echo done; exit 5").start();
    ssetail.wait_for("bash has finished with status 5; its output is served until Ctrl-C");
    let events = ssetail.events("/sse?n=all").take(2);
    assert_eq!(events[0].data, "done");
    assert_eq!(events[1].data, r#"{"type":"end","file":"bash","status":5}"#);
    let headers = [("last-event-id", events[1].id.as_str())];
    let again = crate::harness::client::get(ssetail.address(), "/sse", &headers);
    assert_eq!(again.status, 204, "the client has everything");
    ssetail.signal(Signal::TERM);
    assert_eq!(ssetail.end().0, 5);
}

#[test]
fn a_command_that_cannot_be_started_is_one_sentence() {
    let refused = |program: &str, status: i32, words: &str| {
        let ssetail = Ssetail::new().file("text", "no program\n").file("script", "#!/no/such\n");
        let script = ssetail.path("script");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(script, mode).expect("executable");
        let (code, said) = ssetail.args(["--", program]).fail();
        assert_eq!((code, said.lines().count()), (status, 1), "{said}");
        assert!(
            said.starts_with(&format!("ssetail: {program} ")) && said.contains(words),
            "{said}"
        );
    };
    refused("no-such-program", 127, "no directory of PATH has a program of this name");
    refused("./none", 127, "there is no such file");
    refused("./script", 127, "the interpreter that it names does not exist");
    refused("./text", 126, "Permission denied");
    refused("/", 126, "Permission denied");
}

#[test]
fn a_process_that_is_left_behind_does_not_delay_the_end() {
    let script = "trap '' HUP; sleep 1000 & echo $! >pid; echo left";
    let mut ssetail = running(&["--exit-on-eof"], script).stdout_to("out").start();
    assert_eq!(ssetail.wait().code(), Some(0));
    assert_eq!(fs::read_to_string(ssetail.path("out")).expect("written"), "left\n");
    let pid = fs::read_to_string(ssetail.path("pid")).expect("written");
    let pid = Pid::from_raw(pid.trim().parse().expect("a number")).expect("a process");
    kill_process(pid, Signal::KILL).expect("it runs with the terminal of the command");
}

#[test]
fn a_process_that_is_left_behind_and_writes_does_not_delay_the_end() {
    let script = "trap '' HUP; yes & echo left";
    let mut ssetail = running(&["--exit-on-eof"], script).start();
    assert_eq!(ssetail.wait().code(), Some(0));
}

#[test]
fn fifty_megabytes_are_exact() {
    let ssetail = running(&["--exit-on-eof"], "exec seq 6500000").stdout_to("out");
    let mut running = ssetail.start();
    let mut events = running.events("/sse?n=0&grep=^6500000$");
    assert_eq!(events.lines(1), ["6500000"]);
    assert_eq!(running.wait().code(), Some(0));
    let output = fs::read(running.path("out")).expect("written");
    let mut lines = output.split(|byte| *byte == b'\n');
    for number in 1..=6_500_000u32 {
        assert_eq!(lines.next(), Some(number.to_string().as_bytes()));
    }
    assert_eq!((lines.next(), lines.next()), (Some(&b""[..]), None));
}

#[test]
fn nothing_of_a_short_output_is_lost_at_the_end() {
    let expected = numbered("line", 0..1500);
    for _ in 0..20 {
        let ssetail = Ssetail::new().file("text", &expected).stdout_to("out");
        let path = std::env::var("PATH").expect("a path");
        let ssetail = ssetail.env("PATH", &path).args(["--exit-on-eof", "--", "cat", "text"]);
        let mut running = ssetail.start();
        assert_eq!(running.wait().code(), Some(0));
        let output = fs::read_to_string(running.path("out")).expect("written");
        assert_eq!(output, expected);
    }
}

#[test]
fn the_spool_keeps_the_output() {
    let args = ["--spool", "spool", "--replay", "10", "--replay-bytes", "64KiB"];
    let mut ssetail = running(&args, "seq 100000").start();
    ssetail.wait_for("has finished");
    let expected: Vec<String> = (1..=100_000).map(|number| number.to_string()).collect();
    let mut events = ssetail.events("/sse?n=all");
    assert_eq!(events.data(100_000), expected);
    assert_eq!(events.data(1), [r#"{"type":"end","file":"bash","status":0}"#]);
    let spool = fs::read_to_string(ssetail.path("spool")).expect("a spool");
    assert_eq!(spool, expected.join("\n") + "\n");
}

#[test]
fn a_command_reads_standard_input_unless_a_source_does() {
    let mut ssetail = running(&["--exit-on-eof"], "cat").piped().start();
    let mut events = ssetail.events("/sse");
    ssetail.input("typed\n");
    assert_eq!(events.data(1), ["typed"]);
    ssetail.close_input();
    assert_eq!(ssetail.wait().code(), Some(0));

    let mut ssetail = running(&["-", "--exit-on-eof"], "cat; echo nothing; exit 4").piped().start();
    let mut events = ssetail.events("/sse?n=all");
    assert_eq!(events.data(2)[0], "nothing");
    ssetail.input("for the source\n");
    let event = events.next().expect("an event");
    assert_eq!((event.kind.as_str(), event.data.as_str()), ("stdin", "for the source"));
    ssetail.close_input();
    assert_eq!(events.control("end")["file"], "stdin");
    assert_eq!(ssetail.wait().code(), Some(4));
}

#[test]
fn files_are_followed_beside_a_command() {
    let mut ssetail = running(&["a.log"], "echo from the command").file("a.log", "one\n").start();
    ssetail.wait_for("has finished");
    wait_until_ended(&ssetail);
    append(&ssetail.path("a.log"), "two\n");
    let mut events = ssetail.events("/sse?n=all&file=a.log");
    assert_eq!(events.data(2), ["one", "two"]);
    assert_eq!(ssetail.events("/sse?n=all&file=bash").data(1), ["from the command"]);
    let sources: serde_json::Value =
        serde_json::from_str(&ssetail.get("/sources").body).expect("JSON");
    assert_eq!((&sources[0]["kind"], &sources[0]["name"]), (&"file".into(), &"a.log".into()));
    assert_eq!((&sources[1]["kind"], &sources[1]["name"]), (&"command".into(), &"bash".into()));
}

#[test]
fn a_command_does_not_see_the_credentials() {
    let script = "echo \"[$SSETAIL_TOKEN$SSETAIL_AUTH]\"; ulimit -n; echo $LANG";
    let ssetail = running(&[], script).env("SSETAIL_TOKEN", "a-long-secret");
    let ssetail = ssetail
        .env("SSETAIL_AUTH", "user:password")
        .env("LANG", "C")
        .through("ulimit -Sn 200; exec \"$0\" \"$@\"");
    let ssetail = ssetail.stdout_to("out");
    let mut ssetail = ssetail.start();
    ssetail.wait_for("has finished");
    let output = fs::read_to_string(ssetail.path("out")).expect("written");
    assert_eq!(output, "[]\n200\nC\n", "the limit is not the one that ssetail has raised");
}

#[test]
fn the_terminal_of_the_command_has_the_size_of_the_own_one() {
    let script = "trap 'stty size </dev/tty' WINCH; stty size </dev/tty; echo ready
        while :; do sleep 0.05; done";
    let mut screen = running(&[], script).on_screen(100);
    screen.wait_for("size", |line| line == "24 100");
    screen.wait_for("trap", |line| line == "ready");
    screen.resize(70);
    screen.wait_for("new size", |line| line == "24 70");
    assert!(!screen.raw.contains("lines/s"), "no status line is mixed in: {}", screen.raw);
    screen.stop();
}

#[test]
fn flags_that_do_not_fit_are_refused() {
    let (status, said) = running(&["-", "--spool", "x"], "exit 0").fail();
    assert_eq!(status, 2);
    assert!(said.contains("--spool keeps one stream"), "{said}");
    let (status, said) = Ssetail::new().args(["x", "--exit-on-eof", "--"]).fail();
    assert_eq!(status, 2, "nothing stands behind the hyphens: {said}");
    let mut ssetail = running(&["--tee", "--exit-on-eof"], "echo once").stdout_to("out").start();
    assert_eq!(ssetail.wait().code(), Some(0));
    assert_eq!(fs::read_to_string(ssetail.path("out")).expect("written"), "once\n");
}
