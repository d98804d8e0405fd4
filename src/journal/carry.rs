//! The form of a [`Carry`] as bytes in a record.
//!
//! Everything here is pure.

use crate::event::{Carry, LineCarry, TextEncoding};
use crate::store::{push_number, take_number};

/// Encodings in the order of their numbers in a journal.
pub(super) const ENCODINGS: [Option<TextEncoding>; 4] =
    [None, Some(TextEncoding::Utf8), Some(TextEncoding::Utf16Le), Some(TextEncoding::Utf16Be)];

/// Number of bits of a [`LineCarry`].
const LINE_BITS: usize = 11;

/// Appends a state: a number of two bits for the encoding and a length, and a number with the states
/// of the lines of each stream.
pub(super) fn push_carry(bytes: &mut Vec<u8>, carry: Carry) {
    let encoding = ENCODINGS.iter().position(|encoding| *encoding == carry.encoding).unwrap_or(0);
    push_number(bytes, carry.part_bytes << 2 | encoding as u64);
    let lines = carry.lines.iter().rev().fold(0, |number, line| {
        let flags = u64::from(line.is_unfinished)
            | u64::from(line.hidden) << 1
            | u64::from(line.redacts_rest) << 2;
        number << LINE_BITS | u64::from(line.key_lines) << 3 | flags
    });
    push_number(bytes, lines);
}

/// Removes a state from the start of `bytes`.
pub(super) fn take_carry(bytes: &mut &[u8]) -> Option<Carry> {
    let number = take_number(bytes)?;
    let mut rest = take_number(bytes)?;
    let mut carry = Carry {
        part_bytes: number >> 2,
        encoding: ENCODINGS[(number & 3) as usize],
        ..Carry::default()
    };
    for line in &mut carry.lines {
        *line = LineCarry {
            is_unfinished: rest & 1 > 0,
            hidden: rest & 2 > 0,
            redacts_rest: rest & 4 > 0,
            key_lines: (rest >> 3) as u8,
        };
        rest >>= LINE_BITS;
    }
    Some(carry)
}
