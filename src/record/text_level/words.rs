//! Words for levels near the start of a text.

use crate::record::Level;
use crate::record::level_names::named;

/// Number of bytes in which a word is sought.
/// Time, host, thread and logger are before it; twice as many would take text of the message for
/// a level more often.
const SOUGHT: usize = 128;

/// Number of consecutive words of letters alone that make a sentence: the message has begun, and
/// its words are no levels.
/// Fewer would end at a host and a program; more would take `reached the ERROR state` for a level.
const SENTENCE: u32 = 3;

/// The words that loggers write in upper case directly behind the time.
const FIRST: [(&[u8], Level); 8] = [
    (b"TRACE", Level::Trace),
    (b"DEBUG", Level::Debug),
    (b"INFO", Level::Info),
    (b"WARNING", Level::Warn),
    (b"WARN", Level::Warn),
    (b"ERROR", Level::Error),
    (b"CRITICAL", Level::Fatal),
    (b"FATAL", Level::Fatal),
];

/// Returns the level that the first word of a text behind a time states, if it is in upper case,
/// perhaps in brackets; the message behind it says nothing then.
pub fn first(text: &[u8]) -> Option<Level> {
    let is_gap = |byte: &u8| matches!(byte, b' ' | b'\t' | b'[' | b']' | b'-' | b'|');
    let start = text.iter().take(4).take_while(|byte| is_gap(byte)).count();
    let word = &text[start..];
    let (name, level) = FIRST.iter().find(|(name, _)| word.starts_with(name))?;
    let is_end = matches!(word.get(name.len()), Some(b' ' | b'\t' | b':' | b']' | b'|' | b','));
    (start > 0 && is_end).then_some(*level)
}

/// Returns the level that the first word for one states.
pub fn find(text: &[u8]) -> Option<Level> {
    let text = &text[..text.len().min(SOUGHT)];
    let mut sentence = 0;
    let mut is_bracketed = false;
    let mut at = 0;
    while at < text.len() {
        let byte = text[at];
        if byte.is_ascii_alphabetic() {
            let word = Word::at(text, at);
            if let Some(level) = word.level() {
                return Some(level);
            }
            if is_bracketed {
                // The name of a thread may be a sentence.
            } else if word.is_alone() {
                sentence += 1;
                if sentence == SENTENCE {
                    return None;
                }
            } else {
                sentence = 0;
            }
            at = word.end;
            continue;
        }
        match byte {
            b'[' => is_bracketed = true,
            b']' => is_bracketed = false,
            b' ' => {}
            _ => sentence = 0,
        }
        at += 1;
    }
    None
}

/// A run of letters in a text.
#[derive(Clone, Copy)]
struct Word<'a> {
    text: &'a [u8],
    start: usize,
    end: usize,
}

impl<'a> Word<'a> {
    fn at(text: &'a [u8], start: usize) -> Self {
        let len = text[start..].iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        Word { text, start, end: start + len }
    }

    fn before(&self) -> &'a [u8] {
        &self.text[..self.start]
    }

    fn after(&self) -> &'a [u8] {
        &self.text[self.end..]
    }

    /// Returns whether there is space around it.
    fn is_alone(&self) -> bool {
        matches!(self.before().last(), None | Some(b' '))
            && matches!(self.after().first(), None | Some(b' '))
    }

    /// Returns whether it is in lower case between spaces, and neither in a column nor the start
    /// of `fatal error: ` and `error TS2322: `; most words are, and need no further look.
    fn is_of_sentence(&self, word: &[u8]) -> bool {
        word[0].is_ascii_lowercase()
            && self.is_alone()
            && !matches!(word, b"fatal" | b"error")
            && !self.before().ends_with(b"| ")
    }

    fn level(&self) -> Option<Level> {
        let word = &self.text[self.start..self.end];
        // The shortest names have three letters, and `LOG` of `PostgreSQL` too.
        if word.len() < 3 || self.is_of_sentence(word) {
            return None;
        }
        let level = match word {
            b"LOG" if self.after().starts_with(b":  ") => Some(Level::Info),
            _ => named(word),
        }?;
        let is_upper = word.iter().all(u8::is_ascii_uppercase);
        let is_level = is_upper && self.is_bare(word)
            || self.is_enclosed()
            || self.is_heading()
            || self.is_column()
            || self.is_value();
        is_level.then_some(level)
    }

    /// Returns whether a word in upper case stands for itself.
    fn is_bare(&self, word: &[u8]) -> bool {
        let is_start = match self.before() {
            [] | [.., b' ' | b'\t' | b'[' | b']' | b'(' | b'<' | b'|' | b':' | b',' | b'*'] => true,
            // A channel, as in `production.ERROR: `.
            [.., b'.'] => self.after().starts_with(b":"),
            _ => false,
        };
        let is_end = match self.after() {
            // The name of a process, as in `INFO/MainProcess]`.
            [] | [b' ' | b'\t' | b':' | b']' | b')' | b'>' | b'|' | b',' | b'/' | b'[', ..] => true,
            [b'-', next, ..] => *next == b' ',
            _ => false,
        };
        // Other meanings of these are more frequent.
        let is_ambiguous = matches!(word, b"FINE" | b"ALERT" | b"PANIC" | b"NOTICE" | b"VERBOSE");
        is_start
            && is_end
            && (!is_ambiguous || self.is_enclosed() || self.after().starts_with(b":"))
    }

    /// Returns whether it is in brackets, as `[error]`, `<err>`, `[core:error]` and `[info ]`.
    fn is_enclosed(&self) -> bool {
        let close = match self.before() {
            [.., b'<'] => b'>',
            [.., b'['] => b']',
            [before @ .., b':'] => {
                let is_module = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_';
                let module = before.iter().rev().take_while(is_module).count();
                match before.get(..before.len() - module) {
                    Some([.., b'[']) => b']',
                    _ => return false,
                }
            }
            _ => return false,
        };
        self.after().trim_ascii_start().first() == Some(&close)
    }

    /// Returns whether it is the heading of a message, as `error: `, `error[E0308]: `, `fatal
    /// error: ` and `error TS2322: `, which is the whole text or behind other headings.
    fn is_heading(&self) -> bool {
        let is_start = match self.before().trim_ascii_end() {
            [] | [.., b':' | b']' | b'|' | b'>'] => true,
            [.., before] => *before == b'-',
        };
        let is_end = match self.after() {
            [b':'] | [b':', b' ' | b'\t', ..] => true,
            [b'[', rest @ ..] => {
                let code = rest.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
                rest[code..].starts_with(b"]: ")
            }
            [b' ', b'T', b'S', digit, ..] => digit.is_ascii_digit(),
            rest => rest.starts_with(b" error: "),
        };
        is_start && is_end
    }

    /// Returns whether it is a column between tabs or bars.
    fn is_column(&self) -> bool {
        let is_start = matches!(self.before(), [] | [.., b'\t' | b'|'] | [.., b'|', b' ']);
        let is_end =
            self.after().starts_with(b"\t") || self.after().trim_ascii_start().starts_with(b"|");
        is_start && is_end
    }

    /// Returns whether it is the value of a key for levels, as in `level=error`.
    fn is_value(&self) -> bool {
        let before = self.before();
        let before = before.strip_suffix(b"\"").unwrap_or(before);
        let Some(before) = before.strip_suffix(b"=") else { return false };
        [&b"level"[..], b"lvl", b"severity"].iter().any(|key| {
            let key = before.len().checked_sub(key.len()).filter(|at| &before[*at..] == *key);
            key.is_some_and(|at| at == 0 || !before[at - 1].is_ascii_alphabetic())
        })
    }
}
