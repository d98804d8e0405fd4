//! Benchmarks of the single steps that every line goes through: `cargo bench`.
//!
//! `bench/counts` runs the same work under valgrind, as `micro count NAME ROUNDS`.

#![expect(clippy::print_stdout, reason = "a script reads the names")]

use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::task::{Context, Waker};

use divan::Bencher;
use divan::counter::ItemsCount;
use ssetail::event::{
    Batch, Carry, Cutting, Encoder, End, Epoch, FileOffsets, Format, Lines, Location, Log, Medium,
    Name, Presentation, Source, Splitter,
};
use ssetail::feed::{Backlog, Draft, DraftContent, Start, feed};
use ssetail::store::{Capacity, Index, Ring};

const SIZE: usize = 256 * 1024;
const CAPACITY: Capacity = Capacity { lines: 10_000, bytes: 16 << 20, index_bytes: 16 << 20 };

/// One benchmark.
struct Work {
    name: &'static str,
    /// The unit of the counts, and the number of units in one round.
    unit: &'static str,
    units: usize,
    prepare: fn() -> Round,
}

type Round = Box<dyn FnMut()>;

const WORKS: [Work; 11] = [
    Work { name: "split_lines", unit: "line", units: SIZE / 100, prepare: || split(100, false) },
    Work { name: "split_long", unit: "KiB", units: SIZE / 1024, prepare: || split(20_000, false) },
    Work { name: "split_binary", unit: "KiB", units: SIZE / 1024, prepare: || split(100, true) },
    Work { name: "encode_text", unit: "line", units: 320, prepare: || encode(b'x', Format::Text) },
    Work { name: "encode_cr", unit: "line", units: 320, prepare: || encode(b'\r', Format::Text) },
    Work { name: "encode_json", unit: "line", units: 320, prepare: || encode(b'x', Format::Json) },
    Work {
        name: "encode_base64",
        unit: "line",
        units: 320,
        prepare: || encode(b'x', Format::Base64),
    },
    Work { name: "ring", unit: "batch", units: 1000, prepare: ring },
    Work { name: "feed", unit: "read", units: 1000, prepare: publish },
    Work { name: "index_push", unit: "batch", units: 1000, prepare: index_push },
    Work { name: "index_find", unit: "find", units: 1000, prepare: index_find },
];

#[divan::bench(args = &WORKS)]
fn micro(bencher: Bencher, work: &Work) {
    let mut round = (work.prepare)();
    bencher.counter(ItemsCount::new(work.units)).bench_local(&mut round);
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match *arguments {
        ["names"] => {
            for Work { name, units, unit, .. } in &WORKS {
                println!("{name} {units} {unit}");
            }
        }
        ["count", name, rounds] => {
            let work = WORKS.iter().find(|work| work.name == name).expect("a name");
            let mut round = (work.prepare)();
            (0..rounds.parse().expect("a number")).for_each(|_| round());
        }
        _ => divan::main(),
    }
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, each {}", self.name, self.unit)
    }
}

fn cutting(binary: bool) -> Cutting {
    let splitter = Splitter { max_line: 32 * 1024, binary, ..Splitter::default() };
    Cutting { splitter, ..Cutting::default() }
}

/// Lines of `len` bytes with their terminators; the middle byte of each is `odd`.
fn text(size: usize, len: usize, odd: u8) -> Vec<u8> {
    let mut line = vec![b'x'; len - 1];
    line[len / 2] = odd;
    line.push(b'\n');
    line.repeat(size / len)
}

fn lines(text: &[u8]) -> Lines {
    cutting(false).cut(text, &mut Carry::default(), End::Open).0.expect("lines")
}

fn source() -> Arc<Source> {
    Arc::new(Source { id: 0, name: Name::new(OsStr::new("build.log")) })
}

/// Copies lines for one more batch.
fn again(lines: &Lines) -> Lines {
    Lines {
        bytes: lines.bytes.clone(),
        spans: lines.spans.clone(),
        location: None,
        origin: None,
        envelopes: Box::default(),
        offsets: FileOffsets::Unknown,
        ..*lines
    }
}

fn split(len: usize, binary: bool) -> Round {
    let text = text(SIZE, len, b'x');
    let cutting = cutting(binary);
    Box::new(move || {
        let mut carry = Carry::default();
        let mut at = 0;
        while at < text.len() {
            let (lines, used) = cutting.cut(&text[at..], &mut carry, End::Finished);
            divan::black_box(lines);
            at += used;
        }
    })
}

fn encode(odd: u8, format: Format) -> Round {
    let encoder = Encoder::new(Epoch::from_random(1));
    let batch =
        Batch::of_lines(source(), 1_000_000, lines(&text(32_000, 100, odd)), Arc::default());
    assert_eq!(batch.len(), 320);
    let presentation = Presentation { medium: Medium::Events, format, named: true };
    Box::new(move || {
        divan::black_box(encoder.encode(&batch, presentation));
    })
}

/// Pushes a batch of one line, evicts one, and reads the batch a hundred events before the newest.
fn ring() -> Round {
    let (source, line) = (source(), lines(&text(100, 100, b'x')));
    let mut ring = Ring::new(CAPACITY, 1);
    let mut step = move || {
        let meter = Arc::clone(ring.meter());
        let batch = Batch::of_lines(Arc::clone(&source), ring.next(), again(&line), meter);
        ring.push(Arc::new(batch));
        divan::black_box(ring.evict());
        let behind = ring.next().saturating_sub(100).max(1);
        divan::black_box(ring.from(behind).and_then(|mut batches| batches.next().cloned()));
    };
    (0..20_000).for_each(|_| step());
    Box::new(move || (0..1000).for_each(|_| step()))
}

/// Publishes ten batches of one line, each read by a hundred subscribers.
fn publish() -> Round {
    let (source, line) = (source(), lines(&text(100, 100, b'x')));
    let (publisher, feed) = feed(Encoder::new(Epoch::from_random(1)), CAPACITY, cutting(false));
    let mut all: Vec<_> = (0..100).map(|_| feed.subscribe(Start::New(Backlog::Ring))).collect();
    let mut step = move || {
        let content = DraftContent::Lines(again(&line));
        publisher.publish(vec![Draft { source: Arc::clone(&source), content }]);
        let cx = &mut Context::from_waker(Waker::noop());
        for subscriber in &mut all {
            while subscriber.poll_read(cx, |_| true).is_ready() {}
        }
    };
    (0..20_000).for_each(|_| step());
    Box::new(move || (0..10).for_each(|_| step()))
}

#[derive(Debug)]
struct Nowhere;

impl Log for Nowhere {
    fn read_exact_at(&self, _: &mut [u8], _: u64) -> io::Result<()> {
        Err(io::ErrorKind::NotFound.into())
    }
}

/// Makes evicted batches of one line, which follow each other in a file.
fn evicted() -> impl FnMut() -> Batch {
    let (source, line) = (source(), lines(&text(100, 100, b'x')));
    let log: Arc<dyn Log> = Arc::new(Nowhere);
    let mut next = 1;
    move || {
        let location = Location { log: Arc::clone(&log), offset: next * 100, crc: 1 };
        let lines = Lines { location: Some(location), ..again(&line) };
        next += 1;
        Batch::of_lines(Arc::clone(&source), next - 1, lines, Arc::default())
    }
}

fn index_push() -> Round {
    let mut evicted = evicted();
    let mut index = Index::new(CAPACITY.index_bytes);
    Box::new(move || (0..1000).for_each(|_| index.push(&evicted())))
}

fn index_find() -> Round {
    let mut evicted = evicted();
    let mut index = Index::new(CAPACITY.index_bytes);
    (0..100_000).for_each(|_| index.push(&evicted()));
    Box::new(move || {
        (0..1000).for_each(|n| {
            divan::black_box(index.find(n * 100));
        });
    })
}
