//! What the values of flags may be; a wrong one is refused with an example of a right one.

use std::ffi::OsStr;
use std::time::Duration;

use bytesize::ByteSize;
use regex::bytes::Regex;

use super::source::absolute;
use crate::follow::{SpoolNames, StartAt};
use crate::http::ListenAddress;

pub(super) fn parse_lines(text: &str) -> Result<StartAt, String> {
    let (number, make): (_, fn(u64) -> StartAt) = match text.strip_prefix('+') {
        Some(number) => (number, StartAt::Line),
        None => (text.strip_prefix('-').unwrap_or(text), StartAt::Last),
    };
    number.parse().map(make).map_err(|_| "give a number of lines, as 100, or +1 for all".to_owned())
}

pub(super) fn parse_port(text: &str) -> Result<u16, String> {
    text.parse().map_err(|_| "give a port from 0 to 65535, as 8088".to_owned())
}

pub(super) fn parse_count(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "give a whole number, as 10000".to_owned())
}

pub(super) fn parse_address(text: &str) -> Result<ListenAddress, String> {
    if let Some(path) = text.strip_prefix("unix:").filter(|path| !path.is_empty()) {
        return absolute(OsStr::new(path)).map(ListenAddress::Unix);
    }
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().map(ListenAddress::Ip);
    address.map_err(|_| {
        "give an IP address, as 127.0.0.1, ::1 or 0.0.0.0, or a path, as unix:/run/ssetail.sock"
            .to_owned()
    })
}

pub(super) fn parse_clients(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count @ 1..=1_000_000) => Ok(count),
        _ => Err("give a number of streams from 1 to 1000000, as 1024".to_owned()),
    }
}

pub(super) fn parse_url_path(text: &str) -> Result<String, String> {
    let is_plain =
        |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/!$&'()*+,;=:@%".contains(&byte);
    if !text.starts_with('/') || !text.bytes().all(is_plain) {
        return Err("give a path that begins with a slash, as /sse, percent-encoded".to_owned());
    }
    Ok(text.trim_end_matches('/').to_owned())
}

pub(super) fn parse_size(text: &str) -> Result<usize, String> {
    let size: Result<ByteSize, _> = text.parse();
    size.ok()
        .and_then(|size| usize::try_from(size.as_u64()).ok())
        .ok_or_else(|| "give a size, as 64KiB, 16MiB or 1000".to_owned())
}

pub(super) fn parse_max_line(text: &str) -> Result<usize, String> {
    match parse_size(text)? {
        size @ 4..=1_048_576 => Ok(size),
        _ => Err("give a size from 4 to 1MiB, as 32KiB".to_owned()),
    }
}

pub(super) fn parse_spool(text: &str) -> Result<SpoolNames, String> {
    absolute(OsStr::new(text)).map(SpoolNames::new)
}

pub(super) fn parse_spool_size(text: &str) -> Result<u64, String> {
    match parse_size(text)? {
        size @ 1_048_576.. => Ok(size as u64),
        _ => Err("give a size of at least 1MiB, as 1GiB".to_owned()),
    }
}

pub(super) fn parse_duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|_| "give a duration, as 500ms, 15s or 2m".to_owned())
}

pub(super) fn parse_interval(text: &str) -> Result<Duration, String> {
    match parse_duration(text)? {
        Duration::ZERO => Err("give a duration that is not zero, as 15s".to_owned()),
        duration => Ok(duration),
    }
}

pub(super) fn parse_regex(text: &str) -> Result<Regex, String> {
    Regex::new(text).map_err(|error| format!("not a regular expression: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_by_tail() {
        assert_eq!(parse_lines("5"), Ok(StartAt::Last(5)));
        assert_eq!(parse_lines("-5"), Ok(StartAt::Last(5)));
        assert_eq!(parse_lines("+5"), Ok(StartAt::Line(5)));
        assert!(parse_lines("many").is_err());
    }
}
