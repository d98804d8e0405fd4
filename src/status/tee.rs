//! Standard output on the terminal that the status prints to.

use std::io::{self, IsTerminal as _, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Writer to standard output that knows whether the cursor is in the middle of a line.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tee {
    is_mid_line: Arc<Mutex<bool>>,
}

impl Tee {
    /// Returns the writer if stdout and stderr are terminals, which are taken for the same one.
    pub(crate) fn to_terminal() -> Option<Self> {
        (io::stdout().is_terminal() && io::stderr().is_terminal()).then(Tee::default)
    }

    /// Keeps standard output from being written to while the guard is alive.
    pub(super) fn lock(&self) -> MutexGuard<'_, bool> {
        self.is_mid_line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for Tee {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut is_mid_line = self.lock();
        let written = io::stdout().lock().write(bytes)?;
        if let Some(&last) = bytes[..written].last() {
            *is_mid_line = last != b'\n';
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stdout().flush()
    }
}
