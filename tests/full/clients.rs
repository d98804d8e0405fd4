//! The clients that people use, each in the same trials.
//!
//! `tests/clients/RESULTS.md` has the results.

use std::sync::Mutex;

use serde_json::Value;

use crate::documents::{blocks, recipe};
use crate::harness::client::Connection;
use crate::harness::{Events, Running, Ssetail, numbered};
use crate::nginx::Nginx;
use crate::parser::Event;
use crate::peer::{Client, Origin};
use crate::proxy::{Proxy, Target};
use crate::results::{Verdict, compare_with_committed, page, verdict};

const CLIENTS: [Client; 10] = [
    client("EventSource of Chromium", Origin::Browser, true),
    client("eventsource", Origin::Npm, true),
    client("fetch-event-source", Origin::Npm, true),
    client("eventsource-parser", Origin::Npm, false),
    client("sseclient-py", Origin::PyPi, false),
    client("httpx-sse", Origin::PyPi, false),
    client("reqwest-eventsource", Origin::Crates, true),
    client("eventsource-client", Origin::Crates, true),
    client("eventsource-stream", Origin::Crates, false),
    client("curl", Origin::Debian, false),
];

/// The client that changes events in ways that a server cannot prevent.
const FLAWED: &str = "fetch-event-source";

const TRIALS: [(&str, Trial); 9] = [
    ("1,000 lines", live_lines),
    ("JSON, unnamed", json_lines),
    ("nginx", lines_through_nginx),
    ("nginx with gzip", lines_through_gzip),
    ("broken events", broken_events),
    ("compressed", compressed_lines),
    ("compressed, broken", broken_gzip),
    ("restart", restart),
    ("restart, nginx", restart_behind_nginx),
];

/// The settings of the recipe: nginx passes on an abort, and a refused connection.
const NGINX_SETTINGS: &str = "proxy_http_version 1.1; error_page 502 504 = @away;";

const FILES: [File; 2] = [
    File { path: "build.log", name: "build.log", burst: 89 },
    File { path: "sp ace é%.log", name: "sp ace é%25.log", burst: 9 },
];
const LINES: usize = 1000;
const LAST: &str = "that was all";

type Trial = fn(Client) -> Verdict;

/// A file, its event name, and the number of tricky lines that are written at once.
#[derive(Clone, Copy)]
struct File {
    path: &'static str,
    name: &'static str,
    burst: usize,
}

const fn client(name: &'static str, from: Origin, reconnects: bool) -> Client {
    Client { name, from, reconnects }
}

#[test]
fn real_clients_get_every_line() {
    let waiting = Mutex::new(0..CLIENTS.len());
    let rows = Mutex::new(CLIENTS.map(|client| (client, Vec::new())));
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while let Some(i) = { waiting.lock().expect("whole").next() } {
                    let row = TRIALS.map(|(_, trial)| trial(CLIENTS[i]));
                    rows.lock().expect("whole")[i].1 = row.to_vec();
                }
            });
        }
    });
    let rows = rows.into_inner().expect("whole");
    let page = page(&TRIALS.map(|(name, _)| name), &rows);
    for (client, row) in rows {
        let is_exact = row.iter().all(|verdict| *verdict == Verdict::default());
        assert!(is_exact || client.name == FLAWED, "{}: {row:?}\n{page}", client.name);
    }
    compare_with_committed(&page);
}

#[test]
fn the_readme_and_the_recipe_have_the_settings_of_nginx() {
    let recipe = recipe("proxies.md", "nginx", "nginx");
    assert!(NGINX_SETTINGS.split_inclusive("; ").all(|setting| recipe.contains(setting.trim())));
    assert!(blocks("README.md").iter().any(|block| block.text == recipe));
}

/// Lines are written while the client is connected, with heartbeats between them.
fn live_lines(client: Client) -> Verdict {
    let ssetail = followed("");
    let proxy = Proxy::to(Target::Port(ssetail.address().to_owned()));
    lines(client, &ssetail, &format!("http://{}/sse", proxy.address))
}

fn lines_through_nginx(client: Client) -> Verdict {
    lines_through(client, "")
}

fn lines_through_gzip(client: Client) -> Verdict {
    lines_through(client, "gzip on; gzip_types text/event-stream;")
}

fn lines_through(client: Client, settings: &str) -> Verdict {
    let ssetail = followed("/logs");
    let nginx = Nginx::start(ssetail.address(), settings);
    let accepts = [("accept-encoding", "gzip")];
    let answer = Connection::open(&nginx.proxy.address, "GET", "/logs/sse", &accepts);
    let is_compressed = answer.headers.contains(&("content-encoding".into(), "gzip".into()));
    assert_eq!(is_compressed, !settings.is_empty());
    lines(client, &ssetail, &format!("http://{}/logs/sse", nginx.proxy.address))
}

fn followed(prefix: &str) -> Running {
    let below = ["--path-prefix", prefix];
    followed_with(if prefix.is_empty() { &[] } else { &below })
}

fn followed_with(args: &[&str]) -> Running {
    let ssetail = Ssetail::new().args(["--heartbeat", "50ms"]).args(args);
    FILES.iter().fold(ssetail, |ssetail, file| ssetail.file(file.path, "").arg(file.path)).start()
}

fn lines(client: Client, ssetail: &Running, url: &str) -> Verdict {
    let mut expected = Vec::new();
    let mut events = Vec::new();
    let mut peer = client.follow(url, &[FILES[0].name, FILES[1].name, "ssetail", "message"]);
    let path = &url[url.find("/logs").unwrap_or(url.len() - 4)..];
    for burst in 0..10 {
        for file in FILES {
            let numbers = burst * file.burst..(burst + 1) * file.burst;
            let last = format!("{LAST} of burst {burst}");
            let lines: Vec<_> = numbers.map(tricky_line).chain([last.clone().into()]).collect();
            expected.extend(lines.iter().map(|line| (file.name.to_owned(), as_text(line))));
            ssetail.append(file.path, joined(&lines));
            events.extend(peer.until(&last));
        }
        // This stream is newer than the client's, so its second heartbeat is later.
        Events::open(ssetail.address(), &format!("{path}?n=0"), &[]).until_comments(3);
    }
    assert_eq!(expected.len(), LINES);
    verdict(&expected, &events)
}

/// ssetail itself compresses for clients that ask for it.
fn compressed_lines(client: Client) -> Verdict {
    let ssetail = followed_with(&["--compress", "always"]);
    lines(client, &ssetail, &format!("{}/sse", ssetail.url))
}

/// All lines exist before; the client uses `onmessage` and `JSON.parse`.
fn json_lines(client: Client) -> Verdict {
    let lines: Vec<_> = (0..LINES - 1).map(tricky_line).chain([LAST.into()]).collect();
    let ssetail = Ssetail::new().file("a.log", joined(&lines)).args(["a.log", "-n", "+1"]).start();
    let url = format!("{}/sse?format=json&unnamed", ssetail.url);
    let mut peer = client.follow(&url, &["message", "ssetail"]);
    let mut events = Vec::new();
    while events.last().is_none_or(|event: &Event| event.data != LAST) {
        let mut event = peer.next();
        let json: Value = serde_json::from_str(&event.data).expect("JSON");
        json["message"].as_str().unwrap_or_default().clone_into(&mut event.data);
        events.push(event);
    }
    let expected: Vec<_> = lines
        .iter()
        .map(|line| ("message".to_owned(), String::from_utf8_lossy(line).into_owned()))
        .collect();
    verdict(&expected, &events)
}

/// The connection ends in the middle of an event, at every kind of position in an event.
fn broken_events(client: Client) -> Verdict {
    let long = "long é🦀 ".repeat(2500);
    let lines = format!("{}{long}\n{LAST}\n", numbered("cut é🦀", 0..200));
    let ssetail = Ssetail::new()
        .file("a.log", &lines)
        .args(["a.log", "-n", "+1", "--reconnect-delay", "10ms"])
        .start();
    let sent = ssetail.events("/sse").take(202);
    let proxy = Proxy::to(Target::Port(ssetail.address().to_owned()));
    proxy.break_after(positions().into_iter().enumerate().map(|(i, position)| {
        // Events look alike, so the one before is part of the searched bytes.
        let (before, event) = (bytes_of(&sent[i * 10]), bytes_of(&sent[i * 10 + 1]));
        [&before[..], &event[..position(&event)]].concat()
    }));
    proxy
        .break_after([b"data: long \xc3\xa9\xf0\x9f".to_vec(), long.as_bytes()[..20_000].to_vec()]);
    let mut peer = client.follow(&format!("http://{}/sse", proxy.address), &["a.log", "ssetail"]);
    let events = peer.until(LAST);
    assert_eq!(proxy.breaks_left(), 0, "{} was disconnected at every position", client.name);
    let expected: Vec<_> = sent.into_iter().map(|event| (event.kind, event.data)).collect();
    verdict(&expected, &events)
}

/// The connection ends at any byte of a compressed stream.
fn broken_gzip(client: Client) -> Verdict {
    let line = |n: u32| format!("cut é🦀 {:016x}\n", u64::from(n).wrapping_mul(u64::MAX / 7919));
    let text: String = (0..1500).map(line).collect();
    let ssetail = Ssetail::new()
        .file("a.log", format!("{text}{LAST}\n"))
        .args(["a.log", "-n", "+1", "--reconnect-delay", "10ms", "--compress", "always"])
        .start();
    let sent = ssetail.events("/sse").take(1501);
    let proxy = Proxy::to(Target::Port(ssetail.address().to_owned()));
    // The head has some 300 bytes. Some clients drop what they have not decoded yet, so that there
    // may be no event before all of these.
    proxy.break_at((0..8).map(|n| 300 + 171 * n));
    let mut peer = client.follow(&format!("http://{}/sse", proxy.address), &["a.log", "ssetail"]);
    let events = peer.until(LAST);
    assert_eq!(proxy.breaks_left(), 0, "{} was disconnected at every place", client.name);
    let expected: Vec<_> = sent.into_iter().map(|event| (event.kind, event.data)).collect();
    verdict(&expected, &events)
}

/// Functions that return the number of bytes of an event that still arrive.
fn positions() -> [fn(&[u8]) -> usize; 12] {
    fn at(event: &[u8], text: &str) -> usize {
        memchr::memmem::find(event, text.as_bytes()).expect("the event contains it")
    }
    [
        |_| 0,
        |_| 3,
        |event| at(event, "\ndata"),
        |event| at(event, "data"),
        |event| at(event, ": cut"),
        |event| at(event, "é") + 1,
        |event| at(event, "🦀") + 3,
        |event| at(event, "\nid"),
        |event| at(event, "id"),
        |event| at(event, "id") + 6,
        |event| event.len() - 2,
        |event| event.len() - 1,
    ]
}

fn bytes_of(event: &Event) -> Vec<u8> {
    format!("event: {}\ndata: {}\nid: {}\n\n", event.kind, event.data, event.id).into()
}

fn restart(client: Client) -> Verdict {
    restarted(client, |proxy| (format!("http://{}/logs/sse", proxy.address), None))
}

fn restart_behind_nginx(client: Client) -> Verdict {
    restarted(client, |proxy| {
        let nginx = Nginx::start(&proxy.address, NGINX_SETTINGS);
        (format!("http://{}/logs/sse", nginx.proxy.address), Some(nginx))
    })
}

/// A second run serves the same file from its start, and lines that were written in between.
fn restarted(client: Client, front: impl Fn(&Proxy) -> (String, Option<Nginx>)) -> Verdict {
    let with = ["--from-start", "--reconnect-delay", "10ms", "--endpoint", "/logs/sse"];
    let lines = numbered("first run", 0..20);
    let mut first = Ssetail::new().file("a.log", lines).arg("a.log").args(with).start();
    let proxy = Proxy::to(Target::Port(first.address().to_owned()));
    let (url, _nginx) = front(&proxy);
    let mut peer = client.follow(&url, &["a.log", "ssetail"]);
    let mut events = peer.until("first run 19");
    proxy.set_target(None);
    first.stop();
    first.append("a.log", numbered("in between", 0..5));
    let second = Ssetail::new().arg(first.path("a.log")).args(with).start();
    proxy.set_target(Some(Target::Port(second.address().to_owned())));
    events.extend(peer.until("in between 4"));
    first.append("a.log", numbered("live", 0..5));
    events.extend(peer.until("live 4"));

    let line = |line: &str| ("a.log".to_owned(), line.to_owned());
    let mut expected: Vec<_> = numbered("first run", 0..20).lines().map(line).collect();
    expected.extend_from_within(..);
    expected.extend(numbered("in between", 0..5).lines().map(line));
    expected.extend(numbered("live", 0..5).lines().map(line));
    let gap = r#"{"type":"gap","reason":"restart","lost":null}"#;
    expected.insert(20, ("ssetail".to_owned(), gap.to_owned()));
    verdict(&expected, &events)
}

/// Returns a line that a client might split, trim or misinterpret.
fn tricky_line(i: usize) -> Vec<u8> {
    const LINES: [&[u8]; 32] = [
        b"",
        b" one space",
        b"   three spaces, and two behind  ",
        b"\ttab\t",
        b":",
        b": a comment",
        b"a: b",
        b"data: x",
        b"id: 1",
        b"event: error",
        b"retry: 1",
        b"data",
        "\u{FEFF}byte order mark".as_bytes(),
        "in the \u{FEFF} middle".as_bytes(),
        "\u{2028}line\u{2028}separator\u{2028}".as_bytes(),
        "paragraph\u{2029}separator".as_bytes(),
        b"\x0Bvertical\x0Btab\x0B",
        b"\x0Cform\x0Cfeed\x0C",
        b"\x1C\x1D\x1E\x1F separators",
        "\u{85}next\u{85}line\u{85}".as_bytes(),
        "🦀 é e\u{301} 👩‍👩‍👧 \u{10FFFF} \u{202E}rtl".as_bytes(),
        b"\x1b[31mred\x1b[0m\x07\x7f",
        b"nul \0 nul",
        b"\xff\xfe not UTF-8 \xf0\x9f",
        b"a\rb",
        b"a\r\rb\r",
        b"\rstart",
        b"end\r",
        b"\r",
        b"{\"json\": \"\\u0000\"}",
        b"<b>&amp;</b>",
        b"plain",
    ];
    if i % 80 == 79 {
        return "thirty KB ".repeat(3000).into();
    }
    LINES[i % LINES.len()].to_vec()
}

/// Returns the data of a line in the text format (docs/PROTOCOL.md, "Formats").
fn as_text(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line).into_owned();
    text.strip_suffix('\r').unwrap_or(&text).replace('\r', "\n")
}

fn joined(lines: &[Vec<u8>]) -> Vec<u8> {
    lines.iter().flat_map(|line| [line, &b"\n"[..]].concat()).collect()
}
