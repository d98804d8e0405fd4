//! Benchmarks of finding the times of lines: `cargo bench --bench times`.

use std::fmt;

use divan::Bencher;
use divan::counter::BytesCount;
use jiff::tz::TimeZone;
use ssetail::record::{Clock, Zone, stated_time};

/// Number of lines of a round; together they fit into the cache of a processor.
const LINES: usize = 1000;
/// Number of bytes of a line.
const LEN: usize = 100;
/// 2026-11-25 19:00:01 UTC.
const NEAR: i64 = 1_795_633_201_000;

/// Lines of one kind: its name, the start of each line, and the text that fills it.
struct Kind(&'static str, &'static str, &'static str);

const WORDS: &str = "the quick brown fox jumps over the lazy dog ";

const KINDS: [Kind; 8] = [
    Kind("iso_utc", "2026-11-25T19:00:01.123456Z INFO ", WORDS),
    Kind("iso_local", "2026-11-25 19:00:01,123 INFO ", WORDS),
    Kind("syslog", "Nov 25 19:00:01 host app[123]: ", WORDS),
    Kind("access", "10.20.30.40 - - [25/Nov/2026:19:00:01 +0100] ", WORDS),
    Kind("klog", "E1125 19:00:01.123456       1 reflector.go:79] ", WORDS),
    Kind("seconds", "1764097201.123 ", WORDS),
    Kind("no_digit", "", WORDS),
    Kind("other_numbers", "", "step 12 of 3.4.5 took 678 ms at 10.0.0.1 "),
];

#[divan::bench(args = &KINDS)]
fn times(bencher: Bencher, kind: &Kind) {
    let Kind(_, start, text) = kind;
    let fill = text.repeat(LEN / text.len() + 1);
    let line = &format!("{start}{fill}")[..LEN];
    let lines = vec![line.to_owned(); LINES];
    let zone = TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").expect("a zone");
    let clock = Clock::new(&Zone::from(zone), NEAR);
    bencher.counter(BytesCount::new(LINES * LEN)).bench_local(|| {
        let times = lines.iter().map(|line| stated_time(line.as_bytes(), &clock));
        times.flatten().fold(0, i64::wrapping_add)
    });
}

fn main() {
    divan::main();
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}
