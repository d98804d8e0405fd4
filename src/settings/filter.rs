//! The expressions of `--include` and `--exclude`, and those of `--redact`.

use regex::bytes::{Regex, RegexSet};

use crate::cli::InputArgs;
use crate::event::{LineFilter, Redaction};
use crate::failure::Failure;

/// Returns the filter; fails if the expressions of a flag cannot be compiled together, because a
/// filter that is missing would publish every line.
pub(super) fn line_filter(args: &InputArgs) -> Result<LineFilter, Failure> {
    let include = expressions("--include", &args.include)?;
    let exclude = expressions("--exclude", &args.exclude)?;
    Ok(LineFilter::new(include, exclude))
}

fn expressions(flag: &str, expressions: &[Regex]) -> Result<RegexSet, Failure> {
    RegexSet::new(expressions.iter().map(Regex::as_str)).map_err(|error| unusable(flag, &error))
}

/// Returns the redaction; fails without showing an expression, which may be a secret.
pub(super) fn redaction(args: &InputArgs) -> Result<Redaction, Failure> {
    for (expression, number) in args.redact.iter().zip(1..) {
        if expression.is_empty() {
            // An environment variable that is set by mistake would leave everything readable.
            return Err(Failure::Usage(
                "--redact needs an expression that matches something; give one, e.g. \
                 --redact 'card=(?P<keep>..)[0-9]+', or leave --redact and SSETAIL_REDACT out"
                    .to_owned(),
            ));
        }
        Regex::new(expression).map_err(|error| {
            let reason = match error {
                regex::Error::Syntax(text) => last_line(&text),
                error => error.to_string(),
            };
            Failure::Usage(format!(
                "expression {number} of --redact is not a regular expression: {reason}; \
                 correct it, e.g. --redact 'card=(?P<keep>..)[0-9]+'"
            ))
        })?;
    }
    Redaction::new(&args.redact, args.redact_secrets).map_err(|error| unusable("--redact", &error))
}

/// Returns the reason of a syntax error, which stands below the expression.
fn last_line(text: &str) -> String {
    let line = text.lines().last().unwrap_or_default();
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}

fn unusable(flag: &str, error: &regex::Error) -> Failure {
    let reason = match error {
        regex::Error::CompiledTooBig(limit) => {
            format!("together they need more than {limit} bytes of memory")
        }
        error => error.to_string(),
    };
    Failure::Usage(format!(
        "the expressions of {flag} cannot be used: {reason}; give fewer or simpler ones"
    ))
}
