//! The encoded forms of one batch, each made at most once.

use std::sync::OnceLock;

use bytes::Bytes;

use super::{Deflated, Presentation};

/// A linked list with one node for each presentation that was asked for.
#[derive(Debug, Default)]
pub(super) struct EncodedForms {
    first: OnceLock<Box<Form>>,
}

#[derive(Debug)]
struct Form {
    presentation: Presentation,
    bytes: OnceLock<Bytes>,
    /// Boxed, because most feeds have no stream that is compressed.
    deflated: OnceLock<Box<DeflatedForms>>,
    next: OnceLock<Box<Form>>,
}

/// The compressed forms of the text of a batch.
#[derive(Debug, Default)]
pub(super) struct DeflatedForms {
    /// Refers to the text of the batches before; none if no compressor went on here.
    pub(super) chained: OnceLock<Option<Deflated>>,
    /// Refers to nothing before the batch.
    pub(super) alone: OnceLock<Deflated>,
}

impl EncodedForms {
    /// Returns the form for `presentation`, which `encode` makes if there is none yet.
    pub(super) fn get_or_init(
        &self,
        presentation: Presentation,
        encode: impl FnOnce() -> Bytes,
    ) -> Bytes {
        self.form(presentation).bytes.get_or_init(encode).clone()
    }

    /// Returns the compressed forms for `presentation`; calls `made` with their size if there was no
    /// place for them yet.
    pub(super) fn deflated(
        &self,
        presentation: Presentation,
        made: impl FnOnce(usize),
    ) -> &DeflatedForms {
        self.form(presentation).deflated.get_or_init(|| {
            let forms = Box::<DeflatedForms>::default();
            made(forms.size());
            forms
        })
    }

    fn form(&self, presentation: Presentation) -> &Form {
        let mut slot = &self.first;
        loop {
            let form = slot.get_or_init(|| Box::new(Form::new(presentation)));
            if form.presentation == presentation {
                return form;
            }
            slot = &form.next;
        }
    }

    /// Bytes of memory of all forms.
    pub(super) fn size(&self) -> usize {
        let mut size = 0;
        let mut slot = self.first.get();
        while let Some(form) = slot {
            size += form.bytes.get().map_or(0, Bytes::len);
            size += form.deflated.get().map_or(0, |forms| forms.size());
            slot = form.next.get();
        }
        size
    }
}

impl DeflatedForms {
    fn size(&self) -> usize {
        let forms = [self.chained.get().and_then(Option::as_ref), self.alone.get()];
        let blocks: usize = forms.into_iter().flatten().map(|form| form.blocks.len()).sum();
        size_of::<Self>() + blocks
    }
}

impl Form {
    fn new(presentation: Presentation) -> Self {
        Form {
            presentation,
            bytes: OnceLock::new(),
            deflated: OnceLock::new(),
            next: OnceLock::new(),
        }
    }
}
