//! NULs that are no text: holes of sparse files, and the preallocated end of a file.
//!
//! - NULs in a hole are skipped. The text behind a hole begins a new line, because the bytes of a
//!   line have to be read again as one range of the file.
//! - NULs up to the end of a file are held back until other bytes follow or replace them.
//! - All other NULs are bytes of lines.

use std::io;

use memchr::memchr;

use super::line_source::ReadState;
use super::log_file::LogFile;

/// Number of bytes that are searched at a time for the end of a run of NULs. Half as many take
/// twice the system calls; twice as many take twice the memory.
const BLOCK: usize = 64 * 1024;

/// The position behind a run of NULs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AfterNuls {
    /// The first byte of text is here.
    Text(u64),
    /// The file ends here.
    End(u64),
}

/// Returns the number of leading bytes of `new`, which stand at `offset`, that end with text and
/// have no hole among them. It is zero only if `new` begins with NULs up to a hole or its end.
pub(super) fn text_len(file: &LogFile, new: &[u8], offset: u64) -> usize {
    // A hole reads as NULs.
    let Some(nul) = memchr(0, new) else { return new.len() };
    let data = file.next_hole(offset + nul as u64).saturating_sub(offset);
    without_nuls(&new[..new.len().min(data as usize)]).len()
}

/// Finds the first byte from `offset` on that is not NUL; skips holes.
pub(super) fn after_nuls(file: &LogFile, mut offset: u64) -> io::Result<AfterNuls> {
    let mut block = vec![0; BLOCK];
    loop {
        let Some(data) = file.next_data(offset) else {
            return Ok(AfterNuls::End(file.len()?.max(offset)));
        };
        let read = file.read_at(&mut block, data)?;
        if read == 0 {
            return Ok(AfterNuls::End(data));
        }
        if let Some(text) = block[..read].iter().position(|&byte| byte != 0) {
            return Ok(AfterNuls::Text(data + text as u64));
        }
        offset = data + read as u64;
    }
}

/// Returns the end of the text before `end`: without the NULs up to there, in holes or not.
pub(super) fn text_end(file: &LogFile, mut end: u64) -> io::Result<u64> {
    let mut block = vec![0; BLOCK];
    loop {
        end = data_end(file, end);
        let start = end.saturating_sub(BLOCK as u64);
        let block = &mut block[..(end - start) as usize];
        let read = file.read_at(block, start)?;
        let text = without_nuls(&block[..read]).len() as u64;
        if text > 0 || start == 0 {
            return Ok(start + text);
        }
        end = start;
    }
}

/// Returns the end of the last block before `end` that is not all in a hole.
///
/// The steps grow while there is only a hole, so that their number is the logarithm of its size.
pub(super) fn data_end(file: &LogFile, mut end: u64) -> u64 {
    let mut step = BLOCK as u64;
    while end > 0 {
        let start = end.saturating_sub(step);
        if file.next_data(start).is_none_or(|data| data >= end) {
            end = start;
            step *= 2;
        } else if step > BLOCK as u64 {
            step /= 2;
        } else {
            break;
        }
    }
    end
}

/// Returns the offset behind the NULs that `new` bytes of a compressed file begin with, if they
/// stand before a line: they were a hole before the file was compressed.
pub(super) fn behind_decoded_nuls(state: &ReadState, new: &[u8]) -> Option<u64> {
    if new[0] != 0 || state.unfinished > 0 || state.is_binary || state.is_utf16(new) {
        return None;
    }
    let nuls = new.iter().position(|&byte| byte != 0).unwrap_or(new.len());
    Some(state.offset + nuls as u64)
}

fn without_nuls(bytes: &[u8]) -> &[u8] {
    let text = bytes.iter().rposition(|&byte| byte != 0);
    &bytes[..text.map_or(0, |last| last + 1)]
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::FileExt as _;

    use proptest::prelude::*;

    use super::super::descriptors::{Descriptors, HeldFile};
    use super::super::mount::Mount;
    use super::*;

    /// Returns a file of this length with texts at some offsets.
    fn sparse(len: u64, texts: &[(u64, &str)]) -> HeldFile {
        let file = tempfile::NamedTempFile::new().expect("a file");
        file.as_file().set_len(len).expect("extended");
        for (offset, text) in texts {
            file.as_file().write_all_at(text.as_bytes(), *offset).expect("written");
        }
        Descriptors::new().open(file.path(), Mount::Local).expect("opened")
    }

    #[cfg(not(feature = "portable"))]
    #[test]
    fn text_is_found_behind_nuls_and_before_them() {
        let file = sparse(9 << 30, &[(10, "one\n"), (8 << 30, "two\n")]);
        assert_eq!(after_nuls(&file, 0).expect("read"), AfterNuls::Text(10));
        assert_eq!(after_nuls(&file, 14).expect("read"), AfterNuls::Text(8 << 30));
        assert_eq!(after_nuls(&file, (8 << 30) + 4).expect("read"), AfterNuls::End(9 << 30));
        assert_eq!(text_end(&file, 9 << 30).expect("read"), (8 << 30) + 4);
        assert_eq!(text_end(&file, 8 << 30).expect("read"), 14);
        assert_eq!(text_end(&sparse(5 << 20, &[]), 5 << 20).expect("read"), 0);
    }

    #[cfg(not(feature = "portable"))]
    #[test]
    fn new_bytes_end_with_text_and_before_a_hole() {
        let file = sparse(0, &[(0, "one\0two\n\0\0"), (1 << 20, "three\n")]);
        let mut bytes = vec![0; (1 << 20) + 6];
        file.read_at(&mut bytes, 0).expect("read");
        assert_eq!(text_len(&file, b"text", 0), 4);
        assert_eq!(text_len(&file, &bytes[..10], 0), 8);
        assert_eq!(text_len(&file, &bytes, 0), 8);
        assert_eq!(text_len(&file, &bytes[8..], 8), 0);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn the_end_of_the_text_does_not_depend_on_blocks(
            text in 0u64..300_000, nuls in 0u64..300_000,
        ) {
            let end = text + nuls;
            let file = if text == 0 { sparse(end, &[]) } else { sparse(end, &[(text - 1, "x")]) };
            prop_assert_eq!(text_end(&file, end).expect("read"), text);
            let data = data_end(&file, end);
            prop_assert!(data >= text && data <= end);
        }
    }
}
