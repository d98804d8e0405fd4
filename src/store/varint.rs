//! Variable-length numbers (LEB128): seven bits in each byte, the lowest first.

/// Appends `number`.
pub(crate) fn push_number(bytes: &mut Vec<u8>, number: u64) {
    let mut rest = number;
    while rest >= 0x80 {
        bytes.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    bytes.push(rest as u8);
}

/// Removes the first number from `bytes`; `None` if they do not begin with one.
pub(crate) fn take_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_are_read_as_they_were_written(numbers: Vec<u64>) {
            let mut bytes = Vec::new();
            for &number in &numbers {
                push_number(&mut bytes, number);
            }
            let mut rest = &*bytes;
            for number in numbers {
                prop_assert_eq!(take_number(&mut rest), Some(number));
            }
            prop_assert_eq!(take_number(&mut rest), None);
        }
    }
}
