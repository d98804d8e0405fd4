//! The load test, on demand: `tests/load`.

use std::io::Write as _;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::harness::{Events, Running, Ssetail, eventually};

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

/// How many of `wanted` sockets the test itself can have.
fn possible(wanted: usize) -> usize {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    wanted.min(limit.map_or(wanted, |limit| (limit as usize).saturating_sub(500)))
}

#[expect(clippy::print_stderr, reason = "figures are what it is for")]
fn tell(ssetail: &Running, what: &str, began: Instant, idle: u64, clients: usize) {
    let grown = ssetail.memory("VmHWM").saturating_sub(idle);
    let limit = RING + CLIENT * clients as u64 + SLACK;
    eprintln!("{what}: {:.1?}, {grown} KiB more than idle of {limit} allowed", began.elapsed());
    assert!(grown < limit);
}

#[test]
#[ignore = "takes a minute and many descriptors; tests/load runs it"]
fn an_honest_client_loses_nothing_under_siege() {
    let ssetail = Ssetail::new()
        .file("a.log", "")
        .args(["a.log", "--max-clients", "20000", "--replay", "1000000"])
        .start();
    let honest = Honest::start(&ssetail);
    let idle = ssetail.memory("VmRSS");
    let mut written = 0;
    many_streams(&ssetail, &honest, &mut written, idle);
    stalled_readers(&ssetail, &honest, &mut written, idle);
    silence_and_garbage(&ssetail, &honest, &mut written, idle);
}

fn many_streams(ssetail: &Running, honest: &Honest, written: &mut usize, idle: u64) {
    let count = possible(10_000);
    let began = Instant::now();
    let mut streams: Vec<_> = (0..count).map(|_| ssetail.events("/sse?n=0")).collect();
    let resident = ssetail.memory("VmRSS").saturating_sub(idle) * 1024 / count as u64;
    tell(ssetail, &format!("{count} streams opened, {resident} bytes each"), began, idle, count);
    let began = Instant::now();
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
    tell(ssetail, &format!("{} events delivered", count * 1000), began, idle, count);
    drop(streams);
    eventually("all places are free", || ssetail.figure("ssetail_open_streams") == 1);
}

fn stalled_readers(ssetail: &Running, honest: &Honest, written: &mut usize, idle: u64) {
    let count = possible(1000);
    let began = Instant::now();
    let stalled: Vec<_> = (0..count).map(|_| ssetail.events("/sse?n=0")).collect();
    // In bursts that the ring holds: a client that is slower than the disk is not honest but slow.
    let burst = 4 * MIB / 100;
    for _ in 0..50 {
        write(ssetail, written, burst);
        honest.has(*written);
    }
    tell(ssetail, &format!("200 MiB past {count} stalled readers"), began, idle, 10_000);
    drop(stalled);
}

fn silence_and_garbage(ssetail: &Running, honest: &Honest, written: &mut usize, idle: u64) {
    let before = ssetail.descriptors();
    let began = Instant::now();
    let connect = || TcpStream::connect(ssetail.address()).expect("connected");
    let silent: Vec<_> = (0..possible(2000)).map(|_| connect()).collect();
    let mut dripping: Vec<_> = (0..100).map(|_| connect()).collect();
    for socket in &mut dripping {
        let _ = socket.write_all(b"GET /sse HTTP/1.1\r\nhost: localhost\r\n");
    }
    while began.elapsed() < Duration::from_secs(12) {
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
    tell(ssetail, "silence, dripping and garbage", began, idle, 10_000);
    assert!(!honest.reader.is_finished());
}
