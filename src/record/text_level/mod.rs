//! The level that a line of text states: in a priority, a word near its start, the status of an
//! HTTP request, or a form that a tool gives to its errors.

pub(super) mod access;
mod tools;
mod words;

use memchr::memchr_iter;

use super::Level;
use super::level_names::{named, number, of_syslog};

/// Returns the level that a line states directly behind its time, which ends at index `prefix`, as
/// most loggers do; 0 if it has no time.
pub(super) fn behind_time(line: &[u8], prefix: usize) -> Option<Level> {
    (prefix > 0).then(|| words::first(&line[prefix..])).flatten()
}

/// Returns the level of a line whose message starts behind `prefix` bytes, which end with the
/// time; 0 if it has no time.
pub(super) fn find(line: &[u8], prefix: usize) -> Option<Level> {
    if let Some(level) = behind_time(line, prefix) {
        return Some(level);
    }
    if let Some(level) = priority(line).or_else(|| letter(line)) {
        return Some(level);
    }
    if let Some(status) = access::status(line) {
        return Some(access::level(status));
    }
    let text = &line[prefix..];
    // A logger may write the level before the time.
    let before = words::find(&line[..prefix]);
    before
        .or_else(|| tools::find(text))
        .or_else(|| words::find(text))
        .or_else(|| message(text).filter(|_| prefix > 0).and_then(tools::find))
}

/// Returns the level of the priority of syslog at the start of a line, such as `<11>`.
fn priority(line: &[u8]) -> Option<Level> {
    let rest = line.strip_prefix(b"<")?;
    let len = rest.iter().take(4).position(|byte| *byte == b'>')?;
    let priority = number(&rest[..len]).filter(|priority| *priority <= 191)?;
    of_syslog(priority % 8)
}

/// Returns whether a line starts as those of klog and glog: a letter, month, day and time.
pub(super) fn is_klog(line: &[u8]) -> bool {
    let is_digit = |index: usize| line.get(index).is_some_and(u8::is_ascii_digit);
    matches!(line.first(), Some(b'I' | b'W' | b'E' | b'F'))
        && (1..=4).all(is_digit)
        && line.get(5) == Some(&b' ')
        && is_digit(6)
        && is_digit(7)
        && line.get(8) == Some(&b':')
}

/// Returns the level of the letter at the start of a line of klog.
fn letter(line: &[u8]) -> Option<Level> {
    let level = match line.first()? {
        b'I' => Level::Info,
        b'W' => Level::Warn,
        b'E' => Level::Error,
        b'F' => Level::Fatal,
        _ => return None,
    };
    is_klog(line).then_some(level)
}

/// Most words before the time at the start of a line, as in `1.2.3.4 - bob [TIME] …`.
const PREFIX: usize = 4;

/// Returns whether `prefix`, which is before the time in a line, belongs to the start of the line,
/// and is no sentence.
pub(super) fn is_prefix(prefix: &[u8]) -> bool {
    let words = prefix.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
    let (mut count, mut plain) = (0, 0);
    for word in words {
        count += 1;
        let is_level = named(word.strip_suffix(b":").unwrap_or(word)).is_some();
        plain += usize::from(!is_level && word.iter().all(u8::is_ascii_alphabetic));
        // The colon of an exception, but not that of `app[123]:`.
        let is_heading = word.ends_with(b":") && !word.ends_with(b"]:") && !is_level;
        if is_heading || word.iter().any(|byte| matches!(byte, b'"' | b'\'' | b'=' | b'`')) {
            return false;
        }
    }
    count <= PREFIX && plain <= 2
}

/// Number of bytes behind the time in which syslog has the host and the program.
/// A host has at most 64 bytes, and a program is seldom longer than 32.
const TAG: usize = 100;

/// Returns the message of a line of syslog: the text behind `HOST PROGRAM: `.
fn message(text: &[u8]) -> Option<&[u8]> {
    let start = &text[..text.len().min(TAG)];
    let colon = memchr_iter(b':', start).find(|colon| start.get(colon + 1) == Some(&b' '))?;
    let words = start[..colon].split(|byte| *byte == b' ').filter(|word| !word.is_empty()).count();
    (words <= 2).then(|| &text[colon + 2..])
}

#[cfg(test)]
mod tests;
