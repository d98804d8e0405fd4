//! Parsers for the values of flags.
//!
//! An error says what was expected, with an example.

use std::ffi::OsStr;
use std::time::Duration;

use bytesize::ByteSize;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use regex::bytes::Regex;

use super::source::absolute;
use crate::event::{ContainerFormat, Format};
use crate::follow::{SpoolNames, StartAt};
use crate::http::{Compress, ListenAddress};
use crate::record::parse_time;
use crate::system::{local_zone, wall_clock};

pub(super) fn parse_lines(text: &str) -> Result<StartAt, String> {
    let (number, make): (_, fn(u64) -> StartAt) = match text.strip_prefix('+') {
        Some(number) => (number, StartAt::Line),
        None => (text.strip_prefix('-').unwrap_or(text), StartAt::Last),
    };
    number
        .parse()
        .map(make)
        .map_err(|_| "expected a number of lines, e.g. 100, or +1 for all lines".to_owned())
}

pub(super) fn parse_since(text: &str) -> Result<StartAt, String> {
    let zone = local_zone();
    let time = parse_time(text, wall_clock(), &zone).map_err(|error| error.to_string())?;
    Ok(StartAt::Since { time, zone })
}

pub(super) fn parse_port(text: &str) -> Result<u16, String> {
    text.parse().map_err(|_| "expected a port from 0 to 65535, e.g. 8088".to_owned())
}

pub(super) fn parse_count(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "expected a whole number, e.g. 10000".to_owned())
}

pub(super) fn parse_address(text: &str) -> Result<ListenAddress, String> {
    if let Some(path) = text.strip_prefix("unix:").filter(|path| !path.is_empty()) {
        return absolute(OsStr::new(path)).map(ListenAddress::Unix);
    }
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().map(ListenAddress::Ip);
    address.map_err(|_| {
        "expected an IP address, e.g. 127.0.0.1, ::1 or 0.0.0.0, or a path, \
         e.g. unix:/run/ssetail.sock"
            .to_owned()
    })
}

pub(super) fn parse_clients(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count @ 1..=1_000_000) => Ok(count),
        _ => Err("expected a number of streams from 1 to 1000000, e.g. 1024".to_owned()),
    }
}

pub(super) fn parse_replicas(text: &str) -> Result<usize, String> {
    let replicas = text.parse().ok().filter(|replicas| (1..=5).contains(replicas));
    replicas.ok_or_else(|| "expected a number from 1 to 5, e.g. 3".to_owned())
}

pub(super) fn parse_url_path(text: &str) -> Result<String, String> {
    let is_plain =
        |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/!$&'()*+,;=:@%".contains(&byte);
    if text.is_empty() || !text.bytes().all(is_plain) {
        return Err("expected a percent-encoded path with a slash first, e.g. /sse".to_owned());
    }
    if !text.starts_with('/') {
        return Err(format!("expected a path with a slash first: /{text}"));
    }
    Ok(text.trim_end_matches('/').to_owned())
}

pub(super) fn parse_size(text: &str) -> Result<usize, String> {
    let size: Result<ByteSize, _> = text.parse();
    size.ok()
        .and_then(|size| usize::try_from(size.as_u64()).ok())
        .ok_or_else(|| "expected a size, e.g. 64KiB, 16MiB or 1000".to_owned())
}

pub(super) fn parse_max_line(text: &str) -> Result<usize, String> {
    match parse_size(text)? {
        size @ 4..=1_048_576 => Ok(size),
        _ => Err("expected a size from 4 to 1MiB, e.g. 32KiB".to_owned()),
    }
}

pub(super) fn parse_spool(text: &str) -> Result<SpoolNames, String> {
    absolute(OsStr::new(text)).map(SpoolNames::new)
}

pub(super) fn parse_spool_size(text: &str) -> Result<u64, String> {
    match parse_size(text)? {
        size @ 1_048_576.. => Ok(size as u64),
        _ => Err("expected a size of at least 1MiB, e.g. 1GiB".to_owned()),
    }
}

pub(super) fn parse_duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text)
        .map_err(|_| "expected a duration, e.g. 500ms, 15s or 2m".to_owned())
}

pub(super) fn parse_interval(text: &str) -> Result<Duration, String> {
    match parse_duration(text)? {
        Duration::ZERO => Err("expected a duration longer than zero, e.g. 15s".to_owned()),
        duration => Ok(duration),
    }
}

pub(super) fn parse_regex(text: &str) -> Result<Regex, String> {
    Regex::new(text)
        .map_err(|error| format!("expected a regular expression, e.g. error|warn: {error}"))
}

/// Parses the name of a format; the help text lists all of them.
pub(super) fn format_parser() -> impl TypedValueParser<Value = Format> {
    let values = Format::NAMES.map(|(name, format)| PossibleValue::new(name).help(help(format)));
    PossibleValuesParser::new(values).try_map(|name| name.parse::<Format>())
}

fn help(format: Format) -> &'static str {
    match format {
        Format::Text => "The line",
        Format::Json => "Object with file, message, time and offset",
        Format::Base64 => "Bytes of the line in base64",
        Format::Buffer => "Like json, with the message as Node's `Buffer#toJSON`",
        Format::Exact => "The line with everything from which another ssetail makes it again",
    }
}

/// Parses the name of a container runtime's format; the help text lists all of them.
pub(super) fn container_parser() -> impl TypedValueParser<Value = ContainerFormat> {
    let docker = PossibleValue::new("docker").help("JSON objects of Docker's json-file driver");
    let cri = PossibleValue::new("cri").help("TIME STREAM TAGS MESSAGE, as Kubernetes keeps them");
    PossibleValuesParser::new([docker, cri]).map(|name| match &*name {
        "docker" => ContainerFormat::Docker,
        _ => ContainerFormat::Cri,
    })
}

/// Parses the name of the streams that are compressed; the help text lists all of them.
pub(super) fn compress_parser() -> impl TypedValueParser<Value = Compress> {
    let values = Compress::NAMES.map(|(name, compress)| {
        PossibleValue::new(name).help(match compress {
            Compress::Auto => "Streams to other machines",
            Compress::Always => "Streams to this machine too, such as those through a proxy on it",
            Compress::Never => "No streams",
        })
    });
    PossibleValuesParser::new(values).try_map(|name| name.parse::<Compress>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_parsed_as_by_tail() {
        assert_eq!(parse_lines("5"), Ok(StartAt::Last(5)));
        assert_eq!(parse_lines("-5"), Ok(StartAt::Last(5)));
        assert_eq!(parse_lines("+5"), Ok(StartAt::Line(5)));
        assert!(parse_lines("many").is_err());
    }
}
