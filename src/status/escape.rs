//! Escapes text from outside: paths, addresses, headers.

/// Escapes characters that control the terminal or change the order of the text.
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

/// Returns true for the explicit directional formatting characters of Unicode (UAX #9).
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
