//! Mounts: the parts of the file system that can hang independently of each other.

/// The mount of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Mount {
    /// Any of the local file systems, which do not hang.
    Local,
    /// A file system that may hang, by its device.
    MayHang(u64),
}
