//! ANSI escape sequences: a line comes in, and it goes out without them.

use memchr::memchr;

const ESC: u8 = 0x1b;
const BELL: u8 = 0x07;

/// Returns `line` without its escape sequences; `plain` is used for the copy, if it has any.
pub(super) fn strip<'a>(line: &'a [u8], plain: &'a mut Vec<u8>) -> &'a [u8] {
    let Some(first) = memchr(ESC, line) else { return line };
    plain.clear();
    plain.extend_from_slice(&line[..first]);
    let mut rest = &line[first..];
    while let [ESC, after @ ..] = rest {
        rest = after_sequence(after);
        let next = memchr(ESC, rest).unwrap_or(rest.len());
        plain.extend_from_slice(&rest[..next]);
        rest = &rest[next..];
    }
    plain
}

/// Returns the bytes behind the escape sequence that starts with ESC and `bytes`.
fn after_sequence(bytes: &[u8]) -> &[u8] {
    match bytes {
        // A control sequence ends with a byte from `@` to `~`.
        [b'[', rest @ ..] => {
            let parameters = rest.iter().take_while(|byte| (b' '..=b'?').contains(byte)).count();
            let is_ended = rest.get(parameters).is_some_and(|byte| (b'@'..=b'~').contains(byte));
            &rest[parameters + usize::from(is_ended)..]
        }
        // A command of the operating system, such as a title, ends with BEL or ESC `\`.
        [b']', rest @ ..] => {
            let len = rest.iter().take_while(|byte| !matches!(**byte, BELL | ESC)).count();
            match &rest[len..] {
                [BELL, rest @ ..] | [ESC, b'\\', rest @ ..] | rest => rest,
            }
        }
        // Other sequences have intermediate bytes and one final byte.
        _ => {
            let between = bytes.iter().take_while(|byte| (b' '..=b'/').contains(byte)).count();
            let is_ended = bytes.get(between).is_some_and(|byte| (b'0'..=b'~').contains(byte));
            &bytes[between + usize::from(is_ended)..]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_are_left_out() {
        for (line, expected) in [
            ("plain", "plain"),
            ("\x1b[31mERROR\x1b[0m boom", "ERROR boom"),
            ("a\x1b[38;2;1;2;3mb\x1b[Kc", "abc"),
            ("\x1b]0;title\x07text", "text"),
            ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\.", "link."),
            ("\x1b(Btext\x1b=", "text"),
            ("cut\x1b[31", "cut"),
            ("cut\x1b]0;tit", "cut"),
            ("end\x1b", "end"),
            ("\x1b[3\u{e9}x", "\u{e9}x"),
        ] {
            let mut plain = b"of the line before".to_vec();
            assert_eq!(strip(line.as_bytes(), &mut plain), expected.as_bytes(), "{line:?}");
        }
    }
}
