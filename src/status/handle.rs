//! The handle through which other threads print.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};

use super::figures::Figures;
use super::printer::{Command, Printer};
use super::terminal::Terminal;
use crate::report::Report;

/// Maximum number of commands in the queue.
///
/// It covers a burst of requests with `--verbose`; at about 100 bytes for a line, twice the number
/// would take another 1.6 MB.
const QUEUE: usize = 16 * 1024;
/// Maximum time to print the last lines; twice as long delays the exit if the output blocks.
const STOP_TIMEOUT: Duration = Duration::from_millis(300);
/// Time between two attempts to put the last command into a full queue.
const RETRY: Duration = Duration::from_millis(5);

/// Handle of the thread that prints; clones share the thread.
#[derive(Clone, Debug)]
pub(crate) struct Status {
    commands: SyncSender<Command>,
    /// Number of commands that did not fit into the queue.
    dropped: Arc<AtomicU64>,
}

impl Status {
    /// Starts the thread that prints to `terminal`.
    pub(crate) fn start(terminal: Terminal) -> io::Result<Self> {
        let (commands, received) = sync_channel(QUEUE);
        let dropped = Arc::new(AtomicU64::new(0));
        let printer = Printer::new(terminal, Arc::clone(&dropped));
        std::thread::Builder::new().name("status".to_owned()).spawn(|| printer.run(received))?;
        Ok(Status { commands, dropped })
    }

    /// Prints the URLs of the server, `sentences`, and the sentences that were said before.
    pub(crate) fn announce(&self, urls: Vec<String>, sentences: Vec<String>) {
        self.send(Command::Announce { urls, sentences });
    }

    /// Prints one sentence above the status line, after the URLs.
    pub(crate) fn say(&self, sentence: &str) {
        self.send(Command::Say(sentence.to_owned()));
    }

    /// Prints one sentence, even before the URLs.
    pub(crate) fn say_now(&self, sentence: &str) {
        self.send(Command::SayNow(sentence.to_owned()));
    }

    /// Returns a report whose sentences are printed as by [`Status::say`].
    pub(crate) fn report(&self) -> Report {
        let status = self.clone();
        Report::new(move |sentence| status.say(sentence))
    }

    /// Returns a report whose lines are printed as they are, for programs that parse them.
    pub(crate) fn request_log(&self) -> Report {
        let status = self.clone();
        Report::new(move |line| status.send(Command::WriteLine(line.to_owned())))
    }

    /// Shows these figures in the status line, if the terminal has one.
    pub(crate) fn show(&self, get_figures: impl Fn() -> Figures + Send + 'static) {
        self.send(Command::Show(Box::new(get_figures)));
    }

    /// Removes the status line after everything is printed, or after [`STOP_TIMEOUT`].
    pub(crate) fn stop(&self) {
        let deadline = Instant::now() + STOP_TIMEOUT;
        let (stopped, stop) = sync_channel(1);
        let mut command = Command::Stop(stopped);
        while let Err(TrySendError::Full(returned)) = self.commands.try_send(command) {
            if Instant::now() >= deadline {
                return;
            }
            command = returned;
            std::thread::sleep(RETRY);
        }
        let _ = stop.recv_timeout(deadline.saturating_duration_since(Instant::now()));
    }

    fn send(&self, command: Command) {
        if let Err(TrySendError::Full(_)) = self.commands.try_send(command) {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::super::printer::REDRAW;
    use super::*;

    #[test]
    fn a_terminal_that_blocks_delays_no_other_thread() {
        let (unread, mut stuck) = io::pipe().expect("a pipe");
        io::Write::write_all(&mut stuck, &vec![0; 65536]).expect("written");
        let status = Status::start(Terminal::without_status_line(stuck)).expect("a thread");
        let began = Instant::now();
        (0..2 * QUEUE).for_each(|_| status.say_now("many"));
        assert!(status.dropped.load(Ordering::Relaxed) >= QUEUE as u64 - 2);
        status.stop();
        assert!(began.elapsed() < Duration::from_secs(10));
        drop(unread);
    }

    #[test]
    fn dropped_lines_are_counted() {
        let (mut output, input) = io::pipe().expect("a pipe");
        let status = Status::start(Terminal::without_status_line(input)).expect("a thread");
        status.dropped.store(3, Ordering::Relaxed);
        status.announce(vec!["http://here/".to_owned()], Vec::new());
        status.stop();
        let mut printed = String::new();
        io::Read::read_to_string(&mut output, &mut printed).expect("read");
        let sentence = "3 lines were left out, because the output was not read in time";
        assert_eq!(printed, format!("ssetail: listening on http://here/\nssetail: {sentence}\n"));
    }

    #[test]
    fn the_status_line_is_drawn_four_times_a_second() {
        let (_output, input) = io::pipe().expect("a pipe");
        let status = Status::start(Terminal::with_status_line(input)).expect("a thread");
        let count = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&count);
        let began = Instant::now();
        status.show(move || {
            counted.fetch_add(1, Ordering::Relaxed);
            Figures::default()
        });
        let log = status.request_log();
        while count.load(Ordering::Relaxed) < 3 {
            log.say("busy");
            std::thread::sleep(Duration::from_millis(1));
        }
        assert!(began.elapsed() >= 2 * REDRAW);
        status.stop();
    }
}
