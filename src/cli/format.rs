//! The values of `--format`, with their help texts.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use crate::event::Format;

/// Parses the name of a format.
pub(super) fn format_parser() -> impl TypedValueParser<Value = Format> {
    let values = Format::NAMES.map(|(name, format)| PossibleValue::new(name).help(help(format)));
    PossibleValuesParser::new(values).try_map(|name| name.parse::<Format>())
}

fn help(format: Format) -> &'static str {
    match format {
        Format::Text => "The line",
        Format::Json => "An object with file, message, time and offset",
        Format::Base64 => "The line's bytes in base64",
        Format::Buffer => "As json, with the message as Node's `Buffer#toJSON`",
    }
}
