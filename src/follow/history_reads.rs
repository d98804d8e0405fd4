//! Reads of history from a mount that may hang, with a deadline.

use std::io;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

/// Longest time for a read. With twice the time, clients of other files wait as much longer for a
/// free thread; slow networks need half of it.
const TIMEOUT: Duration = Duration::from_secs(2);

const RUNNING: u8 = 0;
const FINISHED: u8 = 1;
const GIVEN_UP: u8 = 2;

/// The reads of history from one mount.
#[derive(Debug, Default)]
pub(super) struct HistoryReads {
    /// Number of threads whose read was given up and has not returned.
    stuck: AtomicUsize,
}

impl HistoryReads {
    /// Calls `read` on a thread of its own; fails after [`TIMEOUT`], and at once while an earlier
    /// read of the mount hangs.
    pub(super) fn call(
        self: &Arc<Self>,
        read: impl FnOnce() -> io::Result<Vec<u8>> + Send + 'static,
    ) -> io::Result<Vec<u8>> {
        self.call_within(TIMEOUT, read)
    }

    fn call_within(
        self: &Arc<Self>,
        timeout: Duration,
        read: impl FnOnce() -> io::Result<Vec<u8>> + Send + 'static,
    ) -> io::Result<Vec<u8>> {
        if self.stuck.load(Ordering::Relaxed) > 0 {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let (sender, result) = mpsc::channel();
        let (reads, state) = (Arc::clone(self), Arc::new(AtomicU8::new(RUNNING)));
        let shared = Arc::clone(&state);
        std::thread::Builder::new().name("history".to_owned()).spawn(move || {
            let _ = sender.send(read());
            if shared.swap(FINISHED, Ordering::AcqRel) == GIVEN_UP {
                reads.stuck.fetch_sub(1, Ordering::Relaxed);
            }
        })?;
        if let Ok(read) = result.recv_timeout(timeout) {
            return read;
        }
        if state.swap(GIVEN_UP, Ordering::AcqRel) == RUNNING {
            self.stuck.fetch_add(1, Ordering::Relaxed);
        }
        Err(io::ErrorKind::TimedOut.into())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn while_a_read_hangs_others_fail_at_once_and_later_ones_succeed() {
        let reads = Arc::new(HistoryReads::default());
        let call = |read: Box<dyn FnOnce() -> io::Result<Vec<u8>> + Send>| {
            reads.call_within(Duration::from_millis(50), read)
        };
        assert_eq!(call(Box::new(|| Ok(vec![1]))).expect("read"), [1]);
        let (sender, hanging) = mpsc::channel::<()>();
        let hang = move || {
            let _ = hanging.recv();
            Ok(Vec::new())
        };
        let timed_out = |result: io::Result<Vec<u8>>| {
            assert_eq!(result.expect_err("it hangs").kind(), io::ErrorKind::TimedOut);
        };
        timed_out(call(Box::new(hang)));
        timed_out(call(Box::new(|| panic!("it is not called"))));
        drop(sender);
        let deadline = Instant::now() + Duration::from_secs(20);
        while call(Box::new(|| Ok(vec![2]))).is_err() {
            assert!(Instant::now() < deadline);
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}
