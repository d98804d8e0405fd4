//! Brace expansion, which bash does before it looks at any file.
//!
//! `{a,b}` and `{1..3}` stand for several words, nested and across slashes; other braces stand for
//! themselves.

/// Most bytes of a text: those of the longest path. Unclosed braces take time with the square of
/// the length; with 64 KiB, a client could take seconds.
const MAX_TEXT: usize = 4096;

/// Most braces that follow each other or are nested; each takes stack. A few hundred would leave
/// little of the stack of a thread.
const MAX_DEPTH: usize = 64;

/// Returns the words that `text` stands for, in their order, without empty ones.
///
/// Returns none if the words have more than `max_bytes` bytes, each counted with one more, or if
/// the text is too long or has too many braces.
pub(crate) fn expand_braces(text: &[u8], max_bytes: usize) -> Option<Vec<Vec<u8>>> {
    if text.len() > MAX_TEXT {
        return None;
    }
    let mut words = expand(text, max_bytes, MAX_DEPTH)?;
    words.retain(|word| !word.is_empty());
    Some(words)
}

fn expand(text: &[u8], max_bytes: usize, depth: usize) -> Option<Vec<Vec<u8>>> {
    let Some(Group { before, content, after }) = first_group(text) else {
        return Some(vec![text.to_vec()]);
    };
    let depth = depth.checked_sub(1)?;
    let mut alternatives = Words { words: Vec::new(), left: max_bytes };
    match content {
        Content::List(parts) => {
            for part in parts {
                expand(part, max_bytes, depth)?
                    .into_iter()
                    .try_for_each(|word| alternatives.add(word))?;
            }
        }
        Content::Range(range) => {
            range.words().try_for_each(|word| alternatives.add(word))?;
        }
    }
    let endings = expand(after, max_bytes, depth)?;
    let mut expanded = Words { words: Vec::new(), left: max_bytes };
    for alternative in &alternatives.words {
        for ending in &endings {
            expanded.add([before, alternative, ending].concat())?;
        }
    }
    Some(expanded.words)
}

/// Words of a limited size.
struct Words {
    words: Vec<Vec<u8>>,
    left: usize,
}

impl Words {
    /// Adds a word; returns none if it is too much.
    fn add(&mut self, word: Vec<u8>) -> Option<()> {
        self.left = self.left.checked_sub(word.len() + 1)?;
        self.words.push(word);
        Some(())
    }
}

/// The first braces of a text that stand for something, and the text around them.
struct Group<'a> {
    before: &'a [u8],
    content: Content<'a>,
    after: &'a [u8],
}

enum Content<'a> {
    List(Vec<&'a [u8]>),
    Range(Range),
}

fn first_group(text: &[u8]) -> Option<Group<'_>> {
    let starts = Unescaped::new(text).filter(|(_, byte)| *byte == b'{').map(|(at, _)| at);
    starts.into_iter().find_map(|start| {
        let (inside, after) = split_at_closing(&text[start + 1..])?;
        let list = split_at_commas(inside);
        let content = if list.len() > 1 {
            Content::List(list)
        } else {
            Content::Range(Range::parse(std::str::from_utf8(inside).ok()?)?)
        };
        Some(Group { before: &text[..start], content, after })
    })
}

/// Splits at the brace that closes the one before `text`.
fn split_at_closing(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut depth = 0;
    for (at, byte) in Unescaped::new(text) {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 0 => return Some((&text[..at], &text[at + 1..])),
            b'}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// Splits at commas that are in no inner braces.
fn split_at_commas(text: &[u8]) -> Vec<&[u8]> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, byte) in Unescaped::new(text) {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            b',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

/// The bytes of a text, with their indices, without backslashes and the bytes after them.
struct Unescaped<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Unescaped<'a> {
    fn new(text: &'a [u8]) -> Self {
        Unescaped { text, at: 0 }
    }
}

impl Iterator for Unescaped<'_> {
    type Item = (usize, u8);

    fn next(&mut self) -> Option<Self::Item> {
        while self.text.get(self.at) == Some(&b'\\') {
            self.at += 2;
        }
        let byte = *self.text.get(self.at)?;
        self.at += 1;
        Some((self.at - 1, byte))
    }
}

/// The content of braces such as `{1..3}`, `{01..10..2}` or `{a..e}`.
struct Range {
    from: i64,
    to: i64,
    step: u64,
    /// The words are letters, whose codes the other fields are.
    is_letters: bool,
    /// Number of digits with leading zeros; 0 for numbers without them.
    width: usize,
}

impl Range {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split("..");
        let (from, to, step) = (parts.next()?, parts.next()?, parts.next());
        let step = step.map_or(Some(1), |step| Some(step.parse::<i64>().ok()?.unsigned_abs()))?;
        let step = step.max(1);
        if parts.next().is_some() {
            return None;
        }
        if let (Some(from), Some(to)) = (letter(from), letter(to)) {
            return Some(Range { from, to, step, is_letters: true, width: 0 });
        }
        let width = if is_padded(from) || is_padded(to) { from.len().max(to.len()) } else { 0 };
        let (from, to) = (from.parse().ok()?, to.parse().ok()?);
        Some(Range { from, to, step, is_letters: false, width })
    }

    fn words(&self) -> impl Iterator<Item = Vec<u8>> {
        let Range { from, to, step, is_letters, width } = *self;
        let next = move |value: &i64| {
            let next = if from <= to {
                value.checked_add_unsigned(step)
            } else {
                value.checked_sub_unsigned(step)
            };
            next.filter(|next| (from.min(to)..=from.max(to)).contains(next))
        };
        std::iter::successors(Some(from), next).map(move |value| {
            if is_letters {
                u8::try_from(value).into_iter().collect()
            } else {
                format!("{value:0width$}").into_bytes()
            }
        })
    }
}

fn letter(text: &str) -> Option<i64> {
    match text.as_bytes() {
        [letter] if letter.is_ascii_alphabetic() => Some(i64::from(*letter)),
        _ => None,
    }
}

fn is_padded(number: &str) -> bool {
    let digits = number.trim_start_matches(['-', '+']);
    digits.len() > 1 && digits.starts_with('0')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(text: &str) -> Vec<String> {
        let words = expand_braces(text.as_bytes(), 1000).expect("few words");
        words.into_iter().map(|word| String::from_utf8(word).expect("UTF-8")).collect()
    }

    #[test]
    fn more_words_than_the_limit_are_refused() {
        assert_eq!(expanded("{1..200}").len(), 200);
        for text in
            ["{1..1000}", "{1..9223372036854775807}", &"{a,b}".repeat(40), &"{,}".repeat(40)]
        {
            assert!(expand_braces(text.as_bytes(), 1000).is_none(), "{text}");
        }
    }

    #[test]
    fn deep_and_long_texts_are_refused() {
        let nested = |depth: usize| ["{a,".repeat(depth), "}".repeat(depth)].concat();
        assert_eq!(expanded(&nested(50)).len(), 50);
        for text in [nested(1000), "{a..a}".repeat(500), "{".repeat(1 << 20)] {
            assert!(expand_braces(text.as_bytes(), 1 << 20).is_none());
        }
        assert_eq!(expanded(&"{".repeat(900)).len(), 1);
    }

    #[test]
    fn an_escaped_brace_or_comma_stands_for_itself() {
        assert_eq!(expanded(r"\{a,b}"), [r"\{a,b}"]);
        assert_eq!(expanded(r"{a\,b}"), [r"{a\,b}"]);
        assert_eq!(expanded(r"{a,b\}"), [r"{a,b\}"]);
        assert_eq!(expanded(r"a\"), [r"a\"]);
    }
}
