//! The numbers of events in a stream of messages.
//!
//! The seq of an event in such a stream is the number of its message, and below it the number of the
//! event in the message: seqs grow, and have holes between messages.

/// Number of low bits of a seq that number the events of one message.
///
/// With one bit less, a message of 512 KiB of empty lines has more events than numbers; one bit more
/// halves the number of messages that a stream can have, which is 2^44.
const INDEX_BITS: u32 = 20;

/// Largest number of an event in a message.
pub const MAX_INDEX: u64 = (1 << INDEX_BITS) - 1;

/// Number of characters of a check; with one less, one in 1296 wrong IDs is not noticed.
const CHECK_LEN: usize = 3;

/// A short checksum of the content of a message: three characters of base 36.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Check([u8; CHECK_LEN]);

impl Check {
    /// Makes the check of a message that `text` describes.
    #[must_use]
    pub fn of(text: &[u8]) -> Self {
        const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
        let mut rest = crc32fast::hash(text);
        Check(std::array::from_fn(|_| {
            let digit = DIGITS[(rest % 36) as usize];
            rest /= 36;
            digit
        }))
    }

    /// Parses a check as it is written in an ID.
    #[must_use]
    pub(super) fn parse(text: &str) -> Option<Self> {
        let is_digit = |byte: &u8| byte.is_ascii_digit() || byte.is_ascii_lowercase();
        let digits: [u8; CHECK_LEN] = text.as_bytes().try_into().ok()?;
        digits.iter().all(is_digit).then_some(Check(digits))
    }

    /// The check as it is written in an ID.
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Returns the seq of event `index` of message `number`.
#[must_use]
pub fn seq_in_message(number: u64, index: u64) -> u64 {
    (number << INDEX_BITS) + index
}

/// Returns the number of the message with event `seq`, and the number of the event in it.
#[must_use]
pub fn message_of(seq: u64) -> (u64, u64) {
    (seq >> INDEX_BITS, seq & MAX_INDEX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seq_has_the_number_of_the_message_and_of_the_event() {
        assert_eq!(message_of(seq_in_message(7, 3)), (7, 3));
        assert_eq!(seq_in_message(7, MAX_INDEX) + 1, seq_in_message(8, 0));
    }

    #[test]
    fn checks_are_three_characters() {
        let check = Check::of(b"web1 k3f9q2-1a");
        assert_eq!(Check::parse(std::str::from_utf8(check.as_bytes()).expect("text")), Some(check));
        assert_ne!(check, Check::of(b"web1 k3f9q2-1b"));
        for text in ["", "ab", "abcd", "aB1", "a-1"] {
            assert_eq!(Check::parse(text), None);
        }
    }
}
