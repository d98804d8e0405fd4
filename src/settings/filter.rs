//! The line filter of `--include` and `--exclude`.

use regex::bytes::{Regex, RegexSet};

use crate::cli::InputArgs;
use crate::event::LineFilter;
use crate::failure::Failure;

/// Returns the filter; fails if the expressions of a flag cannot be compiled together, because a
/// filter that is missing would publish every line.
pub(super) fn line_filter(args: &InputArgs) -> Result<LineFilter, Failure> {
    let include = expressions("--include", &args.include)?;
    let exclude = expressions("--exclude", &args.exclude)?;
    Ok(LineFilter::new(include, exclude))
}

fn expressions(flag: &str, expressions: &[Regex]) -> Result<RegexSet, Failure> {
    RegexSet::new(expressions.iter().map(Regex::as_str)).map_err(|error| {
        let reason = match error {
            regex::Error::CompiledTooBig(limit) => {
                format!("together they need more than {limit} bytes of memory")
            }
            error => error.to_string(),
        };
        Failure::Usage(format!(
            "the expressions of {flag} cannot be used: {reason}; give fewer or simpler ones"
        ))
    })
}
