//! The target of a path: the file that the path leads to now.

use std::fs::Metadata;
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::descriptors::{Descriptors, OpenedFile};
use super::file::FileKind;
use super::mount::Mount;
use super::own_streams::own_stream;
use super::update::Update;
use crate::event::FileId;
use crate::system::{is_out_of_descriptors, is_symlink_loop};

/// The target of a path.
#[derive(Debug)]
pub(super) enum PathTarget {
    /// The newest generation.
    Newest,
    /// Another file, which is open now.
    Other(OpenedFile),
    /// Nothing.
    Missing,
    /// Something that cannot be followed.
    Unreadable(UnreadableReason),
}

/// A sentence that says why a path cannot be followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum UnreadableReason {
    /// The reason holds for this path.
    OnePath(String),
    /// The reason holds for all paths, and is reported once.
    AllPaths(&'static str),
}

/// The reason for files that get no descriptor.
const NO_DESCRIPTOR: UnreadableReason = UnreadableReason::AllPaths(
    "not all files can be followed, because this process may open no more; \
     to follow them all, raise the limit of descriptors, as with ulimit -n",
);

impl PathTarget {
    /// Opens the file that `path` leads to, unless it is the `newest` one.
    pub(super) fn find(
        path: &Path,
        mount: Mount,
        newest: Option<FileId>,
        descriptors: &Arc<Descriptors>,
    ) -> Self {
        PathTarget::open(path, mount, newest, descriptors)
            .unwrap_or_else(|error| PathTarget::of_error(path, &error))
    }

    /// The target of a path that cannot be opened or read.
    pub(super) fn of_error(path: &Path, error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => PathTarget::Missing,
            io::ErrorKind::PermissionDenied => {
                unreadable(path, "cannot be read: permission denied")
            }
            _ if is_symlink_loop(error) => unreadable(path, "is a loop of symbolic links"),
            _ if is_out_of_descriptors(error) => PathTarget::Unreadable(NO_DESCRIPTOR),
            _ => unreadable(path, &format!("cannot be read: {error}")),
        }
    }

    /// Returns true if this process may not open one more file.
    pub(super) fn is_out_of_descriptors(&self) -> bool {
        matches!(self, PathTarget::Unreadable(reason) if *reason == NO_DESCRIPTOR)
    }

    fn open(
        path: &Path,
        mount: Mount,
        newest: Option<FileId>,
        descriptors: &Arc<Descriptors>,
    ) -> io::Result<Self> {
        let metadata = std::fs::metadata(path)?;
        if newest == Some(FileId::of(&metadata)) {
            return Ok(PathTarget::Newest);
        }
        if let Err(reason) = followed_kind(&metadata) {
            return Ok(unreadable(path, reason));
        }
        let file = descriptors.open(path, mount)?;
        // The path may lead elsewhere by now.
        let (metadata, id) = (file.metadata()?, file.id());
        Ok(match followed_kind(&metadata) {
            Err(reason) => unreadable(path, reason),
            Ok(_) if file.is_synthetic() => {
                unreadable(path, "is made up by the kernel at every read and cannot be followed")
            }
            Ok(_) if newest == Some(id) => PathTarget::Newest,
            Ok(kind) => PathTarget::Other(OpenedFile { file, id, kind }),
        })
    }
}

impl UnreadableReason {
    /// The update that reports the reason.
    pub(super) fn update(&self) -> Update {
        match self {
            UnreadableReason::OnePath(sentence) => Update::Say(sentence.clone()),
            UnreadableReason::AllPaths(sentence) => Update::SayOnce(sentence),
        }
    }
}

/// Returns the kind of a file, or the reason why this process cannot follow it.
fn followed_kind(metadata: &Metadata) -> Result<FileKind, &'static str> {
    let kind = FileKind::of(metadata)?;
    own_stream(metadata).map_or(Ok(kind), Err)
}

fn unreadable(path: &Path, reason: &str) -> PathTarget {
    PathTarget::Unreadable(UnreadableReason::OnePath(format!("{} {reason}", path.display())))
}
