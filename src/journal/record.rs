//! Records: the entries of a journal, and their form as bytes.
//!
//! Everything here is pure.

use super::block::take_u32;
use super::carry::{push_carry, take_carry};
use crate::event::{Carry, FileId};
use crate::store::{push_number, take_number};

/// The progress of reading a file, and checksums that show whether it still has the same bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a bit of a record")]
pub struct Checkpoint {
    /// The file is still read; if not, only its history is needed.
    pub is_followed: bool,
    /// Offset of the next byte to read.
    pub offset: u64,
    /// Number of bytes before the offset that belong to an unfinished line.
    pub unfinished: u64,
    /// State that the bytes before the unfinished ones left.
    pub carry: Carry,
    /// CRC-32 of the bytes before the offset.
    pub guard: u32,
    /// Number of the first bytes of the file that `head` covers.
    pub head_len: u64,
    /// CRC-32 of the first bytes of the file.
    pub head: u32,
    /// The next bytes may be NULs of the hole that a truncation left; they are not read.
    pub skip_nuls: bool,
    /// The file was rotated before the program has seen it.
    pub is_rotated: bool,
    /// The file is compressed; offsets and checksums are those of its text.
    pub is_compressed: bool,
    /// The rotated files before it are wanted, and none of them was begun.
    pub owes_history: bool,
}

/// One entry of a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Record<'a> {
    /// A run: its epoch, the boot ID of the machine, and a description of its cutting.
    Begin { epoch: &'a str, boot: &'a str, cutting: &'a str },
    /// A glob that is followed.
    Pattern(&'a [u8]),
    /// A source; the path is empty if it is not followed.
    Source { id: u64, name: &'a str, path: &'a [u8] },
    /// A file that was read.
    Log { id: u64, file: FileId, path: &'a [u8] },
    /// The progress of reading a file.
    Checkpoint { log: u64, source: u64, checkpoint: Checkpoint },
    /// Lines, as a byte range of a file.
    Lines { extent: ExtentRef, shapes: &'a [u8] },
    /// A control event.
    Control { source: u64, first: u64, json: &'a str },
    /// The seq of the next event, after events that cannot be read again.
    Next(u64),
    /// The run ended, and all of its records were written.
    End,
    /// The position up to which the log of another program was read.
    Position { source: u64, text: &'a str },
    /// The state that the lines of such a log have left.
    Carry { source: u64, carry: Carry },
    /// Bytes of such a log that are not published: those that are kept of the ones before, and more.
    Rest { source: u64, kept: u64, added: &'a [u8] },
}

/// The fixed part of an [`Extent`](crate::store::Extent), with numbers for source and log.
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
    /// Appends the record to `bytes`.
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
                push_numbers(bytes, 3, &[id]);
                push_text(bytes, name.as_bytes());
                push_text(bytes, path);
            }
            Record::Log { id, file, path } => {
                bytes.push(4);
                push_file(bytes, id, file);
                push_text(bytes, path);
            }
            Record::Checkpoint { log, source, checkpoint } => {
                push_numbers(bytes, 5, &[log, source]);
                checkpoint.push(bytes);
            }
            Record::Lines { extent, shapes } => {
                bytes.push(6);
                extent.push(bytes);
                push_text(bytes, shapes);
            }
            Record::Control { source, first, json } => {
                push_numbers(bytes, 7, &[source, first]);
                push_text(bytes, json.as_bytes());
            }
            Record::Next(next) => push_numbers(bytes, 8, &[next]),
            Record::End => bytes.push(9),
            Record::Position { source, text } => {
                push_numbers(bytes, 10, &[source]);
                push_text(bytes, text.as_bytes());
            }
            Record::Carry { source, carry } => {
                push_numbers(bytes, 11, &[source]);
                push_carry(bytes, carry);
            }
            Record::Rest { source, kept, added } => push_rest(bytes, source, kept, added),
        }
    }
}

impl<'a> Record<'a> {
    /// Removes the first record from `bytes`; `None` if they do not begin with one.
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
                checkpoint: Checkpoint::take(bytes)?,
            },
            6 => Record::Lines { extent: ExtentRef::take(bytes)?, shapes: take_text(bytes)? },
            7 => Record::Control {
                source: take_number(bytes)?,
                first: take_number(bytes)?,
                json: std::str::from_utf8(take_text(bytes)?).ok()?,
            },
            8 => Record::Next(take_number(bytes)?),
            9 => Record::End,
            10..=12 => Record::take_progress(tag, bytes)?,
            _ => return None,
        })
    }

    /// Removes the rest of a record about the log of another program from `bytes`.
    fn take_progress(tag: u8, bytes: &mut &'a [u8]) -> Option<Self> {
        let source = take_number(bytes)?;
        Some(match tag {
            10 => Record::Position { source, text: std::str::from_utf8(take_text(bytes)?).ok()? },
            11 => Record::Carry { source, carry: take_carry(bytes)? },
            _ => Record::Rest { source, kept: take_number(bytes)?, added: take_text(bytes)? },
        })
    }
}

impl Checkpoint {
    fn push(&self, bytes: &mut Vec<u8>) {
        let flags = u8::from(self.is_followed)
            | u8::from(self.skip_nuls) << 1
            | u8::from(self.is_rotated) << 2
            | u8::from(self.is_compressed) << 3
            | u8::from(self.owes_history) << 4;
        bytes.push(flags);
        push_number(bytes, self.offset);
        push_number(bytes, self.unfinished);
        push_carry(bytes, self.carry);
        push_number(bytes, self.head_len);
        bytes.extend(self.guard.to_le_bytes());
        bytes.extend(self.head.to_le_bytes());
    }

    fn take(bytes: &mut &[u8]) -> Option<Self> {
        let (&flags, rest) = bytes.split_first()?;
        *bytes = rest;
        Some(Checkpoint {
            is_followed: flags & 1 > 0,
            skip_nuls: flags & 2 > 0,
            is_rotated: flags & 4 > 0,
            is_compressed: flags & 8 > 0,
            owes_history: flags & 16 > 0,
            offset: take_number(bytes)?,
            unfinished: take_number(bytes)?,
            carry: take_carry(bytes)?,
            head_len: take_number(bytes)?,
            guard: take_u32(bytes)?,
            head: take_u32(bytes)?,
        })
    }
}

impl ExtentRef {
    fn push(&self, bytes: &mut Vec<u8>) {
        for number in [self.source, self.first, self.log, self.offset, self.time] {
            push_number(bytes, number);
        }
        push_carry(bytes, self.carry);
        bytes.extend(self.crc.to_le_bytes());
    }

    fn take(bytes: &mut &[u8]) -> Option<Self> {
        let mut number = || take_number(bytes);
        let (source, first, log, offset) = (number()?, number()?, number()?, number()?);
        let (time, carry) = (number()?, take_carry(bytes)?);
        Some(ExtentRef { source, first, log, offset, crc: take_u32(bytes)?, carry, time })
    }
}

fn push_rest(bytes: &mut Vec<u8>, source: u64, kept: u64, added: &[u8]) {
    push_numbers(bytes, 12, &[source, kept]);
    push_text(bytes, added);
}

/// Appends the tag of a record and its first numbers.
fn push_numbers(bytes: &mut Vec<u8>, tag: u8, numbers: &[u64]) {
    bytes.push(tag);
    for number in numbers {
        push_number(bytes, *number);
    }
}

fn push_file(bytes: &mut Vec<u8>, id: u64, file: FileId) {
    let born = file.born.map_or(0, |born| born.saturating_add(1));
    for number in [id, file.device, file.inode, born] {
        push_number(bytes, number);
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

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::event::LineCarry;
    use crate::journal::block::parse_block;
    use crate::journal::carry::ENCODINGS;

    proptest! {
        #[test]
        fn records_are_read_as_they_were_written(
            numbers: [u64; 7], text in ".{0,9}", bytes: Vec<u8>, hidden: bool, crc: u32,
            encoding in 0usize..4, flags: [bool; 9], key_lines: [u8; 3],
        ) {
            let [a, b, c, d, e, f, g] = numbers;
            let file = FileId { device: b, inode: c, born: (d < u64::MAX).then_some(d) };
            let lines = [0, 1, 2].map(|at| LineCarry {
                is_unfinished: flags[3 * at],
                hidden: flags[3 * at + 1],
                redacts_rest: flags[3 * at + 2],
                key_lines: key_lines[at],
            });
            let carry = Carry { part_bytes: e >> 2, encoding: ENCODINGS[encoding], lines };
            let checkpoint = Checkpoint { is_followed: hidden, offset: c, unfinished: d, carry, guard: crc,
                head_len: f, head: !crc, skip_nuls: !hidden, is_rotated: flags[0], is_compressed: flags[1], owes_history: flags[2] };
            let extent = ExtentRef { source: a, first: b, log: c, offset: d, crc, carry, time: g };
            let records = [
                Record::Begin { epoch: &text, boot: "", cutting: &text },
                Record::Pattern(&bytes),
                Record::Source { id: a, name: &text, path: &bytes },
                Record::Log { id: a, file, path: &bytes },
                Record::Checkpoint { log: a, source: b, checkpoint },
                Record::Lines { extent, shapes: &bytes },
                Record::Control { source: a, first: b, json: &text },
                Record::Next(a),
                Record::End,
                Record::Position { source: a, text: &text },
                Record::Carry { source: a, carry },
                Record::Rest { source: a, kept: b, added: &bytes },
            ];
            let mut written = Vec::new();
            for record in records {
                record.push(&mut written);
            }
            let mut rest = &*written;
            for record in records {
                prop_assert_eq!(Record::take(&mut rest), Some(record));
            }
            prop_assert!(rest.is_empty());
        }

        #[test]
        fn no_bytes_cause_a_panic(bytes in vec(any::<u8>(), 0..200), tag in 0u8..14) {
            let bytes = [vec![tag], bytes].concat();
            let mut rest = &*bytes;
            while Record::take(&mut rest).is_some() {}
            let _ = parse_block(&bytes);
        }
    }
}
