//! How many descriptors may be open: each peer takes one, and each file.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// How many are left to files, at most.
const RESERVE: u64 = 1024;

/// Raises the limit as far as this process may; gives what it is then.
#[must_use]
pub fn raise_descriptor_limit() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, ..limit };
    let limit = setrlimit(Resource::Nofile, raised).map_or(limit, |()| raised);
    limit.current.map_or(usize::MAX, |limit| limit as usize)
}

/// How many of `limit` descriptors peers may have, so that files can always be opened.
pub(super) fn room_for_peers(limit: usize) -> usize {
    limit - (limit as u64 / 4).min(RESERVE) as usize
}
