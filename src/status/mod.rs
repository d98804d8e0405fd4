//! What a person at the terminal sees, all of it on stderr.
//!
//! One thread prints. Whoever has something to say hands it over and goes on, so that a
//! terminal or a pipe that takes nothing stops neither requests nor readers; what does not fit
//! into the queue is counted, and the count is said.

mod figures;
mod progress;
mod terminal;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};

pub(crate) use figures::Figures;
use figures::StatusLine;
pub(crate) use terminal::{Tee, Terminal, escape};

/// How often the status line is drawn.
const PAUSE: Duration = Duration::from_millis(250);
/// How many sentences may wait to be printed.
const WAITING: usize = 16 * 1024;
/// How long the last sentences may take.
const LAST_WORDS: Duration = Duration::from_millis(300);

/// Tells how things stand.
type Describe = Box<dyn Fn() -> Figures + Send>;

/// Where to say something; clones speak to the same terminal.
#[derive(Clone, Debug)]
pub(crate) struct Status {
    words: SyncSender<Command>,
    unsaid: Arc<AtomicU64>,
}

/// What the thread is told.
enum Command {
    /// A sentence, but after the address.
    Say(String),
    /// A sentence that cannot wait for the address.
    Now(String),
    /// A line that stands for itself.
    Line(String),
    /// The address, and what else comes first.
    Announce(Vec<String>, Vec<String>),
    Show(Describe),
    End(SyncSender<()>),
}

impl Status {
    /// Starts the thread that prints to this terminal.
    pub(crate) fn start(terminal: Terminal) -> io::Result<Self> {
        let (words, received) = sync_channel(WAITING);
        let unsaid = Arc::new(AtomicU64::new(0));
        let printer = Printer {
            terminal,
            early: Some(Vec::new()),
            describe: None,
            standing: StatusLine::default(),
            due: Instant::now(),
            unsaid: Arc::clone(&unsaid),
        };
        std::thread::Builder::new().name("status".to_owned()).spawn(|| printer.run(received))?;
        Ok(Status { words, unsaid })
    }

    /// Says where the server is to be found, then `sentences`, then whatever was said before.
    pub(crate) fn announce(&self, urls: Vec<String>, sentences: Vec<String>) {
        self.tell(Command::Announce(urls, sentences));
    }

    /// Says one sentence, above the status line; but the address comes first.
    pub(crate) fn say(&self, sentence: &str) {
        self.tell(Command::Say(sentence.to_owned()));
    }

    /// Says one sentence that cannot wait for the address.
    pub(crate) fn say_now(&self, sentence: &str) {
        self.tell(Command::Now(sentence.to_owned()));
    }

    /// Writes a line as it is, for programs that read them.
    pub(crate) fn write(&self, line: &str) {
        self.tell(Command::Line(line.to_owned()));
    }

    /// From now on shows how things stand, as `describe` tells it, where there is a terminal.
    pub(crate) fn show(&self, describe: impl Fn() -> Figures + Send + 'static) {
        self.tell(Command::Show(Box::new(describe)));
    }

    /// Takes the status line away, once all that was said is printed, or soon.
    pub(crate) fn end(&self) {
        let deadline = Instant::now() + LAST_WORDS;
        let (ended, end) = sync_channel(1);
        let mut word = Command::End(ended);
        while let Err(TrySendError::Full(back)) = self.words.try_send(word) {
            if Instant::now() >= deadline {
                return;
            }
            word = back;
            std::thread::sleep(Duration::from_millis(5));
        }
        let _ = end.recv_timeout(deadline.saturating_duration_since(Instant::now()));
    }

    fn tell(&self, word: Command) {
        if let Err(TrySendError::Full(_)) = self.words.try_send(word) {
            self.unsaid.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// The thread that prints.
struct Printer {
    terminal: Terminal,
    /// What was said before the address.
    early: Option<Vec<String>>,
    describe: Option<Describe>,
    standing: StatusLine,
    /// When the status line is to be drawn.
    due: Instant,
    unsaid: Arc<AtomicU64>,
}

impl Printer {
    #[expect(clippy::needless_pass_by_value, reason = "it ends with the thread")]
    fn run(mut self, words: Receiver<Command>) {
        loop {
            let word = match self.describe {
                None => words.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(_) => words.recv_timeout(self.due.saturating_duration_since(Instant::now())),
            };
            match word {
                Ok(Command::End(ended)) => {
                    self.tell_unsaid();
                    self.terminal.draw("");
                    let _ = ended.send(());
                    return;
                }
                Ok(word) => self.take(word),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            self.tell_unsaid();
            if Instant::now() >= self.due {
                self.draw();
            }
        }
    }

    fn take(&mut self, word: Command) {
        match (word, &mut self.early) {
            (Command::Say(sentence), Some(early)) => early.push(sentence),
            (Command::Say(sentence), None) | (Command::Now(sentence), _) => {
                self.terminal.say(&sentence);
            }
            (Command::Line(line), _) => self.terminal.write(&line),
            (Command::Announce(urls, sentences), early) => {
                for url in urls {
                    self.terminal.say_url(&url);
                }
                for said in sentences.into_iter().chain(early.take().into_iter().flatten()) {
                    self.terminal.say(&said);
                }
            }
            (Command::Show(describe), _) => {
                self.describe = self.terminal.has_line().then_some(describe);
            }
            (Command::End(_), _) => {}
        }
    }

    fn tell_unsaid(&mut self) {
        let unsaid = self.unsaid.swap(0, Ordering::Relaxed);
        if unsaid > 0 {
            self.terminal.say(&format!("{unsaid} lines were left out; they were not read in time"));
        }
    }

    fn draw(&mut self) {
        let Some(describe) = &self.describe else { return };
        let now = Instant::now();
        self.due = now + PAUSE;
        let line = self.standing.line(describe(), now, Terminal::width());
        self.terminal.draw(&line);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[test]
    fn nobody_waits_for_a_terminal_that_takes_nothing() {
        let (unread, mut stuck) = io::pipe().expect("a pipe");
        io::Write::write_all(&mut stuck, &vec![0; 65536]).expect("written");
        let status = Status::start(Terminal::plain(stuck)).expect("a thread");
        let began = Instant::now();
        (0..2 * WAITING).for_each(|_| status.say_now("many"));
        assert!(status.unsaid.load(Ordering::Relaxed) >= WAITING as u64 - 2);
        status.end();
        assert!(began.elapsed() < Duration::from_secs(10));
        drop(unread);
    }

    #[test]
    fn what_was_left_out_is_counted() {
        let (mut output, input) = io::pipe().expect("a pipe");
        let status = Status::start(Terminal::plain(input)).expect("a thread");
        status.unsaid.store(3, Ordering::Relaxed);
        status.announce(vec!["http://here/".to_owned()], Vec::new());
        status.end();
        let mut said = String::new();
        io::Read::read_to_string(&mut output, &mut said).expect("read");
        let sentence = "ssetail: 3 lines were left out; they were not read in time\n";
        assert_eq!(said, format!("ssetail: listening on http://here/\n{sentence}"));
    }

    #[test]
    fn the_line_is_drawn_four_times_a_second() {
        let (_output, input) = io::pipe().expect("a pipe");
        let status = Status::start(Terminal::drawing(input)).expect("a thread");
        let count = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&count);
        let began = Instant::now();
        status.show(move || {
            counted.fetch_add(1, Ordering::Relaxed);
            Figures::default()
        });
        while count.load(Ordering::Relaxed) < 3 {
            status.write("busy");
            std::thread::sleep(Duration::from_millis(1));
        }
        assert!(began.elapsed() >= 2 * PAUSE);
        status.end();
    }
}
