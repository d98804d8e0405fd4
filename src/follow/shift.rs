//! Files of which whole blocks were removed or inserted before the offset, as with
//! `fallocate --collapse-range`.

use std::io;

use memchr::memmem;

use super::comparison::{GUARD, WINDOW};
use super::line_source::ReadState;
use super::log_file::LogFile;

/// Size of the blocks in which a file can be shifted: that of most file systems. Twice the size
/// misses half of the shifts, and half of it looks at twice the offsets.
const SHIFT: u64 = 4096;

/// Most offsets at which shifted bytes are looked for, from the end of the file back: as many lie
/// within 1 MiB of bytes that were appended since. Twice as many take twice the system calls
/// whenever a file has got another content.
const MAX_SHIFTS: u64 = 256;

/// Returns the new offset of the bytes that were read last, if blocks before them were removed
/// or inserted (`fallocate --collapse-range`).
pub(super) fn find_shifted(file: &LogFile, state: &ReadState) -> io::Result<Option<u64>> {
    let recent = &*state.recent;
    let guard = &recent[recent.len().saturating_sub(GUARD)..];
    // Bytes that repeat themselves would be found in a new content, too.
    if recent.len() < WINDOW || memmem::find(recent, guard) != Some(recent.len() - GUARD) {
        return Ok(None);
    }
    let len = file.metadata()?.len();
    let phase = state.offset % SHIFT;
    let last = len.saturating_sub(phase) / SHIFT * SHIFT + phase;
    for step in 0..MAX_SHIFTS.min(last / SHIFT) {
        let offset = last - step * SHIFT;
        if offset >= recent.len() as u64
            && file.read_back(offset - GUARD as u64, GUARD)? == guard
            && file.read_back(offset - recent.len() as u64, recent.len())? == recent
        {
            return Ok(Some(offset));
        }
    }
    Ok(None)
}
