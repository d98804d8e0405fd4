//! The load test, on demand: `tests/load`.

use std::io::Write as _;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

#[expect(dead_code, reason = "the other tests use the rest of it")]
mod harness;
#[expect(dead_code, reason = "the other tests use the rest of it")]
mod parser;

use harness::{Events, Running, Ssetail, eventually};

const MIB: usize = 1 << 20;
/// The default of `--replay-bytes`, in KiB.
const RING: u64 = 16 * 1024;
/// What one client may take, in KiB.
const CLIENT: u64 = 64;
/// What is allowed beside these, in KiB: batches under way, and what the allocator keeps.
const SLACK: u64 = 16 * 1024;

/// A client that reads whatever comes, and checks that nothing is missing.
struct Honest {
    seen: Arc<AtomicUsize>,
    reader: JoinHandle<()>,
}

impl Honest {
    fn start(ssetail: &Running) -> Self {
        let mut events = ssetail.events("/sse");
        events.until_comments(1);
        let seen = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&seen);
        let reader = std::thread::spawn(move || {
            while let Some(event) = events.next() {
                let number = event.data.trim_end().parse();
                assert_eq!(number, Ok(counted.load(Ordering::Relaxed)), "it lost something");
                counted.fetch_add(1, Ordering::Relaxed);
            }
        });
        Honest { seen, reader }
    }

    fn seen(&self) -> usize {
        self.seen.load(Ordering::Relaxed)
    }

    /// Waits until it has seen so many lines.
    fn has(&self, lines: usize) {
        eventually("the honest client has it", || {
            assert!(!self.reader.is_finished(), "the honest client has failed");
            self.seen() == lines
        });
    }
}

/// Lines of 100 bytes that tell their number.
fn write(ssetail: &Running, written: &mut usize, lines: usize) {
    let text: String = (*written..*written + lines).map(|n| format!("{n:<99}\n")).collect();
    ssetail.append("a.log", text);
    *written += lines;
}

/// Begins to measure `VmHWM` anew.
fn forget_peak(ssetail: &Running) {
    std::fs::write(format!("/proc/{}/clear_refs", ssetail.pid()), "5").expect("written");
}

/// How many of `wanted` sockets the test itself can have.
fn possible(wanted: usize) -> usize {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    wanted.min(limit.map_or(wanted, |limit| (limit as usize).saturating_sub(500)))
}

/// One part of the test, and what the server took for it.
struct Part<'a> {
    ssetail: &'a Running,
    began: Instant,
    /// Memory before it, in KiB: the allocator keeps some of what earlier parts took.
    before: u64,
    clients: usize,
}

impl<'a> Part<'a> {
    fn begin(ssetail: &'a Running, clients: usize) -> Self {
        forget_peak(ssetail);
        Part { ssetail, began: Instant::now(), before: ssetail.memory("VmRSS"), clients }
    }

    #[expect(clippy::print_stderr, reason = "figures are what it is for")]
    fn end(self, what: &str) {
        let (peak, before) = (self.ssetail.memory("VmHWM"), self.before);
        let limit = before + RING + CLIENT * self.clients as u64 + SLACK;
        let took = self.began.elapsed();
        eprintln!("{what}: {took:.1?}, from {before} to at most {peak} KiB, {limit} allowed");
        assert!(peak < limit);
    }
}

#[test]
fn an_honest_client_loses_nothing_under_siege() {
    let ssetail = Ssetail::new()
        .file("a.log", "")
        .args(["a.log", "--max-clients", "20000", "--replay", "1000000"])
        .start();
    let honest = Honest::start(&ssetail);
    let mut written = 0;
    many_streams(&ssetail, &honest, &mut written);
    stalled_readers(&ssetail, &honest, &mut written);
    silence_and_garbage(&ssetail, &honest, &mut written);
}

fn many_streams(ssetail: &Running, honest: &Honest, written: &mut usize) {
    let count = possible(10_000);
    let part = Part::begin(ssetail, count);
    let mut streams: Vec<_> = (0..count).map(|_| ssetail.events("/sse?n=0")).collect();
    part.end(&format!("{count} streams opened"));
    let part = Part::begin(ssetail, count);
    let first = *written;
    for _ in 0..10 {
        write(ssetail, written, 100);
    }
    honest.has(*written);
    for stream in &mut streams {
        for (n, line) in stream.lines(1000).iter().enumerate() {
            assert_eq!(line.trim_end().parse(), Ok(first + n));
        }
    }
    part.end(&format!("{} events delivered", count * 1000));
    drop(streams);
    eventually("all places are free", || ssetail.figure("ssetail_open_streams") == 1);
}

fn stalled_readers(ssetail: &Running, honest: &Honest, written: &mut usize) {
    let count = possible(1000);
    let part = Part::begin(ssetail, count);
    let stalled: Vec<_> = (0..count).map(|_| ssetail.events("/sse?n=0")).collect();
    // In bursts that the ring holds: a client that is slower than the disk is not honest but slow.
    let burst = 4 * MIB / 100;
    for _ in 0..50 {
        write(ssetail, written, burst);
        honest.has(*written);
    }
    part.end(&format!("200 MiB past {count} stalled readers"));
    drop(stalled);
}

fn silence_and_garbage(ssetail: &Running, honest: &Honest, written: &mut usize) {
    let before = ssetail.descriptors();
    let part = Part::begin(ssetail, 2000);
    let connect = || TcpStream::connect(ssetail.address()).expect("connected");
    let silent: Vec<_> = (0..possible(2000)).map(|_| connect()).collect();
    let mut dripping: Vec<_> = (0..100).map(|_| connect()).collect();
    for socket in &mut dripping {
        let _ = socket.write_all(b"GET /sse HTTP/1.1\r\nhost: localhost\r\n");
    }
    while part.began.elapsed() < Duration::from_secs(12) {
        for socket in &mut dripping {
            let _ = socket.write_all(b"x: y\r\n");
        }
        for garbage in [b"\0\xff\x16\x03\r\n\r\n".to_vec(), vec![b'x'; 20_000]] {
            let _ = connect().write_all(&garbage);
        }
        write(ssetail, written, 10);
        let mut newcomer = Events::open(ssetail.address(), "/sse?n=1", &[]);
        assert_eq!(newcomer.lines(1).len(), 1, "whoever comes is served");
        honest.has(*written);
    }
    eventually("all of them were turned out", || ssetail.descriptors() <= before + 20);
    drop(silent);
    part.end("silence, dripping and garbage");
    assert!(!honest.reader.is_finished());
}
