//! The number of connections that leave enough descriptors for files.

/// Largest number of descriptors that are reserved for files.
///
/// It is more than one for each followed file in common use, and a quarter is reserved where
/// descriptors are few. With twice the number, fewer peers can be connected.
const RESERVE: usize = 1024;

/// Returns the number of connections that may be open where a process may have `limit` descriptors.
pub(super) fn connection_limit(limit: usize) -> usize {
    limit - (limit / 4).min(RESERVE)
}
