//! The bytes between the lines of a batch that are sent without any change.
//!
//! The events of such lines differ only in the line and in the number in the ID.

use super::id::push_base36;

/// The bytes between two lines: the end of an event, with its number, and the beginning of the next
/// event.
pub(super) struct Joint {
    bytes: Vec<u8>,
    /// Index of the first digit of the number, and the index behind the last one.
    first: usize,
    end: usize,
}

impl Joint {
    /// Makes the joint whose number is `number`, between the bytes `before` and `behind`.
    pub(super) fn new(before: &[u8], number: u64, behind: &[u8]) -> Self {
        let mut bytes = before.to_vec();
        let first = bytes.len();
        push_base36(&mut bytes, number);
        let end = bytes.len();
        bytes.extend_from_slice(behind);
        Joint { bytes, first, end }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Counts to the next event, in base 36.
    #[inline]
    pub(super) fn advance(&mut self) {
        for digit in self.bytes[self.first..self.end].iter_mut().rev() {
            match *digit {
                b'z' => *digit = b'0',
                b'9' => {
                    *digit = b'a';
                    return;
                }
                _ => {
                    *digit += 1;
                    return;
                }
            }
        }
        self.bytes.insert(self.first, b'1');
        self.end += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_joint_counts_in_base_36() {
        for start in [0, 30, 36 * 36 - 3, 36_u64.pow(5) - 20, 36_u64.pow(5) * 3 - 20] {
            let mut joint = Joint::new(b"\nid: e-", start, b"\n\ndata: ");
            for number in start..start + 100 {
                let expected = Joint::new(b"\nid: e-", number, b"\n\ndata: ");
                assert_eq!(joint.bytes(), expected.bytes(), "{number}");
                joint.advance();
            }
        }
    }
}
