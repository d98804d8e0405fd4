//! Compressed files: their text is read through as it is asked for, and is never held as a whole.
//!
//! A [`CompressedText`] belongs to an open file.
//! Reading from one place to the next goes on with the same decoder; reading further back begins at
//! the start of the file, unless a parked decoder stands before that place.

mod compression;
mod cursor;
mod decoders;
mod dictionary;
mod raw_bytes;
mod text;
mod zstd;

pub(super) use compression::Compression;
pub(super) use cursor::READ_BACK;
pub(super) use decoders::{Decoders, ReadingPermit};
pub(super) use text::CompressedText;
