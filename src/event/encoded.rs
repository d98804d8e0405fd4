//! The encoded forms of one batch, each made at most once.

use std::sync::OnceLock;

use bytes::Bytes;

use super::Presentation;

/// A linked list with one node for each presentation that was asked for.
#[derive(Debug, Default)]
pub(super) struct EncodedForms {
    first: OnceLock<Box<Form>>,
}

#[derive(Debug)]
struct Form {
    presentation: Presentation,
    bytes: OnceLock<Bytes>,
    next: OnceLock<Box<Form>>,
}

impl EncodedForms {
    /// Returns the form for `presentation`, which `encode` makes if there is none yet.
    pub(super) fn get_or_init(
        &self,
        presentation: Presentation,
        encode: impl FnOnce() -> Bytes,
    ) -> Bytes {
        let mut slot = &self.first;
        loop {
            let form = slot.get_or_init(|| Box::new(Form::new(presentation)));
            if form.presentation == presentation {
                return form.bytes.get_or_init(encode).clone();
            }
            slot = &form.next;
        }
    }

    /// Number of bytes of all forms.
    pub(super) fn size(&self) -> usize {
        let mut size = 0;
        let mut slot = self.first.get();
        while let Some(form) = slot {
            size += form.bytes.get().map_or(0, Bytes::len);
            slot = form.next.get();
        }
        size
    }
}

impl Form {
    fn new(presentation: Presentation) -> Self {
        Form { presentation, bytes: OnceLock::new(), next: OnceLock::new() }
    }
}
