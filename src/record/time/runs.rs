//! Runs of digits: the places where a time may begin.

/// Number of bytes that are examined at a time.
const WORD: usize = 8;
/// Most digits of a run that are counted: no date has more.
const LONGEST: usize = 9;

const LOW_BITS: u64 = u64::from_ne_bytes([0x01; WORD]);
const HIGH_BITS: u64 = u64::from_ne_bytes([0x80; WORD]);

/// Iterates over the runs of digits that begin before `limit`: the index of the first digit, and
/// the number of digits, counted up to [`LONGEST`].
pub(super) fn digit_runs(line: &[u8], limit: usize) -> impl Iterator<Item = (usize, usize)> {
    let mut runs = Runs { line, limit, next: 0, starts: 0, last: 0 };
    std::iter::from_fn(move || runs.next())
}

struct Runs<'a> {
    line: &'a [u8],
    limit: usize,
    /// Index of the first byte that was not examined.
    next: usize,
    /// The high bit of each byte of the last word at which a run begins and was not returned.
    starts: u64,
    /// The high bit of the lowest byte: the last byte of the last word is a digit.
    last: u64,
}

impl Runs<'_> {
    #[inline]
    fn next(&mut self) -> Option<(usize, usize)> {
        while self.starts == 0 {
            if self.next >= self.limit {
                return None;
            }
            let digits = digits(self.word());
            self.starts = digits & !(digits << 8 | self.last);
            self.last = digits >> (8 * (WORD - 1));
            self.next += WORD;
        }
        let start = self.next - WORD + self.starts.trailing_zeros() as usize / 8;
        self.starts &= self.starts - 1;
        let digits = self.line[start..].iter().take(LONGEST);
        Some((start, digits.take_while(|byte| byte.is_ascii_digit()).count()))
    }

    /// Returns the next bytes before the limit, the first one lowest; NULs fill the last word.
    fn word(&self) -> u64 {
        let rest = &self.line[self.next..self.limit];
        if let Some(word) = rest.first_chunk() {
            return u64::from_le_bytes(*word);
        }
        let mut word = [0; WORD];
        word[..rest.len()].copy_from_slice(rest);
        u64::from_le_bytes(word)
    }
}

/// Returns the high bit of each byte that is an ASCII digit.
fn digits(word: u64) -> u64 {
    // A digit becomes its value, so that adding 0x76 reaches the high bit from ten on.
    let values = word ^ (LOW_BITS * 0x30);
    let sums = (values & !HIGH_BITS) + LOW_BITS * 0x76;
    !(sums | values) & HIGH_BITS
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn runs_are_those_of_a_simple_search(
            line in proptest::collection::vec(
                prop_oneof![b'0'..=b'9', any::<u8>(), Just(b'/'), Just(b':'), Just(0xB0)], 0..100,
            ),
            limit in 0..100_usize,
        ) {
            let limit = limit.min(line.len());
            let is_digit = |at: usize| line.get(at).is_some_and(u8::is_ascii_digit);
            let expected: Vec<(usize, usize)> = (0..limit)
                .filter(|&at| is_digit(at) && (at == 0 || !is_digit(at - 1)))
                .map(|at| (at, (at..at + LONGEST).take_while(|&at| is_digit(at)).count()))
                .collect();
            prop_assert_eq!(digit_runs(&line, limit).collect::<Vec<_>>(), expected);
        }
    }
}
