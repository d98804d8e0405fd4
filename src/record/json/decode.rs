//! Strings of JSON: the bytes between the quotes come in, and text goes out.

use std::borrow::Cow;

use memchr::memchr;

/// Decodes the escapes of a string; invalid UTF-8 becomes U+FFFD.
pub(in crate::record) fn decode(raw: &[u8]) -> Option<Cow<'_, str>> {
    let Some(first) = memchr(b'\\', raw) else { return Some(String::from_utf8_lossy(raw)) };
    let mut decoded = raw[..first].to_vec();
    let mut rest = &raw[first..];
    while let [b'\\', escape, after @ ..] = rest {
        rest = after;
        let byte = match escape {
            b'"' | b'\\' | b'/' => *escape,
            b'b' => 0x08,
            b'f' => 0x0c,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                let (character, after) = unicode(after)?;
                rest = after;
                decoded.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                0
            }
            _ => return None,
        };
        if *escape != b'u' {
            decoded.push(byte);
        }
        let next = memchr(b'\\', rest).unwrap_or(rest.len());
        decoded.extend_from_slice(&rest[..next]);
        rest = &rest[next..];
    }
    Some(Cow::Owned(String::from_utf8_lossy(&decoded).into_owned()))
}

/// Returns the character of the hexadecimal digits of `\u`, and the bytes behind them; half of a
/// surrogate pair is U+FFFD.
fn unicode(bytes: &[u8]) -> Option<(char, &[u8])> {
    let (high, rest) = hexadecimal(bytes)?;
    if let (0xd800..0xdc00, [b'\\', b'u', low @ ..]) = (high, rest)
        && let Some((low @ 0xdc00..0xe000, rest)) = hexadecimal(low)
    {
        let character = char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00));
        return Some((character?, rest));
    }
    Some((char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER), rest))
}

fn hexadecimal(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (digits, rest) = bytes.split_at_checked(4)?;
    let value = digits
        .iter()
        .try_fold(0, |value, digit| Some(value * 16 + char::from(*digit).to_digit(16)?))?;
    Some((value, rest))
}
