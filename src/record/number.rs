//! Decimal numbers of any size, which are compared exactly.

use std::cmp::Ordering;

/// A decimal number as it is written, such as `-12.5e3`; numbers with the same value are equal.
#[derive(Clone, Copy, Debug)]
pub struct Number<'a> {
    text: &'a str,
    is_negative: bool,
    /// Digits before the point, and behind it.
    whole: &'a [u8],
    fraction: &'a [u8],
    exponent: i64,
}

impl<'a> Number<'a> {
    /// Parses a number: a `-` or nothing, digits, and perhaps a fraction and an exponent.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let (is_negative, rest) = match text.as_bytes() {
            [b'-', rest @ ..] => (true, rest),
            rest => (false, rest),
        };
        let (whole, rest) = digits(rest)?;
        let (fraction, rest) = match rest {
            [b'.', rest @ ..] => digits(rest)?,
            rest => (&[][..], rest),
        };
        let exponent = match rest {
            [] => 0,
            [b'e' | b'E', rest @ ..] => exponent(rest)?,
            _ => return None,
        };
        Some(Number { text, is_negative, whole, fraction, exponent })
    }

    /// The number as it is written.
    #[must_use]
    pub fn as_str(&self) -> &'a str {
        self.text
    }

    /// The digits from the first that is not zero on; none of zero.
    fn significant(&self) -> impl Iterator<Item = u8> + use<'a> {
        self.whole.iter().chain(self.fraction).copied().skip_while(|digit| *digit == b'0')
    }

    /// The power of ten of the first digit that is not zero.
    fn magnitude(&self) -> i64 {
        let zeros = self.whole.len() + self.fraction.len() - self.significant().count();
        let place = i64::try_from(self.whole.len()).unwrap_or(i64::MAX);
        let zeros = i64::try_from(zeros).unwrap_or(i64::MAX);
        self.exponent.saturating_add(place - zeros)
    }

    fn is_zero(&self) -> bool {
        self.significant().next().is_none()
    }

    /// Compares the numbers without their signs; neither is zero.
    fn cmp_sizes(&self, other: &Number<'_>) -> Ordering {
        self.magnitude().cmp(&other.magnitude()).then_with(|| {
            let (mut left, mut right) = (self.significant(), other.significant());
            loop {
                match (left.next(), right.next()) {
                    (None, None) => return Ordering::Equal,
                    (left, right) => match left.unwrap_or(b'0').cmp(&right.unwrap_or(b'0')) {
                        Ordering::Equal => {}
                        unequal => return unequal,
                    },
                }
            }
        })
    }
}

impl Ord for Number<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let sign = |number: &Number<'_>| match (number.is_zero(), number.is_negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        };
        match (sign(self), sign(other)) {
            (1, 1) => self.cmp_sizes(other),
            (-1, -1) => other.cmp_sizes(self),
            (left, right) => left.cmp(&right),
        }
    }
}

impl PartialOrd for Number<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Number<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Number<'_> {}

/// Splits at least one digit from the start of `bytes`.
fn digits(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let len = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (len > 0).then(|| bytes.split_at(len))
}

/// Returns the exponent, or the nearest one that fits.
fn exponent(bytes: &[u8]) -> Option<i64> {
    let (is_negative, rest) = match bytes {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] | rest => (false, rest),
    };
    let (digits, rest) = digits(rest)?;
    let size = digits
        .iter()
        .fold(0_i64, |size, digit| size.saturating_mul(10).saturating_add(i64::from(digit - b'0')));
    // Half of the range, so that adding the number of digits does not change the order.
    let size = size.min(i64::MAX / 2);
    rest.is_empty().then_some(if is_negative { -size } else { size })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn compare(left: &str, right: &str) -> Ordering {
        Number::parse(left).expect("a number").cmp(&Number::parse(right).expect("a number"))
    }

    #[test]
    fn numbers_compare_exactly() {
        for (left, order, right) in [
            ("9007199254740993", Ordering::Greater, "9007199254740992"),
            ("1e3", Ordering::Equal, "1000"),
            ("1000.0", Ordering::Equal, "1E+3"),
            ("-0", Ordering::Equal, "0.00e9"),
            ("0.1", Ordering::Less, "0.10000000000000001"),
            ("-2", Ordering::Less, "-1"),
            ("-1", Ordering::Less, "0"),
            ("007", Ordering::Equal, "7"),
            ("1e-2", Ordering::Equal, "0.01"),
            ("99", Ordering::Less, "500"),
            ("1e999999999999999999999", Ordering::Greater, "99999999999999999999999999"),
            ("1e-999999999999999999999", Ordering::Less, "0.0000000001"),
        ] {
            assert_eq!(compare(left, right), order, "{left} {right}");
            assert_eq!(compare(right, left), order.reverse(), "{right} {left}");
        }
    }

    #[test]
    fn other_texts_are_no_numbers() {
        for text in ["", "-", "1.", ".5", "1e", "+1", "1x", "0x10", "NaN", "Infinity", "1 "] {
            assert!(Number::parse(text).is_none(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn whole_numbers_compare_as_integers(left: i64, right: i64) {
            prop_assert_eq!(compare(&left.to_string(), &right.to_string()), left.cmp(&right));
        }

        #[test]
        fn fractions_compare_as_integers(left: i32, right: i32) {
            let text = |number: i32| {
                let sign = if number < 0 { "-" } else { "" };
                let size = i64::from(number).abs();
                format!("{sign}{}.{:03}", size / 1000, size % 1000)
            };
            prop_assert_eq!(compare(&text(left), &text(right)), left.cmp(&right));
            prop_assert_eq!(compare(&text(left), &format!("{right}e-3")), left.cmp(&right));
        }
    }
}
