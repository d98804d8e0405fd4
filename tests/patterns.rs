//! Globs, odd names, own streams, and the environment of a container.

use std::os::unix::fs::symlink;
use std::path::Path;

use crate::harness::{Ssetail, eventually, output_of, write};

#[test]
fn the_name_of_the_current_directory_is_no_pattern() {
    for name in ["[prod] app", "{a,b}", "odd[name", "what?", "st*r"] {
        let ssetail = Ssetail::new().file(&format!("{name}/a.log"), "hello\n");
        let script = format!("cd '{name}'; exec \"$0\" \"$@\"");
        let ssetail = ssetail.through(&script).arg("*.log").start();
        assert_eq!(ssetail.events("/sse").data(1), ["hello"], "{name}");
    }
}

#[test]
fn a_glob_matches_characters_and_expands_braces() {
    let files = ["é.log", "b.log", "nginx/access.log", "app/x.log", "[1].log"];
    for (glob, expected) in [
        ("?.log", "b.log é.log"),
        ("[!a-c].log", "é.log"),
        ("{nginx/access,app/x}.log", "app/x.log nginx/access.log"),
        ("b.log{,.1}", "b.log"),
        ("\\[1].lo*", "[1].log"),
        ("[1].log", "[1].log"),
        ("{b,none}.log", "b.log"),
    ] {
        let ssetail = files.iter().fold(Ssetail::new(), |all, file| all.file(file, *file));
        let ssetail = ssetail.arg(glob).start();
        let sources: serde_json::Value =
            serde_json::from_str(&ssetail.get("/sources").body).expect("JSON");
        let root = ssetail.directory.path().canonicalize().expect("a path");
        let mut paths: Vec<&str> = Vec::new();
        for source in sources.as_array().expect("an array") {
            let path = source["path"].as_str().expect("a path");
            let path = path.strip_prefix(root.to_str().expect("UTF-8")).expect("below");
            paths.push(&path[1..]);
        }
        paths.sort_unstable();
        assert_eq!(paths.join(" "), expected, "{glob}");
    }
}

#[test]
fn a_word_without_a_wildcard_is_followed_when_it_appears() {
    let ssetail = Ssetail::new().args(["{a/x,b/y}.log", "half{.log"]).start();
    let mut events = ssetail.events("/sse");
    write(&ssetail.path("b/y.log"), "y\n");
    assert_eq!(events.lines(1), ["y"]);
    write(&ssetail.path("half{.log"), "half\n");
    assert_eq!(events.lines(1), ["half"]);
}

#[test]
fn a_tilde_in_quotes_is_the_home_directory() {
    let ssetail = Ssetail::new().file("home/a.log", "a\n").file("home/b.txt", "b\n");
    let home = ssetail.path("home");
    let ssetail = ssetail.env("HOME", home.to_str().expect("UTF-8"));
    let ssetail = ssetail.args(["~/*.log", "named=~/b.txt"]).start();
    let mut lines = ssetail.events("/sse").data(2);
    lines.sort();
    assert_eq!(lines, ["a", "b"]);
    assert_eq!(ssetail.events("/sse?file=named").data(1), ["b"]);
    let (code, stderr) = Ssetail::new().arg("lo*s/").fail();
    assert_eq!(code, 2);
    assert!(stderr.contains("'lo*s/' matches only directories"), "{stderr}");
    let (code, stderr) = Ssetail::new().arg("{1..999999999}").fail();
    assert_eq!(code, 2);
    assert!(stderr.contains("{1..999999999} is not a glob: it is too long, or its braces"));
}

#[test]
fn a_value_of_file_that_is_a_name_means_this_source() {
    let names = ["[app] 1.log", "a 1.log", "x{1,2}.log", "x1.log", "st*r.log", "star.log"];
    let ssetail = names.iter().fold(Ssetail::new(), |all, name| all.file(name, *name));
    let ssetail = names.iter().fold(ssetail, |all, name| all.file(name, format!("{name}\n")));
    let ssetail = ssetail.arg("*.log").start();
    for name in names {
        let query: String =
            percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC)
                .to_string();
        let exact = ssetail.events(&format!("/sse?file={query}&file=none"));
        ssetail.append(name, "end\n");
        assert_eq!({ exact }.data(2), [name, "end"]);
    }
    assert_eq!(ssetail.get("/sse?file=%7B1..99999%7D").status, 400);
}

#[test]
fn files_that_a_glob_passes_over_are_not_opened() {
    let ssetail = Ssetail::new().file("d/app.log", "a\n").file("d/app.log.1.gz", "binary\n");
    let queue = ssetail.path("d/queue").to_str().expect("UTF-8").to_owned();
    output_of("mkfifo", &[&queue]);
    let ssetail = ssetail.arg("d/*").start();
    let reader = std::thread::spawn({
        let queue = queue.clone();
        move || output_of("cat", &[&queue])
    });
    write(Path::new(&queue), "job\n");
    assert_eq!(reader.join().expect("cat ends"), "job\n");
    let sources = ssetail.get("/sources").body;
    assert!(!sources.contains("queue") && !sources.contains("gz"), "{sources}");
}

#[test]
fn the_own_output_is_never_followed() {
    let ssetail = Ssetail::new();
    for (link, stream) in [("access.log", "/dev/stdout"), ("error.log", "/dev/stderr")] {
        symlink(stream, ssetail.path(link)).expect("linked");
    }
    let script = "exec \"$0\" \"$@\" > >(cat >out) 2> >(tee err >&2)";
    let arguments = ["-", "--tee", "access.log", "error.log", "*.log"];
    let mut ssetail = ssetail.through(script).args(arguments).piped().start();
    ssetail.wait_for("access.log is the standard output of ssetail itself");
    ssetail.wait_for("error.log is the standard error of ssetail itself");
    let mut events = ssetail.events("/sse");
    ssetail.input("one\ntwo\n");
    assert_eq!(events.lines(2), ["one", "two"]);
    eventually("the copy has both lines", || {
        std::fs::read_to_string(ssetail.path("out")).is_ok_and(|out| out == "one\ntwo\n")
    });
    let sources = ssetail.get("/sources").body;
    assert_eq!(sources.matches("\"unreadable\"").count(), 2, "{sources}");
}

#[test]
fn a_glob_does_not_match_the_file_that_standard_error_goes_to() {
    let ssetail = Ssetail::new().file("a.log", "a\n").arg("*.log");
    let mut ssetail = ssetail.through("exec \"$0\" \"$@\" 2>err.log").spawn();
    let mut url = None;
    eventually("it prints its address", || {
        let err = std::fs::read_to_string(ssetail.path("err.log")).unwrap_or_default();
        url = err.lines().find_map(|line| Some(line.split_once("listening on ")?.1.to_owned()));
        url.is_some()
    });
    url.expect("printed").trim_end_matches('/').clone_into(&mut ssetail.url);
    let mut events = ssetail.events("/sse");
    assert_eq!(events.data(1), ["a"]);
    ssetail.append("a.log", "b\n");
    assert_eq!(events.data(1), ["b"]);
    assert!(!ssetail.get("/sources").body.contains("err.log"));
}

#[test]
fn a_glob_does_not_match_the_journal() {
    let ssetail = Ssetail::new().file("a.log", "a\n").args(["**/*", "--state", "state"]).start();
    let mut events = ssetail.events("/sse");
    assert_eq!(events.data(1), ["a"]);
    eventually("the journal exists", || ssetail.path("state/journal").exists());
    write(&ssetail.path("state/other"), "other\n");
    assert_eq!(events.lines(1), ["other"]);
    let sources = ssetail.get("/sources").body;
    assert!(!sources.contains("journal") && !sources.contains("lock"), "{sources}");
}

#[test]
fn the_port_variable_of_a_service_is_passed_over() {
    // A Unix socket needs no port.
    let start = |port| {
        let program = env!("CARGO_BIN_EXE_ssetail");
        let ssetail = Ssetail::running(program, &["a.log", "--bind", "unix:socket"]);
        ssetail.file("a.log", "").env("SSETAIL_PORT", port)
    };
    let mut verbose = start("tcp://10.96.7.7:8088").arg("-v").spawn();
    verbose.wait_for("SSETAIL_PORT=tcp://10.96.7.7:8088 is the address of a service");
    verbose.wait_for("listening on");
    let mut quiet = start("tcp://10.96.7.7:8088").spawn();
    quiet.wait_for("following a.log");
    quiet.stop();
    assert!(!quiet.stderr.contains("SSETAIL_PORT"), "{}", quiet.stderr);
    let (code, stderr) = start("tcp").fail();
    assert_eq!(code, 2, "{stderr}");
}
