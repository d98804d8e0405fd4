//! The thread that prints.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::time::{Duration, Instant};

use super::figures::Figures;
use super::line::StatusLine;
use super::terminal::Terminal;

/// Time between two drawings of the status line.
///
/// At twice the time, the rate of the last second would be late; at half of it, figures are hard
/// to read.
pub(super) const REDRAW: Duration = Duration::from_millis(250);

/// Function that returns the present figures.
pub(super) type GetFigures = Box<dyn Fn() -> Figures + Send>;

/// A command to the thread that prints.
pub(super) enum Command {
    /// Prints a sentence, after the URLs.
    Say(String),
    /// Prints a sentence, even before the URLs.
    SayNow(String),
    /// Prints a line as it is.
    WriteLine(String),
    /// Prints the URLs, these sentences, and then the sentences that wait for the URLs.
    Announce { urls: Vec<String>, sentences: Vec<String> },
    /// Shows the status line, if the terminal has one.
    Show(GetFigures),
    /// Ends the thread; the sender is used once everything is printed.
    Stop(SyncSender<()>),
}

/// State of the thread that prints.
pub(super) struct Printer {
    terminal: Terminal,
    /// Sentences that wait for the URLs; none after these were printed.
    early: Option<Vec<String>>,
    get_figures: Option<GetFigures>,
    status_line: StatusLine,
    /// Time of the next drawing.
    due: Instant,
    dropped: Arc<AtomicU64>,
}

impl Printer {
    /// `dropped` counts the commands that did not fit into the queue.
    pub(super) fn new(terminal: Terminal, dropped: Arc<AtomicU64>) -> Self {
        Printer {
            terminal,
            early: Some(Vec::new()),
            get_figures: None,
            status_line: StatusLine::default(),
            due: Instant::now(),
            dropped,
        }
    }

    #[expect(clippy::needless_pass_by_value, reason = "it ends with the thread")]
    pub(super) fn run(mut self, commands: Receiver<Command>) {
        loop {
            let command = match self.get_figures {
                None => commands.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(_) => {
                    commands.recv_timeout(self.due.saturating_duration_since(Instant::now()))
                }
            };
            match command {
                Ok(Command::Stop(stopped)) => {
                    self.report_dropped();
                    self.terminal.draw("");
                    let _ = stopped.send(());
                    return;
                }
                Ok(command) => self.execute(command),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            self.report_dropped();
            if Instant::now() >= self.due {
                self.draw();
            }
        }
    }

    fn execute(&mut self, command: Command) {
        match (command, &mut self.early) {
            (Command::Say(sentence), Some(early)) => early.push(sentence),
            (Command::Say(sentence), None) | (Command::SayNow(sentence), _) => {
                self.terminal.say(&sentence);
            }
            (Command::WriteLine(line), _) => self.terminal.write_line(&line),
            (Command::Announce { urls, sentences }, early) => {
                for url in urls {
                    self.terminal.say_url(&url);
                }
                for sentence in sentences.into_iter().chain(early.take().into_iter().flatten()) {
                    self.terminal.say(&sentence);
                }
            }
            (Command::Show(get_figures), _) => {
                self.get_figures = self.terminal.has_status_line().then_some(get_figures);
            }
            (Command::Stop(_), _) => {}
        }
    }

    fn report_dropped(&mut self) {
        let dropped = self.dropped.swap(0, Ordering::Relaxed);
        if dropped > 0 {
            let reason = "because the output was not read in time";
            self.terminal.say(&format!("{dropped} lines were left out, {reason}"));
        }
    }

    fn draw(&mut self) {
        let Some(get_figures) = &self.get_figures else { return };
        let now = Instant::now();
        self.due = now + REDRAW;
        let line = self.status_line.render(get_figures(), now, Terminal::width());
        self.terminal.draw(&line);
    }
}
