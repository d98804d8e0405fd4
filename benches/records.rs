//! Benchmarks of recognizing the records of lines: `cargo bench --bench records`.

use std::fmt;

use divan::Bencher;
use divan::counter::BytesCount;
use ssetail::record::{Clock, Condition, LineState, Recognizer, Zone};

/// Number of lines of a round; together they fit into the cache of a processor.
const LINES: usize = 1000;
/// 2026-11-25 19:00:01 UTC.
const NEAR: i64 = 1_795_633_201_000;

/// Lines of one kind: its name, and lines that follow each other.
struct Kind(&'static str, &'static [&'static str]);

const ACCESS: &str = r#"203.0.113.7 - - [25/Nov/2026:19:00:01 +0000] "GET /assets/app.js?v=12 HTTP/1.1" 200 6120 "https://shop.example/" "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0""#;
const JSON: &str = r#"{"level":"info","time":1795633201123,"pid":42,"hostname":"web1","req":{"method":"GET","url":"/orders/12","headers":{"host":"shop.example"}},"status":200,"msg":"request completed"}"#;
const JSON_PLAIN: &str = r#"{"pid":42,"hostname":"web1","req":{"method":"GET","url":"/orders/12","headers":{"host":"shop.example"}},"status":200,"msg":"request completed"}"#;
const LOG4J: &str = "2026-11-25 19:00:01,123 [http-nio-8080-exec-1] INFO  com.acme.shop.OrderService - order 12 of customer 345 was accepted in 17 ms";
const LOGFMT: &str = "ts=2026-11-25T19:00:01.123Z caller=orders.go:123 level=info msg=\"order accepted\" order=12 customer=345 took=17ms";
const PLAIN: &str = "order 12 of customer 345 was accepted in 17 ms, and 3 of its 4 items are in stock at the first warehouse";
const SYSLOG: &str = "Nov 25 19:00:01 web1 shop[812]: order 12 of customer 345 was accepted in 17 ms, and 3 of its 4 items are in stock";
const FRAME: &str =
    "\tat com.acme.shop.OrderService.accept(OrderService.java:123) ~[shop.jar!/:1.2.3]";

const KINDS: [Kind; 9] = [
    Kind("access", &[ACCESS]),
    Kind("json", &[JSON]),
    Kind("json_plain", &[JSON_PLAIN]),
    Kind("log4j", &[LOG4J]),
    Kind("logfmt", &[LOGFMT]),
    Kind("plain", &[PLAIN]),
    Kind("syslog", &[SYSLOG]),
    Kind("frames", &[FRAME]),
    Kind("mixed", &[ACCESS, JSON, LOG4J, LOGFMT, PLAIN, SYSLOG, FRAME]),
];

impl Kind {
    fn lines(&self) -> Vec<String> {
        self.1.iter().cycle().take(LINES).map(|line| (*line).to_owned()).collect()
    }
}

fn bytes(lines: &[String]) -> BytesCount {
    BytesCount::new(lines.iter().map(String::len).sum::<usize>())
}

#[divan::bench(args = &KINDS)]
fn recognize(bencher: Bencher, kind: &Kind) {
    let lines = kind.lines();
    let mut recognizer = Recognizer::new(Clock::new(&Zone::utc(), NEAR));
    bencher.counter(bytes(&lines)).bench_local(|| {
        let mut state = LineState::default();
        for line in &lines {
            divan::black_box(recognizer.recognize(line.as_bytes(), &mut state));
        }
        state
    });
}

#[divan::bench(args = &KINDS)]
fn condition(bencher: Bencher, kind: &Kind) {
    let lines = kind.lines();
    let condition = Condition::parse("status>=500", 1 << 20).expect("a condition");
    bencher
        .counter(bytes(&lines))
        .bench_local(|| lines.iter().filter(|line| condition.holds(line.as_bytes())).count());
}

fn main() {
    divan::main();
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}
