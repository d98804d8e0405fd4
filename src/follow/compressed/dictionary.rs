//! The memory that a decoder may take.

/// Most bytes of memory for the dictionary of a decoder. `xz -9` needs as many, and `zstd -19` an
/// eighth of them; with half of them, files of `xz -9` are not read, and twice as many are needed
/// only for settings that the programs themselves warn about.
pub(super) const LARGEST_DICTIONARY: usize = 64 << 20;
