//! The query of a request line, with the characters escaped that programs such as curl leave in it.
//!
//! RFC 3986 has no `<`, `>` and `"` in a URL, and hyper refuses a request with them, but
//! `curl 'localhost:8088/sse?where=status>=500'` sends them as they are.

/// Number of bytes that are examined of a connection; a longer request line is refused anyway.
const EXAMINED: usize = 16 * 1024;

/// Escapes the query in the first request line of a connection.
#[derive(Debug, Default)]
pub(super) struct LenientQuery {
    state: State,
    examined: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Before the first `?`.
    #[default]
    Path,
    Query,
    /// Behind the query, or in a line that has none.
    Done,
}

impl LenientQuery {
    /// Number of bytes that one byte becomes at most.
    pub(super) const GROWTH: usize = 3;

    /// Returns whether the bytes that follow stay as they are.
    pub(super) fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// Calls `take` with the next bytes, escaped where that is needed.
    pub(super) fn escape(&mut self, bytes: &[u8], mut take: impl FnMut(&[u8])) {
        let mut copied = 0;
        for (at, &byte) in bytes.iter().enumerate() {
            self.examined += 1;
            let escaped: &[u8] = match (self.state, byte) {
                (State::Done, _) => break,
                (_, b'\n') => {
                    self.state = State::Done;
                    break;
                }
                (State::Path, b'?') => {
                    self.state = State::Query;
                    continue;
                }
                (State::Query, b'<') => b"%3C",
                (State::Query, b'>') => b"%3E",
                (State::Query, b'"') => b"%22",
                _ => continue,
            };
            take(&bytes[copied..at]);
            take(escaped);
            copied = at + 1;
        }
        if self.examined >= EXAMINED {
            self.state = State::Done;
        }
        take(&bytes[copied..]);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn escape(parts: &[&[u8]]) -> String {
        let mut query = LenientQuery::default();
        let mut escaped = Vec::new();
        for part in parts {
            query.escape(part, |bytes| escaped.extend_from_slice(bytes));
        }
        String::from_utf8(escaped).expect("UTF-8")
    }

    #[test]
    fn only_the_query_of_the_first_line_is_escaped() {
        for (request, expected) in [
            ("GET /sse?a>=<\"b\" HTTP/1.1\r\n", "GET /sse?a%3E=%3C%22b%22 HTTP/1.1\r\n"),
            ("GET /<>?x HTTP/1.1\r\n", "GET /<>?x HTTP/1.1\r\n"),
            ("GET / HTTP/1.1\r\nreferer: ?<\r\n", "GET / HTTP/1.1\r\nreferer: ?<\r\n"),
            (
                "GET /?a HTTP/1.1\r\n\r\nGET /?< HTTP/1.1",
                "GET /?a HTTP/1.1\r\n\r\nGET /?< HTTP/1.1",
            ),
        ] {
            assert_eq!(escape(&[request.as_bytes()]), expected);
        }
        let long = format!("GET /{}?<", "x".repeat(EXAMINED));
        assert_eq!(escape(&[long.as_bytes(), b"<"]), format!("{}%3C<", &long[..long.len() - 1]));
    }

    proptest! {
        #[test]
        fn the_result_does_not_depend_on_how_the_bytes_arrive(
            text in "[?<> \"\\na]{0,40}", at: prop::sample::Index,
        ) {
            let (first, rest) = text.as_bytes().split_at(at.index(text.len() + 1));
            prop_assert_eq!(escape(&[first, rest]), escape(&[text.as_bytes()]));
        }
    }
}
