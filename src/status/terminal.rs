//! stderr: lines, and on a terminal the status line below them.

use std::io::{self, IsTerminal as _, Write};

use super::escape::escape;
use super::tee::Tee;
use crate::system::terminal_columns;

/// Moves the cursor to the start of the line, and erases everything after it.
const ERASE: &str = "\r\x1b[J";
/// Number of columns of a terminal that does not report it: the width of a VT100.
const DEFAULT_COLUMNS: usize = 80;

/// stderr with the status line.
pub(crate) struct Terminal {
    output: Box<dyn Write + Send>,
    has_status_line: bool,
    has_colours: bool,
    /// Status line that is shown; empty for none.
    status_line: String,
    tee: Tee,
}

impl Terminal {
    /// Returns stderr; without a status line if `is_quiet`, or if `tee` writes to this terminal.
    pub(crate) fn stderr(is_quiet: bool, tee: Option<Tee>) -> Self {
        let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        let is_able = set("TERM").is_some_and(|term| term != "dumb");
        let is_terminal = is_able && io::stderr().is_terminal();
        Terminal {
            output: Box::new(io::stderr()),
            has_status_line: is_terminal && !is_quiet && tee.is_none(),
            has_colours: is_terminal && set("NO_COLOR").is_none(),
            status_line: String::new(),
            tee: tee.unwrap_or_default(),
        }
    }

    pub(super) fn has_status_line(&self) -> bool {
        self.has_status_line
    }

    /// Returns the maximum length of the status line.
    ///
    /// The last column stays empty, because some terminals wrap a line that fills it.
    pub(super) fn width() -> usize {
        terminal_columns().unwrap_or(DEFAULT_COLUMNS) - 1
    }

    /// Prints a sentence of this program.
    pub(super) fn say(&mut self, sentence: &str) {
        self.write_line(&format!("ssetail: {}", escape(sentence)));
    }

    /// Prints a URL of the server.
    pub(super) fn say_url(&mut self, url: &str) {
        let url = escape(url);
        let url = if self.has_colours { format!("\x1b[1m{url}\x1b[0m") } else { url };
        self.write_line(&format!("ssetail: listening on {url}"));
    }

    /// Prints a line as it is, above the status line.
    pub(super) fn write_line(&mut self, line: &str) {
        let text = if self.status_line.is_empty() {
            format!("{line}\n")
        } else {
            format!("{ERASE}{line}\n{}", self.rendered())
        };
        let tee = self.tee.clone();
        let mut is_mid_line = tee.lock();
        let newline = if std::mem::take(&mut *is_mid_line) { "\n" } else { "" };
        self.put(&format!("{newline}{text}"));
    }

    /// Replaces the status line; an empty one removes it.
    pub(super) fn draw(&mut self, status_line: &str) {
        if self.status_line != status_line {
            status_line.clone_into(&mut self.status_line);
            self.put(&format!("{ERASE}{}", self.rendered()));
        }
    }

    /// Returns the status line with the cursor at its start.
    ///
    /// From there it can be erased even if a narrower terminal has wrapped it.
    fn rendered(&self) -> String {
        match (&*self.status_line, self.has_colours) {
            ("", _) => String::new(),
            (line, true) => format!("\x1b[2m{line}\x1b[0m\r"),
            (line, false) => format!("{line}\r"),
        }
    }

    /// Writes `text` with one call, so that lines of several programs are not mixed.
    fn put(&mut self, text: &str) {
        // There is no other output to report a failure on.
        let _ = self.output.write_all(text.as_bytes()).and_then(|()| self.output.flush());
    }

    #[cfg(test)]
    pub(super) fn without_status_line(output: impl Write + Send + 'static) -> Self {
        Terminal {
            output: Box::new(output),
            has_status_line: false,
            has_colours: false,
            status_line: String::new(),
            tee: Tee::default(),
        }
    }

    #[cfg(test)]
    pub(super) fn with_status_line(output: impl Write + Send + 'static) -> Self {
        Terminal { has_status_line: true, ..Terminal::without_status_line(output) }
    }
}
