//! What a person at the terminal sees, all of it on stderr.
//!
//! The only module that prints, beside `main`, and the only one that knows indicatif.

use std::io::IsTerminal as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Sentences, and below them on a terminal a line that tells how things stand.
#[derive(Clone, Debug)]
pub(crate) struct Status {
    line: ProgressBar,
    on_terminal: bool,
    /// What was said before the address.
    early: Arc<Mutex<Option<Vec<String>>>>,
}

impl Status {
    /// A status line if stderr is a terminal and it is wanted.
    #[must_use]
    pub(crate) fn new(quiet: bool) -> Self {
        let on_terminal = std::io::stderr().is_terminal() && !quiet;
        let target = if on_terminal {
            ProgressDrawTarget::stderr_with_hz(4)
        } else {
            ProgressDrawTarget::hidden()
        };
        let line = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template("{wide_msg}") {
            line.set_style(style);
        }
        Status { line, on_terminal, early: Arc::new(Mutex::new(Some(Vec::new()))) }
    }

    /// Says where the server is to be found, and then whatever was said before.
    pub(crate) fn announce(&self, urls: &[String]) {
        let early = self.early.lock().unwrap_or_else(PoisonError::into_inner).take();
        let urls = urls.iter().map(|url| format!("listening on {url}"));
        urls.chain(early.into_iter().flatten()).for_each(|sentence| self.say_now(&sentence));
    }

    /// Says one sentence, above the status line; but the address comes first.
    pub(crate) fn say(&self, sentence: &str) {
        match &mut *self.early.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(early) => early.push(sentence.to_owned()),
            None => self.say_now(sentence),
        }
    }

    /// Says one sentence that cannot wait for the address.
    #[expect(clippy::print_stderr, reason = "this is where the program speaks")]
    pub(crate) fn say_now(&self, sentence: &str) {
        let sentence = escape(sentence);
        self.line.suspend(|| eprintln!("ssetail: {sentence}"));
    }

    /// Shows how things stand, as `describe` tells it, until the program ends.
    pub(crate) async fn show(self, describe: impl Fn() -> String) {
        if !self.on_terminal {
            return std::future::pending().await;
        }
        loop {
            self.line.set_message(describe());
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    }

    /// Takes the status line away.
    pub(crate) fn clear(&self) {
        self.line.finish_and_clear();
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
