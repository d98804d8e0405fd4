//! Event IDs: positions in the sequence of events, written for clients and parsed again.
//!
//! See "Event ids" in docs/PROTOCOL.md.

use std::fmt;

use super::numbering::{Check, MAX_INDEX, message_of, seq_in_message};

/// Number of an event in its run: the first event is 1, and each next one is one more.
pub type Seq = u64;

/// Length in bytes of the longest ID that is parsed; ssetail writes at most 28 bytes.
///
/// A larger value only makes the parsing of foreign IDs slower.
const MAX_LEN: usize = 64;

/// Name of one run, which distinguishes the IDs of different runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Epoch(String);

/// A position in the sequence of events: a client at this position has everything before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Seq of the event that is read next.
    pub next: Seq,
    /// Number of bytes of that event's line that the client already has.
    ///
    /// Not zero only after a piece of a line that is too long for one event in the client's format
    /// (see [`MAX_EVENT`](super::MAX_EVENT)).
    pub skip: u32,
}

/// An event ID, `EPOCH-SEQ`, with both parts in base 36.
///
/// All but the last piece of a line that is too long for one event have `EPOCH-SEQ.BYTES`: the
/// client has the first `BYTES` bytes of the line of event `SEQ`.
///
/// The ID of an event in a stream of messages is `EPOCH-SEQUENCE.INDEX~CHECK`, or
/// `EPOCH-SEQUENCE.INDEX.BYTES~CHECK`, with all numbers in base 36; `CHECK` can be empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventId {
    /// The run of the event, or the stream of its message.
    pub epoch: Epoch,
    /// The position of a client with this last event ID. In a stream of messages, it is counted by
    /// the sequences of the stream.
    pub position: Position,
    /// The kind of numbers in the position.
    pub numbering: Numbering,
}

/// The kind of numbers in an ID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbering {
    /// Events of a run.
    Run,
    /// Events of messages; with the check of the message, unless nothing is known about it.
    Messages(Option<Check>),
}

/// The text is not an ID that any run of ssetail could have written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseIdError;

impl Epoch {
    /// Makes an epoch from 64 random bits, of which it keeps about 31.
    #[must_use]
    pub fn from_random(bits: u64) -> Self {
        let mut digits = Vec::new();
        push_base36(&mut digits, bits % 36u64.pow(6));
        Epoch(format!("{:0>6}", String::from_utf8_lossy(&digits)))
    }

    /// Parses an epoch as it is written in an ID.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_valid = text.len() == 6 && parse_base36(text).is_ok();
        is_valid.then(|| Epoch(text.to_owned()))
    }

    /// The epoch as it is written in an ID.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Position {
    /// Returns the position directly before event `next`.
    #[must_use]
    pub fn before(next: Seq) -> Self {
        Position { next, skip: 0 }
    }
}

impl EventId {
    /// Parses an ID as a client sent it.
    pub fn parse(text: &[u8]) -> Result<Self, ParseIdError> {
        if text.len() > MAX_LEN {
            return Err(ParseIdError);
        }
        let text = std::str::from_utf8(text).map_err(|_| ParseIdError)?;
        let (epoch, position) = text.split_once('-').ok_or(ParseIdError)?;
        let epoch = Epoch::parse(epoch).ok_or(ParseIdError)?;
        if let Some((position, check)) = position.split_once('~') {
            let check = match check {
                "" => None,
                check => Some(Check::parse(check).ok_or(ParseIdError)?),
            };
            let position = parse_in_messages(position)?;
            return Ok(EventId { epoch, position, numbering: Numbering::Messages(check) });
        }
        let parsed = match position.split_once('.') {
            None => Position::before(parse_base36(position)?.checked_add(1).ok_or(ParseIdError)?),
            Some((seq, bytes)) => {
                let skip = u32::try_from(parse_base36(bytes)?).map_err(|_| ParseIdError)?;
                Position { next: parse_base36(seq)?, skip }
            }
        };
        // There is no event 0, and no piece of zero bytes.
        if parsed.next == 0 || (parsed.skip == 0 && position.contains('.')) {
            return Err(ParseIdError);
        }
        Ok(EventId { epoch, position: parsed, numbering: Numbering::Run })
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut digits = Vec::new();
        match self.numbering {
            Numbering::Run => push_position(&mut digits, self.position),
            Numbering::Messages(check) => {
                push_in_messages(&mut digits, self.position, |number| number);
                digits.push(b'~');
                digits.extend(check.iter().flat_map(Check::as_bytes));
            }
        }
        write!(f, "{}-{}", self.epoch.0, String::from_utf8_lossy(&digits))
    }
}

/// Appends the part of an ID that follows the dash.
pub(super) fn push_position(text: &mut Vec<u8>, at: Position) {
    if at.skip == 0 {
        push_base36(text, at.next - 1);
    } else {
        push_base36(text, at.next);
        text.push(b'.');
        push_base36(text, u64::from(at.skip));
    }
}

/// Appends the part of an ID in a stream of messages that stands between the dash and the `~`;
/// `sequence` returns the sequence of a message by its number in the seq.
pub(super) fn push_in_messages(text: &mut Vec<u8>, at: Position, sequence: impl Fn(u64) -> u64) {
    let named = if at.skip == 0 { at.next.saturating_sub(1) } else { at.next };
    let (number, index) = message_of(named);
    push_base36(text, sequence(number));
    text.push(b'.');
    push_base36(text, index);
    if at.skip > 0 {
        text.push(b'.');
        push_base36(text, u64::from(at.skip));
    }
}

fn parse_in_messages(text: &str) -> Result<Position, ParseIdError> {
    let mut parts = text.split('.');
    let mut number = || parse_base36(parts.next().ok_or(ParseIdError)?);
    let (sequence, index) = (number()?, number()?);
    if index > MAX_INDEX || sequence > message_of(Seq::MAX).0 - 1 {
        return Err(ParseIdError);
    }
    let seq = seq_in_message(sequence, index);
    let skip = match number() {
        Ok(skip) => u32::try_from(skip).ok().filter(|skip| *skip > 0).ok_or(ParseIdError)?,
        Err(ParseIdError) => 0,
    };
    let position = if skip == 0 { Position::before(seq + 1) } else { Position { next: seq, skip } };
    // Only the text that is written for this position is an ID.
    let mut canonical = Vec::new();
    push_in_messages(&mut canonical, position, |number| number);
    if canonical == text.as_bytes() { Ok(position) } else { Err(ParseIdError) }
}

pub(super) fn push_base36(text: &mut Vec<u8>, mut number: u64) {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let mut digits = [0; 13];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = DIGITS[(number % 36) as usize];
        number /= 36;
        if number == 0 {
            break;
        }
    }
    text.extend_from_slice(&digits[at..]);
}

/// Parses only the characters that are written: lower case, and no sign.
fn parse_base36(text: &str) -> Result<u64, ParseIdError> {
    let canonical = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_lowercase();
    if text.bytes().all(canonical) {
        u64::from_str_radix(text, 36).map_err(|_| ParseIdError)
    } else {
        Err(ParseIdError)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ids_are_short_base_36() {
        let position = Position::before(47);
        let id = EventId { epoch: Epoch::from_random(35), position, numbering: Numbering::Run };
        assert_eq!(id.to_string(), "00000z-1a");
        let position = Position { next: seq_in_message(46, 10), skip: 12 };
        let numbering = Numbering::Messages(Check::parse("x7q"));
        let id = EventId { position, numbering, ..id };
        assert_eq!(id.to_string(), "00000z-1a.a.c~x7q");
    }

    #[test]
    fn ids_that_no_run_writes_are_refused() {
        let long = "9".repeat(100);
        for text in [
            "",
            "-",
            "abc",
            "42",
            "00000z",
            "00000z-",
            "00000z-A",
            "00000Z-1",
            "00000z-1-1",
            "00000z-+1",
            "0000-1",
            "00000z-1.",
            "00000z-0.0",
            "00000z-0.1",
            "00000z-5.0",
            "00000z-zzzzzzzzzzzzzzzzz",
            "00000z-é",
            "00000z-1~abc",
            "00000z-1.2.3.4~abc",
            "00000z-1.2~ab",
            "00000z-1.2.0~abc",
            "00000z-01.2~abc",
            "00000z-1.zzzzz~abc",
            "00000z-zzzzzzzzzz.1~abc",
            &long,
        ] {
            assert_eq!(EventId::parse(text.as_bytes()), Err(ParseIdError), "{text:?}");
        }
        assert_eq!(EventId::parse(b"\xff-\xff"), Err(ParseIdError));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            bits: u64, next in 1..u64::MAX >> 1, skip: u32, is_run: bool, check: Option<[u8; 4]>,
        ) {
            let check = check.map(|text| Check::of(&text));
            let id = EventId {
                epoch: Epoch::from_random(bits),
                position: Position { next, skip },
                numbering: if is_run { Numbering::Run } else { Numbering::Messages(check) },
            };
            prop_assert_eq!(EventId::parse(id.to_string().as_bytes()), Ok(id));
        }

        #[test]
        fn any_bytes_are_read_without_panic(text: Vec<u8>) {
            let _ = EventId::parse(&text);
        }
    }
}
