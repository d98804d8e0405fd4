//! Container logs: from a line of a runtime to the message that the program wrote.

mod cri;
mod docker;
mod entry;
mod timestamp;

use std::borrow::Cow;

use super::Envelope;

/// The form in which a container runtime writes the output of programs to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContainerFormat {
    /// JSON objects, as the `json-file` driver of Docker writes them.
    Docker,
    /// `TIME STREAM TAGS MESSAGE`, as containerd and CRI-O write it for Kubernetes.
    Cri,
    /// Entries of a journal, as [`ContainerFormat::push_entry`] writes them.
    Entry,
}

impl ContainerFormat {
    /// Appends a line that has the form of entries, with a newline.
    ///
    /// `envelope` needs a time, and says nothing about a stream; `message` has no newline.
    pub fn push_entry(line: &mut Vec<u8>, envelope: &Envelope, message: &[u8]) {
        entry::push(line, envelope, message);
    }

    /// Returns the envelope and the message of a line; a line that does not have the form is its own
    /// message.
    pub(super) fn decode_line(self, line: Cow<'_, [u8]>) -> (Option<Envelope>, Cow<'_, [u8]>) {
        let decoded = match &line {
            Cow::Borrowed(line) => self.decode(line),
            Cow::Owned(line) => {
                let decoded = self.decode(line);
                decoded.map(|(envelope, message)| (envelope, Cow::Owned(message.into_owned())))
            }
        };
        match decoded {
            Some((envelope, message)) => (Some(envelope), message),
            None => (None, line),
        }
    }

    fn decode(self, line: &[u8]) -> Option<(Envelope, Cow<'_, [u8]>)> {
        match self {
            ContainerFormat::Docker => {
                let (envelope, message) = docker::decode(line)?;
                Some((envelope, Cow::Owned(message)))
            }
            ContainerFormat::Cri => {
                let (envelope, message) = cri::decode(line)?;
                Some((envelope, Cow::Borrowed(message)))
            }
            ContainerFormat::Entry => {
                let (envelope, message) = entry::decode(line)?;
                Some((envelope, Cow::Borrowed(message)))
            }
        }
    }

    /// Returns a line with the envelope of `line`, which has the form, and with another message.
    pub(super) fn replace(self, line: &[u8], message: &[u8]) -> Option<Vec<u8>> {
        match self {
            ContainerFormat::Docker => docker::replace(line, message),
            ContainerFormat::Cri => cri::replace(line, message),
            ContainerFormat::Entry => entry::replace(line, message),
        }
    }
}
