//! The origin of a followed path: an argument, or a pattern.

/// The reasons for which a path is followed.
#[derive(Clone, Copy, Debug)]
pub(super) struct PathOrigin {
    /// The path itself was given, not a pattern.
    pub(super) is_explicit: bool,
    /// An earlier run has followed the path or its pattern, so that a new file is read from its
    /// start.
    pub(super) was_followed: bool,
}
