//! Forms that tools and languages give to their errors and warnings.

use memchr::{memchr, memmem};

use super::words;
use crate::record::Level;
use crate::record::crash::{exception, is_goroutine, is_node_place, is_ruby_place, is_rust_panic};

/// Starts of lines, with their levels, in the order of their first bytes.
const STARTS: [(&str, Level); 64] = [
    ("(node:", Level::Warn),
    ("* What went wrong:", Level::Error),
    ("--- FAIL: ", Level::Error),
    ("Aborted (core dumped)", Level::Fatal),
    ("BUILD FAILED", Level::Error),
    ("BUILD FAILURE", Level::Error),
    ("Bus error", Level::Fatal),
    ("Deprecated: ", Level::Warn),
    ("E   ", Level::Error),
    ("E: ", Level::Error),
    ("ERR_PNPM_", Level::Error),
    ("Error from server", Level::Error),
    ("Error response from daemon:", Level::Error),
    ("Exception in thread ", Level::Error),
    ("Exception ignored in", Level::Error),
    ("Exception Group Traceback", Level::Error),
    ("FAIL\t", Level::Error),
    ("FAIL  ", Level::Error),
    ("FAIL ", Level::Error),
    ("FAIL:", Level::Error),
    ("FAILED ", Level::Error),
    ("FAILURE: ", Level::Error),
    ("Failed to start ", Level::Error),
    ("Failed with result '", Level::Error),
    ("Main process exited, code=dumped", Level::Error),
    ("Main process exited, code=exited, status=", Level::Error),
    ("Main process exited, code=killed", Level::Error),
    ("Out of memory: ", Level::Error),
    ("PHP Deprecated: ", Level::Warn),
    ("PHP Fatal error: ", Level::Fatal),
    ("PHP Notice: ", Level::Notice),
    ("PHP Parse error: ", Level::Error),
    ("PHP Warning: ", Level::Warn),
    ("Parse error: ", Level::Error),
    ("Segmentation fault", Level::Fatal),
    ("Traceback (most recent call last):", Level::Error),
    ("Uncaught ", Level::Error),
    ("Unhandled Exception", Level::Error),
    ("Unhandled exception", Level::Error),
    ("W: ", Level::Warn),
    ("curl: (", Level::Error),
    ("dbug: ", Level::Debug),
    ("error Command failed", Level::Error),
    ("exit status ", Level::Error),
    ("fail: ", Level::Error),
    ("fatal error: ", Level::Fatal),
    ("gmake: *** ", Level::Error),
    ("help: ", Level::Info),
    ("http: panic serving ", Level::Error),
    ("make: *** ", Level::Error),
    ("ninja: build stopped", Level::Error),
    ("note: ", Level::Info),
    ("npm ERR!", Level::Error),
    ("npm WARN ", Level::Warn),
    ("npm err", Level::Error),
    ("npm notice", Level::Notice),
    ("npm warn ", Level::Warn),
    ("panic: ", Level::Fatal),
    ("panic(", Level::Fatal),
    ("pnpm ERR!", Level::Error),
    ("subprocess.CalledProcessError", Level::Error),
    ("test result: FAILED", Level::Error),
    ("trce: ", Level::Trace),
    ("\u{25cf} ", Level::Error),
];

/// Lines that consist of one of these words.
const WHOLE: [(&str, Level); 4] = [
    ("FAIL", Level::Error),
    ("FAILED", Level::Error),
    ("Killed", Level::Fatal),
    ("Aborted", Level::Fatal),
];

/// The first bytes of [`STARTS`] and [`WHOLE`], as a set with one bit for each byte.
const FIRST_BYTES: [u64; 4] = first_bytes(&WHOLE, first_bytes(&STARTS, [0; 4]));

const fn first_bytes(table: &[(&str, Level)], mut set: [u64; 4]) -> [u64; 4] {
    let mut index = 0;
    while index < table.len() {
        let byte = table[index].0.as_bytes()[0] as usize;
        set[byte / 64] |= 1 << (byte % 64);
        index += 1;
    }
    set
}

/// Returns the level of a message by the form that a tool gives to it.
pub fn find(text: &[u8]) -> Option<Level> {
    let text = text.trim_ascii_start();
    start(text)
        .or_else(|| crash(text))
        .or_else(|| after_place(text).and_then(of_place))
        .or_else(|| after_unit(text).and_then(start))
        .or_else(|| summary(text))
}

fn start(text: &[u8]) -> Option<Level> {
    let first = *text.first()?;
    if FIRST_BYTES[usize::from(first) / 64] >> (first % 64) & 1 == 0 {
        return None;
    }
    let by_start = STARTS.iter().find(|(start, _)| text.starts_with(start.as_bytes()));
    let whole = || WHOLE.iter().find(|(line, _)| text == line.as_bytes());
    by_start.or_else(whole).map(|(_, level)| *level)
}

fn crash(text: &[u8]) -> Option<Level> {
    if let Some(level) = exception(text) {
        return Some(level);
    }
    let is_crash = match text.first()? {
        b't' => is_rust_panic(text),
        b'g' => is_goroutine(text),
        b'+' => text.starts_with(b"+ Exception Group Traceback"),
        b'F' => text.starts_with(b"File \""),
        _ => is_node_place(text) || is_ruby_place(text) && text.ends_with(b")"),
    };
    is_crash.then_some(Level::Error)
}

/// Returns the text behind a place in a file, such as `a.c:3:5: ` and `a.ts(3,5): `.
fn after_place(text: &[u8]) -> Option<&[u8]> {
    let space = memchr(b' ', text)?;
    let place = text[..space].strip_suffix(b":")?;
    let is_place = match place.last()? {
        b')' => place.contains(&b'('),
        last => last.is_ascii_digit() && place.contains(&b':'),
    };
    is_place.then(|| &text[space + 1..])
}

fn of_place(text: &[u8]) -> Option<Level> {
    start(text).or_else(|| exception(text)).or_else(|| words::find(text))
}

/// Returns the text behind a unit of systemd, as `nginx.service: `.
fn after_unit(text: &[u8]) -> Option<&[u8]> {
    let space = memchr(b' ', text)?;
    let (unit, rest) = (&text[..space], &text[space + 1..]);
    (unit.ends_with(b".service:") || unit.ends_with(b".socket:")).then_some(rest)
}

/// Returns the level of a line that tells a failure behind its start.
fn summary(text: &[u8]) -> Option<Level> {
    let is_failure = match text.first()? {
        b't' => text.starts_with(b"test ") && text.ends_with(b" ... FAILED"),
        b'm' => text.starts_with(b"make[") && memmem::find(text, b"]: *** ").is_some(),
        b'=' => memmem::find(text, b" failed").is_some() && text.ends_with(b"="),
        _ => text.ends_with(b": command not found"),
    };
    is_failure.then_some(Level::Error)
}
