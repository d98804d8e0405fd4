//! Other servers that the command line names, and the credentials for them.

use std::ffi::OsString;

use crate::event::Name;
use crate::failure::Failure;
use crate::upstream::{Authorization, UpstreamAddress, WantedUpstream};

/// The flag whose environment variable would be that of the token of a source called `file`.
const TAKEN: &str = "FILE";

/// Returns the servers of SOURCE arguments, each a name that was given for it and a URL.
///
/// A server without such a name is called as its host, or as its host and port if another one has
/// the same host.
pub(super) fn wanted_upstreams(
    given: Vec<(Option<OsString>, String)>,
) -> Result<Vec<WantedUpstream>, Failure> {
    let mut parsed = Vec::new();
    for (name, url) in given {
        let (address, authorization) = UpstreamAddress::parse(&url).map_err(Failure::Usage)?;
        parsed.push((name, address, authorization));
    }
    let hosts: Vec<String> =
        parsed.iter().map(|(_, address, _)| address.host().to_owned()).collect();
    let mut wanted: Vec<WantedUpstream> = Vec::new();
    for (name, address, authorization) in parsed {
        let is_unique = hosts.iter().filter(|host| *host == address.host()).count() == 1;
        let is_named = name.is_some();
        let text = match name {
            Some(name) => name,
            None if is_unique => address.host().into(),
            None => address.authority().into(),
        };
        if wanted.iter().any(|other| other.address == address) {
            return Err(Failure::Usage(format!("{address} is given twice; give it once")));
        }
        let name = Name::new(&text);
        let same = wanted.iter().find(|other| other.name == name && !is_named);
        if let Some(WantedUpstream { address: other, .. }) = same {
            return Err(Failure::Usage(format!(
                "{other} and {address} would have the same name; give one of them another, as in \
                 NAME={address}"
            )));
        }
        let authorization = match authorization {
            Some(authorization) => Some(authorization),
            None => from_environment(&text.to_string_lossy())?,
        };
        wanted.push(WantedUpstream { name, address, authorization });
    }
    Ok(wanted)
}

/// Returns the token in the environment for the server that is called `name`.
fn from_environment(name: &str) -> Result<Option<Authorization>, Failure> {
    let suffix = variable_suffix(name);
    if suffix == TAKEN {
        return Ok(None);
    }
    let variable = format!("SSETAIL_TOKEN_{suffix}");
    let Some(token) = std::env::var(&variable).ok().filter(|token| !token.is_empty()) else {
        return Ok(None);
    };
    let authorization = Authorization::bearer(token.trim());
    if !authorization.is_header() {
        let sentence = format!("the token in {variable} has control characters");
        return Err(Failure::Usage(sentence));
    }
    Ok(Some(authorization))
}

/// Returns a name as environment variables have it: `web-1.example` is `WEB_1_EXAMPLE`.
fn variable_suffix(name: &str) -> String {
    let letter = |letter: char| {
        if letter.is_ascii_alphanumeric() { letter.to_ascii_uppercase() } else { '_' }
    };
    name.chars().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(given: &[(Option<&str>, &str)]) -> Result<Vec<String>, Failure> {
        let given = given.iter().map(|(name, url)| (name.map(Into::into), (*url).to_owned()));
        let wanted = wanted_upstreams(given.collect())?;
        Ok(wanted.iter().map(|wanted| wanted.name.to_string()).collect())
    }

    #[test]
    fn a_server_is_called_as_its_host_and_by_its_port_if_need_be() {
        let of = |given: &[_]| names(given).expect("servers");
        assert_eq!(of(&[(None, "https://web1:8088/"), (None, "https://web2/")]), ["web1", "web2"]);
        let same = [(None, "http://web1:1/"), (None, "http://web1:2/"), (Some("x"), "http://y/")];
        assert_eq!(of(&same), ["web1:1", "web1:2", "x"]);
        assert!(names(&[(None, "http://a/"), (Some("b"), "http://a")]).is_err());
        assert!(
            names(&[(None, "http://a/b/"), (None, "http://a/c/")]).is_err(),
            "one name for two"
        );
        assert_eq!(of(&[(None, "http://a/b/"), (Some("c"), "http://a/c/")]), ["a", "c"]);
    }

    #[test]
    fn a_variable_has_letters_digits_and_underscores() {
        assert_eq!(variable_suffix("web-1.example"), "WEB_1_EXAMPLE");
    }
}
