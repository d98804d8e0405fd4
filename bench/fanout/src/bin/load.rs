//! The load: one thread that writes lines, holds all streams, and checks every line at each.
//!
//! `load MODE name=value ...` prints one JSON object. Modes: `closed`, `latency`, `burst`,
//! `idle`, `replay`. It never sleeps while it measures, so that the time in which the kernel
//! wakes it is no part of the measurement; give it a core of its own.

use std::collections::HashMap;
use std::str::FromStr;

use fanout::line::{Writer, now};
use fanout::reference::Reader;
use fanout::streams::Streams;

const SECOND: u64 = 1_000_000_000;
/// Nanoseconds before the measurement.
const WARM_UP: u64 = SECOND / 4;
/// Largest number of lines by which the writer is ahead of the slowest client.
const WINDOW: u64 = 1000;
const STEP: u64 = WINDOW / 4;
/// Seconds without a byte after which missing lines count as lost.
const PATIENCE: u64 = 2;

struct Options(HashMap<String, String>);

impl Options {
    fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    fn number<T: FromStr>(&self, name: &str) -> T {
        self.text(name).parse().ok().unwrap_or_else(|| panic!("{name}=NUMBER is missing"))
    }

    fn streams(&self, first: u64, headers: &str, count: usize) -> Streams {
        let mut streams = Streams::new(first);
        let gzip = if self.text("gzip") == "yes" { "accept-encoding: gzip\r\n" } else { "" };
        let headers = format!("{headers}{gzip}");
        streams.open(self.number("port"), self.text("path"), &headers, count, true);
        if !self.text("beside").is_empty() {
            streams.open(self.number("port"), self.text("beside"), "", 1, false);
        }
        streams
    }

    fn writer(&self) -> Writer {
        Writer::open(self.text("file"), self.text("log") == "access")
    }

    /// CPU time of the server, in seconds.
    fn cpu(&self) -> f64 {
        let stat = self.of_process("stat");
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split(' ').collect();
        let ticks: u64 =
            fields[12].parse::<u64>().expect("ticks") + fields[13].parse::<u64>().expect("ticks");
        ticks as f64 / rustix::param::clock_ticks_per_second() as f64
    }

    /// Memory of the server, in KiB.
    fn memory(&self) -> u64 {
        let text = self.of_process("smaps_rollup");
        let line = text.lines().find(|line| line.starts_with("Pss:")).expect("a line");
        line.split_whitespace().nth(1).and_then(|size| size.parse().ok()).expect("a size")
    }

    fn of_process(&self, name: &str) -> String {
        let path = format!("/proc/{}/{name}", self.text("pid"));
        std::fs::read_to_string(path).expect("a running server")
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mode = arguments.next().unwrap_or_default();
    let pairs = arguments.filter_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        Some((name.to_owned(), value.to_owned()))
    });
    let options = Options(pairs.collect());
    let measured = match &*mode {
        "closed" => closed(&options),
        "latency" => latency(&options),
        "burst" => burst(&options),
        "idle" => idle(&options),
        "replay" => replay(&options),
        _ => panic!("load closed|latency|burst|idle|replay port= path= file= pid= clients= ..."),
    };
    let fields: Vec<String> =
        measured.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    println!("{{{}}}", fields.join(","));
}

type Measured = Vec<(&'static str, f64)>;

/// Fields of every mode: the faults of all clients together.
fn faults(streams: &Streams, written: u64) -> Measured {
    let others = || {
        streams.readers().filter_map(|reader| match reader {
            Reader::Other(other) => Some(other),
            Reader::Same { .. } => None,
        })
    };
    let lost: u64 = streams.readers().map(|reader| reader.lost(written)).sum();
    vec![
        ("lost", lost as f64),
        ("owed", (written * streams.readers().count() as u64) as f64),
        ("doubled", others().map(|other| other.doubled).sum::<u64>() as f64),
        ("reordered", others().map(|other| other.reordered).sum::<u64>() as f64),
        ("torn", others().map(|other| other.torn).sum::<u64>() as f64),
        ("closed", streams.closed as f64),
    ]
}

/// The lines delivered since a moment, and their cost.
struct Since {
    at: u64,
    delivered: u64,
    received: u64,
    busy: u64,
    cpu: f64,
}

impl Since {
    fn now(options: &Options, streams: &Streams) -> Self {
        Since {
            at: now(),
            delivered: streams.delivered,
            received: streams.received,
            busy: streams.busy,
            cpu: options.cpu(),
        }
    }

    fn measured(&self, options: &Options, streams: &Streams) -> Measured {
        let delivered = (streams.delivered - self.delivered) as f64;
        let seconds = streams.last.saturating_sub(self.at) as f64 / SECOND as f64;
        vec![
            ("deliveries", delivered / seconds),
            ("cpu_ns", (options.cpu() - self.cpu) * SECOND as f64 / delivered),
            ("busy", (streams.busy - self.busy) as f64 / SECOND as f64 / seconds),
        ]
    }
}

/// Measures the throughput while the writer waits for the slowest client.
fn closed(options: &Options) -> Measured {
    let mut streams = options.streams(0, "", options.number("clients"));
    if !options.text("link").is_empty() {
        streams.limit(options.number("link"));
    }
    let mut writer = options.writer();
    flow(&mut streams, &mut writer, WARM_UP);
    let since = Since::now(options, &streams);
    flow(&mut streams, &mut writer, options.number::<u64>("seconds") * SECOND);
    streams.finish(writer.written, PATIENCE);
    let bytes = (streams.received - since.received) as f64;
    let size = vec![("line_bytes", bytes / (streams.delivered - since.delivered) as f64)];
    [since.measured(options, &streams), size, faults(&streams, writer.written)].concat()
}

/// Writes for a time, never further ahead of the slowest client than the window.
fn flow(streams: &mut Streams, writer: &mut Writer, length: u64) {
    let end = now() + length;
    while now() < end {
        streams.aim((writer.written + STEP).saturating_sub(WINDOW));
        if streams.is_there() {
            writer.write(STEP);
        }
        streams.poll(0);
    }
}

/// Measures the time from writing a line until each client has it, at 1,000 lines a second.
fn latency(options: &Options) -> Measured {
    let mut streams = options.streams(0, "", options.number("clients"));
    let mut writer = options.writer();
    pace(&mut streams, &mut writer, WARM_UP);
    streams.finish(writer.written, PATIENCE);
    streams.record();
    let since = Since::now(options, &streams);
    pace(&mut streams, &mut writer, options.number::<u64>("seconds") * SECOND);
    streams.finish(writer.written, PATIENCE);
    let seen = streams.latencies.take().expect("they were recorded");
    let at = |quantile| seen.value_at_quantile(quantile) as f64 / 1000.0;
    let times = vec![("p50", at(0.5)), ("p99", at(0.99)), ("max", at(1.0))];
    [times, since.measured(options, &streams), faults(&streams, writer.written)].concat()
}

fn pace(streams: &mut Streams, writer: &mut Writer, length: u64) {
    let mut due = now();
    let end = due + length;
    while due < end {
        if now() >= due {
            writer.write(1);
            due += SECOND / 1000;
        }
        streams.poll(0);
    }
}

/// Measures a million lines that are written as fast as possible.
fn burst(options: &Options) -> Measured {
    let mut streams = options.streams(0, "", options.number("clients"));
    let lines: u64 = options.number("lines");
    let mut writer = options.writer();
    let since = Since::now(options, &streams);
    let writing = std::thread::spawn(move || {
        while writer.written < lines {
            writer.write(10_000.min(lines - writer.written));
        }
    });
    streams.finish(lines, PATIENCE);
    writing.join().expect("it has written");
    [since.measured(options, &streams), faults(&streams, lines)].concat()
}

/// Measures the cost of streams without lines.
fn idle(options: &Options) -> Measured {
    let count: usize = options.number("clients");
    let mut streams = options.streams(0, "", 1);
    wait(&mut streams, SECOND / 2);
    let before = options.memory();
    streams.open(options.number("port"), options.text("path"), "", count, true);
    wait(&mut streams, SECOND);
    let grown = options.memory() - before;
    let cpu = options.cpu();
    wait(&mut streams, SECOND);
    let used = options.cpu() - cpu;
    let mut writer = options.writer();
    let began = now();
    writer.write(1);
    streams.finish(1, PATIENCE);
    let measured = vec![
        ("kib", grown as f64 / count as f64),
        ("before", before as f64),
        ("idle_cpu", used),
        ("to_all_ms", streams.last.saturating_sub(began) as f64 / 1e6),
    ];
    [measured, faults(&streams, 1)].concat()
}

fn wait(streams: &mut Streams, length: u64) {
    let end = now() + length;
    while now() < end {
        streams.poll(10);
    }
}

/// Measures the replay of existing lines to clients that connect at the same time.
///
/// With `resume=yes` the clients resume after the first line; otherwise they get all lines.
fn replay(options: &Options) -> Measured {
    let lines: u64 = options.number("lines");
    let is_resumed = options.text("resume") == "yes";
    let mut writer = options.writer();
    let mut live = options.streams(0, "", 1);
    writer.write(1);
    live.finish(1, PATIENCE);
    let first = String::from_utf8_lossy(live.first_events()).into_owned();
    let id = first.lines().find_map(|line| line.strip_prefix("id: ")).expect("an id").to_owned();
    while writer.written < lines {
        writer.write(STEP);
        live.finish(writer.written, PATIENCE);
    }
    drop(live);
    let headers = if is_resumed { format!("last-event-id: {id}\r\n") } else { String::new() };
    let since = now();
    let mut streams = Streams::new(u64::from(is_resumed));
    streams.open(
        options.number("port"),
        options.text("path"),
        &headers,
        options.number("clients"),
        true,
    );
    streams.finish(writer.written, PATIENCE);
    let seconds = (streams.last - since) as f64 / SECOND as f64;
    let measured = vec![
        ("deliveries", streams.delivered as f64 / seconds),
        ("bytes", streams.received as f64 / seconds),
    ];
    [measured, faults(&streams, writer.written)].concat()
}
