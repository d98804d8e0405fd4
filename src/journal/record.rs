//! Records: what is written down, as bytes, and those bytes read again.
//!
//! Everything here is pure. Items that belong together stand in one frame, which is
//! there as a whole or not at all: `length | CRC of the items | CRC of those two | items`.

use crate::event::{Carry, FileId};
use crate::store::{push_number, take_number};

/// Bytes before the items of a frame.
pub(super) const FRAME: usize = 12;

/// How far a file was read, and how to know that it is still the one that was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checkpoint {
    /// It is followed; else it was let go, and only its history is wanted.
    pub held: bool,
    /// Where the next byte is read.
    pub offset: u64,
    /// How many bytes before that belong to an unfinished line.
    pub unfinished: u64,
    /// What was published of that line already.
    pub carry: Carry,
    /// The CRC-32 of the bytes before the offset.
    pub guard: u32,
    /// How many of the first bytes are compared.
    pub head_len: u64,
    /// Their CRC-32.
    pub head: u32,
    /// Leading NULs are the hole that a truncation left.
    pub skip_nuls: bool,
}

/// One thing that is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Record<'a> {
    /// A run: its epoch, what the machine calls its uptime, how lines are cut.
    Begin { epoch: &'a str, boot: &'a str, cutting: &'a str },
    /// A glob that is followed.
    Pattern(&'a [u8]),
    /// A source; without a path, there is only its history.
    Source { id: u64, name: &'a str, path: &'a [u8] },
    /// A file.
    Log { id: u64, file: FileId, path: &'a [u8] },
    /// How far a file was read.
    Checkpoint { log: u64, source: u64, mark: Checkpoint },
    /// Events that lie in a file.
    Lines { at: ExtentRef, runs: &'a [u8] },
    /// A control event.
    Control { source: u64, first: u64, json: &'a str },
    /// Events up to this one were given, and cannot be had again.
    Next(u64),
    /// The run ended, and all of it was written down.
    End,
}

/// Where events lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ExtentRef {
    pub(super) source: u64,
    pub(super) first: u64,
    pub(super) log: u64,
    pub(super) offset: u64,
    pub(super) crc: u32,
    pub(super) carry: Carry,
    pub(super) time: u64,
}

impl Record<'_> {
    /// Appends it to `bytes`.
    pub(super) fn push(&self, bytes: &mut Vec<u8>) {
        match *self {
            Record::Begin { epoch, boot, cutting } => {
                bytes.push(1);
                for text in [epoch, boot, cutting] {
                    push_text(bytes, text.as_bytes());
                }
            }
            Record::Pattern(text) => {
                bytes.push(2);
                push_text(bytes, text);
            }
            Record::Source { id, name, path } => {
                bytes.push(3);
                push_number(bytes, id);
                push_text(bytes, name.as_bytes());
                push_text(bytes, path);
            }
            Record::Log { id, file, path } => {
                bytes.push(4);
                let born = file.born.map_or(0, |born| born.saturating_add(1));
                for number in [id, file.device, file.inode, born] {
                    push_number(bytes, number);
                }
                push_text(bytes, path);
            }
            Record::Checkpoint { log, source, mark } => {
                bytes.push(5);
                push_number(bytes, log);
                push_number(bytes, source);
                mark.push(bytes);
            }
            Record::Lines { at: place, runs } => {
                bytes.push(6);
                place.push(bytes);
                push_text(bytes, runs);
            }
            Record::Control { source, first, json } => {
                bytes.push(7);
                push_number(bytes, source);
                push_number(bytes, first);
                push_text(bytes, json.as_bytes());
            }
            Record::Next(next) => {
                bytes.push(8);
                push_number(bytes, next);
            }
            Record::End => bytes.push(9),
        }
    }
}

impl<'a> Record<'a> {
    /// Takes the first item off `bytes`; none if they do not begin with one.
    pub(super) fn take(bytes: &mut &'a [u8]) -> Option<Self> {
        let (&tag, rest) = bytes.split_first()?;
        *bytes = rest;
        Some(match tag {
            1 => {
                let mut text = || std::str::from_utf8(take_text(bytes)?).ok();
                Record::Begin { epoch: text()?, boot: text()?, cutting: text()? }
            }
            2 => Record::Pattern(take_text(bytes)?),
            3 => Record::Source {
                id: take_number(bytes)?,
                name: std::str::from_utf8(take_text(bytes)?).ok()?,
                path: take_text(bytes)?,
            },
            4 => {
                let mut number = || take_number(bytes);
                let (id, device, inode) = (number()?, number()?, number()?);
                let file = FileId { device, inode, born: number()?.checked_sub(1) };
                Record::Log { id, file, path: take_text(bytes)? }
            }
            5 => Record::Checkpoint {
                log: take_number(bytes)?,
                source: take_number(bytes)?,
                mark: Checkpoint::take(bytes)?,
            },
            6 => Record::Lines { at: ExtentRef::take(bytes)?, runs: take_text(bytes)? },
            7 => Record::Control {
                source: take_number(bytes)?,
                first: take_number(bytes)?,
                json: std::str::from_utf8(take_text(bytes)?).ok()?,
            },
            8 => Record::Next(take_number(bytes)?),
            9 => Record::End,
            _ => return None,
        })
    }
}

impl Checkpoint {
    fn push(&self, bytes: &mut Vec<u8>) {
        let flags = u8::from(self.held) | u8::from(self.skip_nuls) << 1;
        bytes.push(flags | u8::from(self.carry.hidden) << 2);
        for number in [self.offset, self.unfinished, self.carry.into, self.head_len] {
            push_number(bytes, number);
        }
        bytes.extend(self.guard.to_le_bytes());
        bytes.extend(self.head.to_le_bytes());
    }

    fn take(bytes: &mut &[u8]) -> Option<Self> {
        let (&flags, rest) = bytes.split_first()?;
        *bytes = rest;
        let mut number = || take_number(bytes);
        let (offset, unfinished, into, head_len) = (number()?, number()?, number()?, number()?);
        Some(Checkpoint {
            held: flags & 1 > 0,
            skip_nuls: flags & 2 > 0,
            carry: Carry { into, hidden: flags & 4 > 0 },
            offset,
            unfinished,
            head_len,
            guard: take_crc(bytes)?,
            head: take_crc(bytes)?,
        })
    }
}

impl ExtentRef {
    fn push(&self, bytes: &mut Vec<u8>) {
        let carry = self.carry.into << 1 | u64::from(self.carry.hidden);
        for number in [self.source, self.first, self.log, self.offset, carry, self.time] {
            push_number(bytes, number);
        }
        bytes.extend(self.crc.to_le_bytes());
    }

    fn take(bytes: &mut &[u8]) -> Option<Self> {
        let mut number = || take_number(bytes);
        let (source, first, log, offset) = (number()?, number()?, number()?, number()?);
        let (carry, time) = (number()?, number()?);
        let carry = Carry { into: carry >> 1, hidden: carry & 1 > 0 };
        Some(ExtentRef { source, first, log, offset, crc: take_crc(bytes)?, carry, time })
    }
}

/// Makes a frame of `bytes`, whose first ones were left free for that.
pub(super) fn seal(bytes: &mut [u8]) {
    let (head, items) = bytes.split_at_mut(FRAME);
    head[..4].copy_from_slice(&(items.len() as u32).to_le_bytes());
    head[4..8].copy_from_slice(&crc32fast::hash(items).to_le_bytes());
    let crc = crc32fast::hash(&head[..8]);
    head[8..].copy_from_slice(&crc.to_le_bytes());
}

/// What stands where a frame may begin.
pub(super) enum Framed<'a> {
    /// The items of a frame, and what comes after it.
    Items(&'a [u8], &'a [u8]),
    /// The beginning of a frame whose rest was never written.
    Torn,
    /// Something else.
    Damaged,
}

/// Reads the frame at the beginning of `bytes`, which are not empty.
pub(super) fn frame(bytes: &[u8]) -> Framed<'_> {
    let Some((mut head, rest)) = bytes.split_at_checked(FRAME) else { return Framed::Torn };
    let is_head = crc32fast::hash(&head[..8]).to_le_bytes() == head[8..];
    let (Some(len), Some(crc)) = (take_crc(&mut head), take_crc(&mut head)) else {
        return Framed::Damaged;
    };
    match rest.split_at_checked(len as usize) {
        _ if !is_head => Framed::Damaged,
        None => Framed::Torn,
        Some((items, rest)) if crc32fast::hash(items) == crc => Framed::Items(items, rest),
        Some(_) => Framed::Damaged,
    }
}

fn push_text(bytes: &mut Vec<u8>, text: &[u8]) {
    push_number(bytes, text.len() as u64);
    bytes.extend_from_slice(text);
}

fn take_text<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let len = take_number(bytes)?;
    let (text, rest) = bytes.split_at_checked(usize::try_from(len).ok()?)?;
    *bytes = rest;
    Some(text)
}

fn take_crc(bytes: &mut &[u8]) -> Option<u32> {
    let (crc, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(u32::from_le_bytes(*crc))
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn items_are_read_as_they_were_written(
            numbers: [u64; 7], text in ".{0,9}", bytes: Vec<u8>, hidden: bool, crc: u32,
        ) {
            let [a, b, c, d, e, f, g] = numbers;
            let file = FileId { device: b, inode: c, born: (d < u64::MAX).then_some(d) };
            let carry = Carry { into: e >> 1, hidden };
            let mark = Checkpoint { held: hidden, offset: c, unfinished: d, carry, guard: crc,
                head_len: f, head: !crc, skip_nuls: !hidden };
            let place = ExtentRef { source: a, first: b, log: c, offset: d, crc, carry, time: g };
            let items = [
                Record::Begin { epoch: &text, boot: "", cutting: &text },
                Record::Pattern(&bytes),
                Record::Source { id: a, name: &text, path: &bytes },
                Record::Log { id: a, file, path: &bytes },
                Record::Checkpoint { log: a, source: b, mark },
                Record::Lines { at: place, runs: &bytes },
                Record::Control { source: a, first: b, json: &text },
                Record::Next(a),
                Record::End,
            ];
            let mut written = Vec::new();
            for item in items {
                item.push(&mut written);
            }
            let mut rest = &*written;
            for item in items {
                prop_assert_eq!(Record::take(&mut rest), Some(item));
            }
            prop_assert!(rest.is_empty());
        }

        #[test]
        fn whatever_is_read_does_no_harm(bytes in vec(any::<u8>(), 0..200), tag in 0u8..11) {
            let bytes = [vec![tag], bytes].concat();
            let mut rest = &*bytes;
            while Record::take(&mut rest).is_some() {}
            let _ = frame(&bytes);
        }
    }
}
