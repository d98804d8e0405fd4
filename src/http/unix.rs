//! A socket in the file system that only its owner can use.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use tokio::net::UnixListener;

/// The file of a socket, which is removed on drop unless it is another file by then.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    /// Device and inode.
    identity: (u64, u64),
}

/// Listens at `path`; replaces a socket on which no process listens.
pub(super) fn bind(path: &Path) -> anyhow::Result<(UnixListener, SocketFile)> {
    refuse_if_used(path)?;
    let bound = bind_aside(path).and_then(|(listener, aside)| {
        let file = SocketFile::new(path, &aside)?;
        fs::rename(&aside, path).inspect_err(|_| drop(fs::remove_file(&aside)))?;
        Ok((listener, file))
    });
    bound.with_context(|| format!("cannot listen on {}", path.display()))
}

fn refuse_if_used(path: &Path) -> anyhow::Result<()> {
    let Ok(metadata) = path.symlink_metadata() else { return Ok(()) };
    let shown = path.display();
    if !metadata.file_type().is_socket() {
        bail!("{shown} exists and is not a socket; give another path");
    }
    match UnixStream::connect(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(()),
        _ => bail!("{shown} is in use by another program; give another path"),
    }
}

/// Binds under another name first, so that the socket has its permissions before it has its name.
fn bind_aside(path: &Path) -> io::Result<(UnixListener, PathBuf)> {
    let mut aside = path.as_os_str().to_owned();
    aside.push(format!(".{}", std::process::id()));
    let aside = PathBuf::from(aside);
    let _ = fs::remove_file(&aside);
    let listener = UnixListener::bind(&aside)?;
    fs::set_permissions(&aside, Permissions::from_mode(0o600))?;
    Ok((listener, aside))
}

impl SocketFile {
    fn new(path: &Path, aside: &Path) -> io::Result<Self> {
        Ok(SocketFile { path: path.to_owned(), identity: identity(aside)? })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if identity(&self.path).is_ok_and(|identity| identity == self.identity) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    path.symlink_metadata().map(|metadata| (metadata.dev(), metadata.ino()))
}
