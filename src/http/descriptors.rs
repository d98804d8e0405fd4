//! The number of connections that leave enough descriptors for files.

/// Largest number of descriptors that are reserved for files.
///
/// A rotated file can only be followed while a descriptor is free. Where descriptors are few, a
/// quarter is reserved. With twice the number, 1024 fewer peers can be connected.
const RESERVE: usize = 1024;

/// Returns the number of connections that may be open where a process may have `limit` descriptors.
pub(super) fn connection_limit(limit: usize) -> usize {
    limit - (limit / 4).min(RESERVE)
}
