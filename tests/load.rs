//! The load test, which `tests/load` runs.

use std::io::Write as _;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

#[expect(dead_code, unused_imports, reason = "the other tests use the rest")]
mod harness;
mod parser;

use harness::{Events, Running, Ssetail, eventually};

const MIB: usize = 1 << 20;
/// The default of `--replay-bytes`, in KiB.
const RING: u64 = 16 * 1024;
/// Memory that one client may take, in KiB.
const CLIENT: u64 = 64;
/// Memory for batches that are being sent, and free memory that the allocator keeps, in KiB.
const SLACK: u64 = 16 * 1024;

/// A client that reads all events at once, and checks that no line is missing.
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
                assert_eq!(
                    number,
                    Ok(counted.load(Ordering::Relaxed)),
                    "the honest client lost a line"
                );
                counted.fetch_add(1, Ordering::Relaxed);
            }
        });
        Honest { seen, reader }
    }

    fn seen(&self) -> usize {
        self.seen.load(Ordering::Relaxed)
    }

    /// Waits until the client has read this number of lines.
    fn wait_for(&self, lines: usize) {
        eventually("the honest client has every line", || {
            assert!(!self.reader.is_finished(), "the honest client has failed");
            self.seen() == lines
        });
    }
}

/// Appends lines of 100 bytes that begin with their number.
fn write(ssetail: &Running, written: &mut usize, lines: usize) {
    let text: String = (*written..*written + lines).map(|n| format!("{n:<99}\n")).collect();
    ssetail.append("a.log", text);
    *written += lines;
}

/// Resets `VmHWM`, the peak of the memory.
fn reset_peak(ssetail: &Running) {
    std::fs::write(format!("/proc/{}/clear_refs", ssetail.pid()), "5").expect("written");
}

/// Returns the number of sockets that the test can open, at most `wanted`.
fn possible(wanted: usize) -> usize {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    wanted.min(limit.map_or(wanted, |limit| (limit as usize).saturating_sub(500)))
}

/// One part of the test, whose time and memory are measured.
struct Part<'a> {
    ssetail: &'a Running,
    began: Instant,
    /// Memory at the beginning, in KiB; the allocator keeps some of the memory of earlier parts.
    before: u64,
    clients: usize,
}

impl<'a> Part<'a> {
    fn begin(ssetail: &'a Running, clients: usize) -> Self {
        reset_peak(ssetail);
        Part { ssetail, began: Instant::now(), before: ssetail.memory("VmRSS"), clients }
    }

    #[expect(clippy::print_stderr, reason = "the test prints measurements")]
    fn end(self, name: &str) {
        let (peak, before) = (self.ssetail.memory("VmHWM"), self.before);
        let limit = before + RING + CLIENT * self.clients as u64 + SLACK;
        let took = self.began.elapsed();
        eprintln!("{name}: {took:.1?}, from {before} to at most {peak} KiB, {limit} allowed");
        assert!(peak < limit);
    }
}

#[test]
fn an_honest_client_loses_nothing_under_load() {
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
    honest.wait_for(*written);
    for stream in &mut streams {
        for (n, line) in stream.lines(1000).iter().enumerate() {
            assert_eq!(line.trim_end().parse(), Ok(first + n));
        }
    }
    part.end(&format!("{} events delivered", count * 1000));
    drop(streams);
    eventually("all streams are closed", || ssetail.metric("ssetail_open_streams") == 1);
}

fn stalled_readers(ssetail: &Running, honest: &Honest, written: &mut usize) {
    let count = possible(1000);
    let part = Part::begin(ssetail, count);
    let stalled: Vec<_> = (0..count).map(|_| ssetail.events("/sse?n=0")).collect();
    // The ring holds a burst, so that a client that reads at once loses nothing.
    let burst = 4 * MIB / 100;
    for _ in 0..50 {
        write(ssetail, written, burst);
        honest.wait_for(*written);
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
        assert_eq!(newcomer.lines(1).len(), 1, "a new client is served");
        honest.wait_for(*written);
    }
    eventually("all of these connections are closed", || ssetail.descriptors() <= before + 20);
    drop(silent);
    part.end("silence, dripping and garbage");
    assert!(!honest.reader.is_finished());
}
