//! Random sequences of changes to files, compared with a reference that knows the owed lines.
//!
//! Each sequence runs a real follower in this process, in a directory of its own.
//! Many sequences run at a time, because they mostly wait.
//! `SSETAIL_MODEL_SEQUENCES` sets the number of sequences, and `SSETAIL_MODEL_SEED` the first seed,
//! so that a failed sequence can be repeated.

mod actions;
mod random;
mod reference;
mod sequence;
mod slow_client;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use self::sequence::Sequence;

/// Number of sequences that run at a time.
///
/// Sequences mostly wait, so many of them keep the processors busy. With more, each follower is
/// slower to open a file, and the actions wait for that.
const CONCURRENT_SEQUENCES: usize = 40;
const ACTIONS: u64 = 12;

#[test]
fn every_owed_line_is_published_once() {
    run_sequences(1000, true);
}

#[test]
fn every_owed_line_is_published_once_without_notifications() {
    run_sequences(1000, false);
}

fn run_sequences(count: u64, watch: bool) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .max_blocking_threads(4)
        .build()
        .expect("a runtime");
    let first = number("SSETAIL_MODEL_SEED", getrandom::u64().expect("random") >> 16);
    let count = number("SSETAIL_MODEL_SEQUENCES", count);
    let next = AtomicU64::new(0);
    let failures = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..CONCURRENT_SEQUENCES {
            scope.spawn(|| {
                let _inside = runtime.enter();
                loop {
                    let seed = first + next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + count || !failures.lock().expect("not poisoned").is_empty() {
                        return;
                    }
                    if let Err(failure) = run_sequence(seed, watch) {
                        failures.lock().expect("not poisoned").push(failure);
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().expect("not poisoned");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn run_sequence(seed: u64, watch: bool) -> Result<(), String> {
    let sequence = Sequence::new(seed, watch);
    let layout = sequence.layout;
    let run = std::panic::AssertUnwindSafe(|| sequence.run(ACTIONS));
    let result = std::panic::catch_unwind(run);
    let result = result.unwrap_or_else(|_| Err("panicked, see above".to_owned()));
    result.map_err(|failure| format!("seed {seed}, {layout:?}: {failure}"))
}

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).ok().map_or(default, |text| text.parse().expect("a number"))
}
