//! stderr: lines, and on a terminal one more below them that is drawn again and again.

use std::io::{self, IsTerminal as _, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::system::terminal_columns;

/// Back to the start of the line, and nothing from there on.
const ERASE: &str = "\r\x1b[J";
/// How wide a terminal is that does not say so.
const WIDTH: usize = 80;

/// Where lines go, and the one that is shown below them.
pub(crate) struct Terminal {
    output: Box<dyn Write + Send>,
    has_line: bool,
    has_colours: bool,
    line: String,
    tee: Tee,
}

/// Whether what else goes to the same terminal has stopped in the middle of a line.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tee(Arc<Mutex<bool>>);

impl Terminal {
    /// stderr; `quiet` is without a line, and so is a terminal that `tee` writes to.
    pub(crate) fn stderr(quiet: bool, tee: Option<Tee>) -> Self {
        let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        let is_able = set("TERM").is_some_and(|term| term != "dumb");
        let is_terminal = is_able && io::stderr().is_terminal();
        Terminal {
            output: Box::new(io::stderr()),
            has_line: is_terminal && !quiet && tee.is_none(),
            has_colours: is_terminal && set("NO_COLOR").is_none(),
            line: String::new(),
            tee: tee.unwrap_or_default(),
        }
    }

    /// Whether there is a line below the others.
    pub(super) fn has_line(&self) -> bool {
        self.has_line
    }

    /// How long that line may be: a full one would make some terminals begin another.
    pub(super) fn width() -> usize {
        terminal_columns().unwrap_or(WIDTH) - 1
    }

    /// Says one sentence.
    pub(super) fn say(&mut self, sentence: &str) {
        self.write(&format!("ssetail: {}", escape(sentence)));
    }

    /// Says where the server is to be found.
    pub(super) fn say_url(&mut self, url: &str) {
        let url = escape(url);
        let url = if self.has_colours { format!("\x1b[1m{url}\x1b[0m") } else { url };
        self.write(&format!("ssetail: listening on {url}"));
    }

    /// Writes one line above the one that stays.
    pub(super) fn write(&mut self, line: &str) {
        let text = if self.line.is_empty() {
            format!("{line}\n")
        } else {
            format!("{ERASE}{line}\n{}", self.shown())
        };
        let tee = self.tee.clone();
        let mut is_amid = tee.lock();
        let fresh = if std::mem::take(&mut *is_amid) { "\n" } else { "" };
        self.put(&format!("{fresh}{text}"));
    }

    /// Shows this line below the others; none if it is empty.
    pub(super) fn draw(&mut self, line: &str) {
        if self.line != line {
            line.clone_into(&mut self.line);
            self.put(&format!("{ERASE}{}", self.shown()));
        }
    }

    /// The cursor stays at its start, so that it can be erased also when the terminal has
    /// become narrower and shows it as two lines.
    fn shown(&self) -> String {
        match (&*self.line, self.has_colours) {
            ("", _) => String::new(),
            (line, true) => format!("\x1b[2m{line}\x1b[0m\r"),
            (line, false) => format!("{line}\r"),
        }
    }

    /// In one piece, so that lines of several programs stay whole; there is nobody to tell of
    /// a failure.
    fn put(&mut self, text: &str) {
        let _ = self.output.write_all(text.as_bytes()).and_then(|()| self.output.flush());
    }

    #[cfg(test)]
    pub(super) fn plain(output: impl Write + Send + 'static) -> Self {
        Terminal {
            output: Box::new(output),
            has_line: false,
            has_colours: false,
            line: String::new(),
            tee: Tee::default(),
        }
    }

    #[cfg(test)]
    pub(super) fn drawing(output: impl Write + Send + 'static) -> Self {
        Terminal { has_line: true, ..Terminal::plain(output) }
    }
}

impl Tee {
    /// If stdout is the terminal that stderr is.
    pub(crate) fn to_terminal() -> Option<Self> {
        (io::stdout().is_terminal() && io::stderr().is_terminal()).then(Tee::default)
    }

    fn lock(&self) -> MutexGuard<'_, bool> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for Tee {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut is_amid = self.lock();
        let written = io::stdout().lock().write(bytes)?;
        if let Some(&last) = bytes[..written].last() {
            *is_amid = last != b'\n';
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stdout().flush()
    }
}

/// Paths, addresses and headers come from outside: nothing in them may act on the terminal.
pub(crate) fn escape(sentence: &str) -> String {
    let mut escaped = String::with_capacity(sentence.len());
    for character in sentence.chars() {
        if character.is_control() || is_bidirectional(character) {
            escaped.extend(character.escape_default());
        } else {
            escaped.push(character);
        }
    }
    escaped
}

/// What makes a terminal show text in another order than it has.
fn is_bidirectional(character: char) -> bool {
    matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn no_escape_sequence_reaches_the_terminal() {
        assert_eq!(escape("a\x1b[2Jb\nc\u{9b}"), "a\\u{1b}[2Jb\\nc\\u{9b}");
        assert_eq!(escape("\u{202e}gol.exe"), "\\u{202e}gol.exe");
    }
}
