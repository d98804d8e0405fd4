//! Patterns for one name: `*`, `?`, `[…]` and `\`, as in bash.

/// A pattern for one name, which is compared character by character.
///
/// A name that is not UTF-8 is given with U+FFFD for each invalid sequence.
#[derive(Clone, Debug)]
pub(crate) struct NamePattern {
    tokens: Vec<Token>,
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    /// Any number of any characters.
    Star,
    /// Any one character.
    Any,
    Char(char),
    Class(Class),
}

/// A set of characters, as in `[!a-c[:digit:]]`.
#[derive(Clone, Debug, PartialEq)]
struct Class {
    is_negated: bool,
    items: Vec<Item>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Item {
    Range(char, char),
    /// Index in [`NAMED_CLASSES`].
    Named(usize),
}

type CharTest = fn(char) -> bool;

/// The classes of POSIX, as for the locale C.UTF-8.
const NAMED_CLASSES: [(&str, CharTest); 13] = [
    ("alnum", char::is_alphanumeric),
    ("alpha", char::is_alphabetic),
    ("blank", |c| matches!(c, ' ' | '\t')),
    ("cntrl", char::is_control),
    ("digit", |c| c.is_ascii_digit()),
    ("graph", |c| !c.is_control() && !c.is_whitespace()),
    ("lower", char::is_lowercase),
    ("print", |c| !c.is_control()),
    ("punct", |c| !c.is_alphanumeric() && !c.is_control() && !c.is_whitespace()),
    ("space", char::is_whitespace),
    ("upper", char::is_uppercase),
    ("word", |c| c.is_alphanumeric() || c == '_'),
    ("xdigit", |c| c.is_ascii_hexdigit()),
];

impl NamePattern {
    /// Parses a pattern; every text is one, because a `[` that is not closed stands for itself.
    pub(crate) fn new(text: &str) -> Self {
        let (mut tokens, mut rest) = (Vec::new(), text);
        while let Some((first, after)) = split_first(rest) {
            rest = after;
            tokens.push(match first {
                '*' => {
                    rest = rest.trim_start_matches('*');
                    Token::Star
                }
                '?' => Token::Any,
                '[' => match Class::parse(rest) {
                    Some((class, after)) => {
                        rest = after;
                        Token::Class(class)
                    }
                    None => Token::Char('['),
                },
                '\\' => {
                    let Some((escaped, after)) = split_first(rest) else { break };
                    rest = after;
                    Token::Char(escaped)
                }
                other => Token::Char(other),
            });
        }
        NamePattern { tokens }
    }

    /// Returns true if the pattern matches more than one name.
    pub(crate) fn is_wild(&self) -> bool {
        self.tokens.iter().any(|token| !matches!(token, Token::Char(_)))
    }

    /// Returns true if the first character is this one, and no wildcard.
    pub(crate) fn starts_with(&self, character: char) -> bool {
        self.tokens.first() == Some(&Token::Char(character))
    }

    /// Returns true if the pattern matches all of `name`.
    pub(crate) fn matches(&self, name: &str) -> bool {
        let (mut tokens, mut rest) = (&self.tokens[..], name.chars());
        // The tokens after the last star, and the characters that it has not taken.
        let mut star = None;
        loop {
            match tokens.split_first() {
                Some((Token::Star, after)) => {
                    star = Some((after, rest.clone()));
                    tokens = after;
                    continue;
                }
                Some((token, after)) => {
                    let mut next = rest.clone();
                    if next.next().is_some_and(|character| token.contains(character)) {
                        (tokens, rest) = (after, next);
                        continue;
                    }
                }
                None if rest.as_str().is_empty() => return true,
                None => {}
            }
            let Some((after, left)) = &mut star else { return false };
            if left.next().is_none() {
                return false;
            }
            (tokens, rest) = (*after, left.clone());
        }
    }
}

impl Token {
    fn contains(&self, character: char) -> bool {
        match self {
            Token::Star | Token::Any => true,
            Token::Char(own) => *own == character,
            Token::Class(class) => class.contains(character),
        }
    }
}

impl Class {
    /// Parses what follows a `[`; returns the rest, or none if nothing closes the class.
    fn parse(text: &str) -> Option<(Self, &str)> {
        let positive = text.strip_prefix(['!', '^']);
        let is_negated = positive.is_some();
        let (mut items, mut rest, mut is_start) = (Vec::new(), positive.unwrap_or(text), true);
        loop {
            if !is_start && let Some(after) = rest.strip_prefix(']') {
                return Some((Class { is_negated, items }, after));
            }
            is_start = false;
            if let Some((named, after)) = named_class(rest) {
                items.extend(named.map(Item::Named));
                rest = after;
                continue;
            }
            let (from, after) = class_character(rest)?;
            rest = after;
            let end = rest.strip_prefix('-').filter(|end| !end.starts_with(']'));
            items.push(match end.map(class_character) {
                Some(end) => {
                    let (to, after) = end?;
                    rest = after;
                    Item::Range(from, to)
                }
                None => Item::Range(from, from),
            });
        }
    }

    fn contains(&self, character: char) -> bool {
        let has = |item: &Item| match *item {
            Item::Range(from, to) => (from..=to).contains(&character),
            Item::Named(index) => NAMED_CLASSES[index].1(character),
        };
        self.items.iter().any(has) != self.is_negated
    }
}

/// Parses `[:name:]`; the index is none if there is no class of this name.
fn named_class(text: &str) -> Option<(Option<usize>, &str)> {
    let (name, after) = text.strip_prefix("[:")?.split_once(":]")?;
    Some((NAMED_CLASSES.iter().position(|(known, _)| *known == name), after))
}

/// Parses one character of a class: itself, after a backslash, or as `[.a.]` or `[=a=]`.
fn class_character(text: &str) -> Option<(char, &str)> {
    for (open, close) in [("[.", ".]"), ("[=", "=]")] {
        if let Some((character, after)) = text.strip_prefix(open).and_then(split_first)
            && let Some(after) = after.strip_prefix(close)
        {
            return Some((character, after));
        }
    }
    split_first(text.strip_prefix('\\').filter(|rest| !rest.is_empty()).unwrap_or(text))
}

fn split_first(text: &str) -> Option<(char, &str)> {
    let mut characters = text.chars();
    Some((characters.next()?, characters.as_str()))
}
