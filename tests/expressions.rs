//! Expressions of clients, which cost only the client that sent them.

use std::io::Write as _;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::harness::client::Connection;
use crate::harness::{Running, Ssetail, eventually};

/// Longest time of a request beside busy expressions. It is much less than the seconds that an
/// expression takes, and much more than a busy machine needs.
const PROMPT: Duration = Duration::from_secs(2);

/// An expression that takes microseconds for each byte of a text without regularity.
const SLOW: &str = "[a-m].{900}~";

/// Sends a request and does not wait for its response.
fn send(ssetail: &Running, method: &str, query: &str) -> TcpStream {
    let mut socket = TcpStream::connect(ssetail.address()).expect("connected");
    let head = format!("{method} /sse?{query} HTTP/1.1\r\nhost: localhost\r\n\r\n");
    socket.write_all(head.as_bytes()).expect("sent");
    socket
}

/// Returns letters in an order without regularity.
fn irregular(len: usize) -> String {
    let mut state = 1u32;
    let mut letter = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        char::from(b'a' + (state >> 24) as u8 % 26)
    };
    (0..len).map(|_| letter()).collect()
}

fn is_prompt(ssetail: &Running) {
    let began = Instant::now();
    assert_eq!(ssetail.get("/healthz").body, "ok\n");
    assert!(began.elapsed() < PROMPT, "{:?}", began.elapsed());
}

#[test]
fn too_many_expressions_are_refused_before_they_are_compiled() {
    let ssetail = Ssetail::new().file("a.log", "x\n").arg("a.log").start();
    let many = vec![r"grep=\w{20}"; 1250].join("&");
    // Only the last of these is compiled.
    let stops = vec![r"stop=\w{20}"; 1250].join("&");
    let busy = [&many, &stops].into_iter().cycle().take(8);
    let _busy: Vec<_> = busy.map(|query| send(&ssetail, "HEAD", query)).collect();
    is_prompt(&ssetail);
    let began = Instant::now();
    let refused = ssetail.get(&format!("/sse?{many}"));
    assert_eq!(refused.status, 400);
    assert!(refused.body.contains("at most 16 times"), "{}", refused.body);
    let large = ssetail.get(r"/sse?grep=\w{40}&grep=\w{41}&grep=\w{42}");
    assert_eq!(large.status, 400);
    assert!(large.body.contains("moderate size"), "{}", large.body);
    let files = ssetail.get(&format!("/sse?{}", vec!["file=*a*a*a"; 1250].join("&")));
    assert_eq!(files.status, 400);
    assert!(files.body.contains("at most 128 times"), "{}", files.body);
    assert!(began.elapsed() < 3 * PROMPT, "{:?}", began.elapsed());
}

#[test]
fn expressions_are_compiled_beside_other_requests() {
    let ssetail = Ssetail::new().file("a.log", "x\n").arg("a.log").start();
    // Each takes as much memory as is allowed. Half of the clients leave at once.
    let query = [r"grep=x|\w{9}"; 2].join("&");
    for method in ["HEAD", "GET"].into_iter().cycle().take(60) {
        drop(send(&ssetail, method, &query));
    }
    let waiting: Vec<_> = (0..30).map(|_| send(&ssetail, "HEAD", &query)).collect();
    for _ in 0..20 {
        is_prompt(&ssetail);
    }
    drop(waiting);
    assert_eq!(ssetail.events("/sse?grep=x").data(1), ["x"]);
    eventually("the streams of the others end", || ssetail.metric("ssetail_open_streams") == 0);
}

#[test]
fn slow_expressions_do_not_delay_the_lines_of_others() {
    let text = irregular(5_000_000).into_bytes();
    let text: Vec<u8> = text.chunks(999).flat_map(|line| [line, b"\n"].concat()).collect();
    let ssetail = Ssetail::new()
        .file("big.log", text)
        .file("a.log", "")
        .args(["big.log", "a.log", "--from-start"])
        .start();
    let mut honest = ssetail.events("/sse?file=a.log");
    honest.until_comments(1);
    // A client that gets no line is searched for without a pause.
    let queries = [format!("grep={SLOW}"), format!("grep=!.&stop={SLOW}")];
    let slow: Vec<_> =
        (0..8).map(|n| ssetail.events(&format!("/sse?n=all&{}", queries[n % 2]))).collect();
    for n in 0..50 {
        let began = Instant::now();
        ssetail.append("a.log", format!("{n}\n"));
        assert_eq!(honest.lines(1), [n.to_string()]);
        assert!(began.elapsed() < PROMPT, "{:?}", began.elapsed());
        is_prompt(&ssetail);
    }
    drop(slow);
}

#[test]
fn a_search_in_many_turns_finds_every_line_once() {
    let line = |n: usize| {
        format!("{n} {}{}\n", "a".repeat(950), if n.is_multiple_of(7) { "~" } else { "" })
    };
    let ssetail = Ssetail::new()
        .file("a.log", (0..2000).map(line).collect::<String>())
        .args(["a.log", "--from-start", "--replay", "100"])
        .start();
    let mut events = ssetail.events(&format!("/sse?n=all&grep={SLOW}"));
    for n in (0..2000).step_by(7) {
        assert_eq!(events.lines(1)[0].split(' ').next(), Some(&*n.to_string()));
    }
    ssetail.append("a.log", line(7000));
    assert!(events.lines(1)[0].starts_with("7000 "));
}

/// `HEAD` needs no event, so that it does not look for the newest lines.
#[test]
fn pipelined_heads_are_answered_without_a_stream() {
    let ssetail = Ssetail::new().file("a.log", "x\n").args(["a.log", "--max-clients", "1"]).start();
    let head = "HEAD /sse?n=1 HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let last = "GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    let mut connection = Connection::send(ssetail.address(), &(head.repeat(200) + last));
    let text = connection.head.clone() + &connection.text_to_end();
    assert_eq!(text.matches("HTTP/1.1 200 OK\r\n").count(), 201);
    assert!(text.ends_with("\r\n\r\nok\n"), "{text:?}");
    let _only = ssetail.events("/sse");
    let full = ssetail.request("HEAD", "/sse?n=1", &[("accept", "text/html")]);
    assert_eq!(full.status, 503, "as GET");
}

/// Lines that are too long for a turn are searched by another thread.
#[test]
fn long_lines_are_found_once_among_short_ones() {
    let line = |n: usize| match n % 10 {
        3 => format!("{n} {}~\n", "a".repeat(3000)),
        6 => format!("{n} {}\n", "a".repeat(70_000)),
        9 => format!("{n} {}~\n", "a".repeat(40_000)),
        _ => format!("{n}\n"),
    };
    let ssetail = Ssetail::new()
        .file("a.log", (0..200).map(line).collect::<String>())
        .args(["a.log", "--from-start", "--replay", "10", "--replay-bytes", "100KB"])
        .start();
    let mut slow = ssetail.events(&format!("/sse?n=all&grep={SLOW}&format=base64"));
    let mut fast = ssetail.events("/sse?n=all&grep=~$&format=base64");
    for n in (0..200).filter(|n| [3, 9].contains(&(n % 10))) {
        let parts = if n % 10 == 3 { 1 } else { 2 };
        assert!(slow.lines(parts) == fast.lines(parts), "{n}");
    }
    ssetail.append("a.log", line(203));
    assert!(slow.lines(1) == fast.lines(1));
}

/// Searches for the newest lines leave blocking threads to compile expressions and to read files.
#[test]
fn slow_searches_for_the_newest_lines_do_not_delay_other_requests() {
    let text = irregular(5_000_000).into_bytes();
    let text: Vec<u8> = text.chunks(999).flat_map(|line| [line, b"\n"].concat()).collect();
    let ssetail = Ssetail::new()
        .file("big.log", text)
        .file("a.log", "x\n")
        .args(["big.log", "a.log", "--from-start", "--replay", "10", "--replay-bytes", "100KB"])
        .start();
    eventually("all lines are read", || ssetail.metric("ssetail_lines_read_total") == 5007);
    let path = format!("/sse?n=5&file=big.log&grep={SLOW}");
    let slow: Vec<_> = (0..24).map(|_| ssetail.events(&path)).collect();
    for _ in 0..3 {
        for query in ["n=all&grep=x&file=a.log", "n=all&file=big.log"] {
            let began = Instant::now();
            assert_eq!(ssetail.events(&format!("/sse?{query}")).lines(1).len(), 1);
            assert!(began.elapsed() < PROMPT, "{query}: {:?}", began.elapsed());
        }
    }
    drop(slow);
}
