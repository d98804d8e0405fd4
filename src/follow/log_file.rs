//! An open log file: reads at any offset, until the file is closed.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OwnedSemaphorePermit;

use super::compressed::{CompressedText, READ_BACK};
use super::history_reads::HistoryReads;
use super::mount::Mount;
use crate::event::{FileId, Log};
use crate::system::{is_on_overlay, is_synthetic, next_data, next_hole, open_without_waiting};

/// A file that stays open as long as something may read from it again.
#[derive(Debug)]
pub(super) struct LogFile {
    /// None when the file was closed although events are in it.
    descriptor: Mutex<Option<Arc<Descriptor>>>,
    is_closed: AtomicBool,
    id: FileId,
    /// The path under which it was opened, without symbolic links: a rotated file stands beside
    /// that, not beside the link.
    path: PathBuf,
    mount: Mount,
    /// Number of holders that read the file; events do not count.
    pub(super) holders: AtomicUsize,
    /// The reads of all files of the mount.
    history_reads: Arc<HistoryReads>,
}

/// An open descriptor.
#[derive(Debug)]
struct Descriptor {
    /// None when it is being closed.
    file: Option<Arc<File>>,
    /// The text, if the file is compressed: offsets are those of the text.
    text: Option<CompressedText>,
    mount: Mount,
    _permit: OwnedSemaphorePermit,
}

impl LogFile {
    /// Opens a file, without waiting for the writer of a pipe; `text` reads a compressed one.
    pub(super) fn open(
        path: &Path,
        mount: Mount,
        permit: OwnedSemaphorePermit,
        history_reads: Arc<HistoryReads>,
        text: Option<CompressedText>,
    ) -> io::Result<Self> {
        let file = open_without_waiting(path)?;
        let id = FileId::of(&file.metadata()?);
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let descriptor = Descriptor { file: Some(Arc::new(file)), text, mount, _permit: permit };
        Ok(LogFile {
            descriptor: Mutex::new(Some(Arc::new(descriptor))),
            is_closed: AtomicBool::new(false),
            id,
            path,
            mount,
            holders: AtomicUsize::new(0),
            history_reads,
        })
    }

    /// Lets every read fail.
    #[cfg(test)]
    pub(super) fn break_reads(&self, path: &Path) {
        let mut descriptor = self.descriptor.lock().expect("a descriptor");
        let broken = descriptor.as_mut().and_then(Arc::get_mut).expect("nobody reads");
        let file = File::options().write(true).open(path).expect("opened");
        broken.file = Some(Arc::new(file));
    }

    /// The identity that the file had when it was opened.
    pub(super) fn id(&self) -> FileId {
        self.id
    }

    pub(super) fn mount(&self) -> Mount {
        self.mount
    }

    /// Closes the descriptor; from now on, every read fails.
    pub(super) fn close(&self) {
        self.is_closed.store(true, Ordering::Relaxed);
        let descriptor = self.descriptor.lock().unwrap_or_else(PoisonError::into_inner).take();
        // Closing may take time, so that the lock is not held meanwhile.
        drop(descriptor);
    }

    /// Returns true unless no path leads to the file any more.
    pub(super) fn is_linked(&self) -> bool {
        // An error, as of a network mount, does not tell that the file was deleted.
        self.metadata().map_or(true, |metadata| metadata.nlink() > 0)
    }

    fn descriptor(&self) -> io::Result<Arc<Descriptor>> {
        let descriptor = self.descriptor.lock().unwrap_or_else(PoisonError::into_inner);
        descriptor.clone().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// The path under which it was opened, without symbolic links.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Goes on with the bytes of `other`, which is a compressed form of this file.
    pub(super) fn replace(&self, other: &LogFile) {
        let Ok(descriptor) = other.descriptor() else { return };
        let mut own = self.descriptor.lock().unwrap_or_else(PoisonError::into_inner);
        let replaced = own.replace(descriptor);
        drop(own);
        drop(replaced);
    }

    /// Returns true if reads decode the file.
    pub(super) fn is_compressed(&self) -> bool {
        self.descriptor().is_ok_and(|descriptor| descriptor.text.is_some())
    }

    /// Returns the reason why the rest of a compressed file cannot be decoded, once it is known.
    pub(super) fn damage(&self) -> Option<String> {
        Some(self.descriptor().ok()?.text.as_ref()?.damage()?.to_owned())
    }

    /// Returns the number of bytes; [`u64::MAX`] for compressed text that was not read to its end.
    pub(super) fn len(&self) -> io::Result<u64> {
        let descriptor = self.descriptor()?;
        match &descriptor.text {
            Some(text) => Ok(text.len().unwrap_or(u64::MAX)),
            None => Ok(descriptor.file().metadata()?.len()),
        }
    }

    /// Returns the metadata of the file itself, compressed or not.
    pub(super) fn metadata(&self) -> io::Result<Metadata> {
        self.descriptor()?.file().metadata()
    }

    /// Returns true if the kernel generates its content at every read, as below `/proc` and `/sys`.
    pub(super) fn is_synthetic(&self) -> bool {
        self.descriptor().is_ok_and(|descriptor| is_synthetic(descriptor.file()))
    }

    /// Fills `bytes` from `offset` on; returns fewer bytes only at the end of the file.
    pub(super) fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        let descriptor = self.descriptor()?;
        if let Some(text) = &descriptor.text {
            return text.read_at(descriptor.file(), bytes, offset);
        }
        let mut read = 0;
        while read < bytes.len() {
            match read_once(descriptor.file(), &mut bytes[read..], offset + read as u64)? {
                0 => break,
                len => read += len,
            }
        }
        Ok(read)
    }

    /// Reads `guard` known bytes and the new bytes behind them, from `offset` on.
    ///
    /// One call of the system reads both. If another one read the new bytes, the file could be cut
    /// and written between the two, and new bytes would be missing behind a guard that is out of
    /// date.
    pub(super) fn read_behind(
        &self,
        guard: usize,
        bytes: &mut [u8],
        offset: u64,
    ) -> io::Result<usize> {
        let descriptor = self.descriptor()?;
        if descriptor.text.is_some() {
            return self.read_at(bytes, offset);
        }
        let read = read_once(descriptor.file(), bytes, offset)?;
        if read == 0 || read >= guard {
            return Ok(read);
        }
        // A file system may return fewer bytes than there are.
        Ok(read + self.read_at(&mut bytes[read..guard], offset + read as u64)?)
    }

    /// Reads the bytes in a pipe; zero if it has no writer, `WouldBlock` if its writer is silent.
    pub(super) fn read_pipe(&self, bytes: &mut [u8]) -> io::Result<usize> {
        io::Read::read(&mut &**self.descriptor()?.file(), bytes)
    }

    /// Returns at most `len` bytes from `offset` on; fewer only at the end of the file.
    pub(super) fn read_back(&self, offset: u64, len: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; len];
        let read = self.read_at(&mut bytes, offset)?;
        bytes.truncate(read);
        Ok(bytes)
    }

    /// Returns the largest number of bytes before a place that are read again at that place.
    pub(super) fn most_back(&self) -> usize {
        if self.is_compressed() { READ_BACK } else { usize::MAX }
    }

    /// See [`next_data`].
    pub(super) fn next_data(&self, offset: u64) -> Option<u64> {
        let descriptor = self.descriptor().ok()?;
        match &descriptor.text {
            Some(text) => text.len().is_none_or(|len| offset < len).then_some(offset),
            None => next_data(descriptor.file(), offset),
        }
    }

    /// See [`next_hole`].
    pub(super) fn next_hole(&self, offset: u64) -> u64 {
        let plain = self.descriptor().ok().filter(|descriptor| descriptor.text.is_none());
        plain.map_or(u64::MAX, |descriptor| next_hole(descriptor.file(), offset))
    }

    /// See [`is_on_overlay`].
    pub(super) fn is_on_overlay(&self) -> bool {
        self.descriptor().is_ok_and(|descriptor| is_on_overlay(descriptor.file()))
    }
}

impl Log for LogFile {
    fn read_exact_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        match self.mount {
            Mount::Local => self.descriptor()?.read_exact_at(bytes, offset),
            Mount::MayHang(_) => {
                let (descriptor, len) = (self.descriptor()?, bytes.len());
                let read = self.history_reads.call(move || {
                    let mut bytes = vec![0; len];
                    descriptor.read_exact_at(&mut bytes, offset).map(|()| bytes)
                })?;
                bytes.copy_from_slice(&read);
                Ok(())
            }
        }
    }

    fn oldest(&self) -> u64 {
        if self.is_closed.load(Ordering::Relaxed) { u64::MAX } else { 0 }
    }

    fn file(&self) -> Option<(FileId, PathBuf)> {
        Some((self.id, self.path.clone()))
    }
}

impl Descriptor {
    fn read_exact_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        match &self.text {
            Some(text) => text.reread_exact_at(self.file(), bytes, offset),
            None => self.file().read_exact_at(bytes, offset),
        }
    }

    fn file(&self) -> &Arc<File> {
        let Some(file) = &self.file else { unreachable!("it is open until it is dropped") };
        file
    }
}

impl Drop for Descriptor {
    /// Closes a file that may hang on a thread of its own, because the last holder of a file is not
    /// always the worker of its mount.
    fn drop(&mut self) {
        if let (Mount::MayHang(_), Some(file)) = (self.mount, self.file.take()) {
            let builder = std::thread::Builder::new().name("close".to_owned());
            // Without a thread, the file is closed here.
            let _ = builder.spawn(move || drop(file));
        }
    }
}

/// Reads once, again after a signal; returns the number of bytes.
fn read_once(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
    loop {
        match file.read_at(bytes, offset) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}
