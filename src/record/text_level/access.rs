//! Access logs of HTTP servers, in the common or the combined format.

use memchr::memchr;

use crate::record::Level;

/// Number of bytes in which the request starts; address, user and time are before it.
/// A longer user name is improbable, and twice as many would delay lines that are no such log.
const REQUEST_START: usize = 160;

/// Returns the level of a status: an error of the server is an error, and one of the client a
/// warning.
pub fn level(status: u16) -> Level {
    match status {
        500.. => Level::Error,
        400.. => Level::Warn,
        _ => Level::Info,
    }
}

/// Returns the status of the request that a line reports, as `… [TIME] "REQUEST" STATUS …`.
pub fn status(line: &[u8]) -> Option<u16> {
    let start = &line[..line.len().min(REQUEST_START)];
    let quote = memchr(b'"', start)?;
    if !line[..quote].ends_with(b"] ") {
        return None;
    }
    let mut at = quote + 1;
    loop {
        at += memchr(b'"', line.get(at..)?)? + 1;
        // Apache writes a quote in a request with a backslash.
        if line[at - 2] != b'\\' {
            return digits(&line[at..]);
        }
    }
}

/// Returns the status at the start of ` STATUS …`.
fn digits(text: &[u8]) -> Option<u16> {
    match text {
        [b' ', first @ b'1'..=b'5', second @ b'0'..=b'9', third @ b'0'..=b'9', rest @ ..]
            if matches!(rest.first(), None | Some(b' ')) =>
        {
            let digit = |byte: &u8| u16::from(byte - b'0');
            Some(digit(first) * 100 + digit(second) * 10 + digit(third))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_is_behind_the_request() {
        for (line, expected) in [
            (r#"1.2.3.4 - - [25/Nov/2026:19:00:01 +0000] "GET / HTTP/1.1" 200 5"#, Some(200)),
            (r#"1.2.3.4 - - [25/Nov/2026:19:00:01 +0000] "GET /?a=\"b HTTP/1.1" 503 5"#, Some(503)),
            (r#"::1 - bob [25/Nov/2026 19:00:01] "GET / HTTP/1.1" 404 -"#, Some(404)),
            (r#"1.2.3.4 - - [25/Nov/2026:19:00:01 +0000] "-" 408"#, Some(408)),
            (r#"[x] "no request" 20 times"#, None),
            (r#"[x] "cut"#, None),
            (r#"said "GET / HTTP/1.1" 200 5"#, None),
            ("no quote", None),
        ] {
            assert_eq!(status(line.as_bytes()), expected, "{line}");
        }
        assert_eq!([level(204), level(404), level(500)], [Level::Info, Level::Warn, Level::Error]);
    }
}
