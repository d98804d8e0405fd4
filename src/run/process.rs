//! Phase 2: the threads of the runtime and of the status.

use anyhow::Context as _;
use tokio::runtime::{Builder, Runtime};

use super::environment::Environment;
use crate::status::{Status, Terminal};

/// Maximum number of threads that read evicted events from files, or block otherwise.
///
/// More of them would compete for the same disk; fewer let one slow file delay other streams.
const BLOCKING_THREADS: usize = 8;

/// Threads of the runtime and of the status.
pub(super) struct Process {
    runtime: Runtime,
    status: Status,
}

impl Process {
    /// Starts the threads, and reports panics to the status from then on.
    pub(super) fn start(environment: &Environment, is_quiet: bool) -> anyhow::Result<Self> {
        let terminal = Terminal::stderr(is_quiet, environment.tee.clone());
        let status = Status::start(terminal).context("cannot start a thread")?;
        let runtime = Builder::new_multi_thread()
            .enable_all()
            .max_blocking_threads(BLOCKING_THREADS)
            .build()
            .context("cannot start worker threads")?;
        report_panics({
            let status = status.clone();
            move |sentence| status.say_now(sentence)
        });
        Ok(Process { runtime, status })
    }

    pub(super) fn block_on<F: Future>(&self, main: impl FnOnce(Status) -> F) -> F::Output {
        self.runtime.block_on(main(self.status.clone()))
    }

    /// Prints what is left to print; does not wait for other threads.
    pub(super) fn stop(self) {
        self.runtime.shutdown_background();
        self.status.stop();
    }
}

/// Replaces the panic hook by one that reports a panic in one sentence.
fn report_panics(say: impl Fn(&str) + Send + Sync + 'static) {
    std::panic::set_hook(Box::new(move |panic| {
        let payload = panic.payload();
        let text = payload.downcast_ref::<&str>().copied();
        let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        let location = panic.location().map_or(String::new(), |location| format!(" at {location}"));
        let text = text.unwrap_or("no message");
        say(&format!("internal error{location}: {text}"));
    }));
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn a_panic_is_reported_in_one_sentence() {
        let (sender, sentences) = channel();
        let before = std::panic::take_hook();
        report_panics(move |sentence| drop(sender.send(sentence.to_owned())));
        let ended = std::thread::Builder::new().spawn(|| panic!("a\nb {}", 1)).expect("a thread");
        assert!(ended.join().is_err());
        std::panic::set_hook(before);
        let reported: Vec<String> = sentences.try_iter().collect();
        assert!(reported.iter().any(|sentence| {
            sentence.contains("src/run/process.rs") && sentence.ends_with("a\nb 1")
        }));
    }
}
