//! The layout of a journal: a header, and blocks of records.
//!
//! The records of a block are complete or absent together:
//! `length | CRC-32 of the records | CRC-32 of these two | records`.
//! Everything here is pure.

/// The first bytes of a journal that this version writes; one byte with the state follows.
pub(super) const HEADER: &[u8] = b"ssetail journal 5\n";
/// The first bytes of journals that this version can read too: without the states of other programs'
/// logs, and without positions in them.
pub(super) const OLD_HEADERS: [&[u8]; 2] = [b"ssetail journal 4\n", b"ssetail journal 3\n"];
/// State of a journal that has all that was published.
pub(super) const COMPLETE: u8 = b'+';
/// State of a journal that lacks something that was published.
pub(super) const INCOMPLETE: u8 = b'-';

/// Number of bytes of a block before its records; part of the format.
pub(super) const BLOCK_HEADER: usize = 12;

/// The start of some bytes, parsed as a block.
pub(super) enum ParsedBlock<'a> {
    /// A block.
    Complete {
        records: &'a [u8],
        /// The bytes after the block.
        rest: &'a [u8],
    },
    /// The first bytes of a block, of which the rest was never written.
    Torn,
    /// Not a block.
    Damaged,
}

/// Returns an empty block, to which records can be appended.
pub(super) fn empty_block() -> Vec<u8> {
    vec![0; BLOCK_HEADER]
}

/// Completes a block: writes its header, for which [`empty_block`] left space.
pub(super) fn seal(block: &mut [u8]) {
    let (header, records) = block.split_at_mut(BLOCK_HEADER);
    header[..4].copy_from_slice(&(records.len() as u32).to_le_bytes());
    header[4..8].copy_from_slice(&crc32fast::hash(records).to_le_bytes());
    let crc = crc32fast::hash(&header[..8]);
    header[8..].copy_from_slice(&crc.to_le_bytes());
}

/// Parses the block at the start of `bytes`, which must not be empty.
pub(super) fn parse_block(bytes: &[u8]) -> ParsedBlock<'_> {
    let Some((mut header, rest)) = bytes.split_at_checked(BLOCK_HEADER) else {
        return ParsedBlock::Torn;
    };
    let is_header = crc32fast::hash(&header[..8]).to_le_bytes() == header[8..];
    let (Some(len), Some(crc)) = (take_u32(&mut header), take_u32(&mut header)) else {
        return ParsedBlock::Damaged;
    };
    match rest.split_at_checked(len as usize) {
        _ if !is_header => ParsedBlock::Damaged,
        None => ParsedBlock::Torn,
        Some((records, rest)) if crc32fast::hash(records) == crc => {
            ParsedBlock::Complete { records, rest }
        }
        Some(_) => ParsedBlock::Damaged,
    }
}

/// Removes a little-endian number from the start of `bytes`.
pub(super) fn take_u32(bytes: &mut &[u8]) -> Option<u32> {
    let (number, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(u32::from_le_bytes(*number))
}
