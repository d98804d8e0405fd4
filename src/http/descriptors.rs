//! The share of the descriptors that connections may take.

/// Number of descriptors that are left to files, at most.
const RESERVE: u64 = 1024;

/// How many of `limit` descriptors peers may have, so that files can always be opened.
pub(super) fn room_for_peers(limit: usize) -> usize {
    limit - (limit as u64 / 4).min(RESERVE) as usize
}
