//! The standard output and standard error of this process, which must not be followed.
//!
//! Container images link log files to `/dev/stdout`, and a shell can send standard error to a
//! file that a glob matches.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;

use crate::system::output_files;

/// Returns the reason not to follow a file, if this process writes its messages or copies to it.
pub(super) fn own_stream(metadata: &Metadata) -> Option<&'static str> {
    let file = Some((metadata.dev(), metadata.ino()));
    let [stdout, stderr] = output_files();
    if file == stdout {
        Some("is the standard output of ssetail itself, which cannot follow its own output")
    } else if file == stderr {
        Some("is the standard error of ssetail itself, which cannot follow its own output")
    } else {
        None
    }
}
