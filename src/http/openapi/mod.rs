//! The description of a site for programs, as an `OpenAPI` document.
//!
//! The embedded document comes in, in which the strings that begin with `@` stand for values of a
//! site; the document with these values goes out.

use hyper::Request;

use super::Site;
use super::access::{Access, cookie_name};
use crate::event::json_string;

/// The content type of [`description`].
///
/// `application/vnd.oai.openapi+json` is not registered, and browsers save such a document to a
/// file instead of showing it.
pub(super) const DESCRIPTION_TYPE: &str = "application/json";

/// The document. Each path is an entry of its own lines, and that of the event stream is the last.
const DOCUMENT: &str = include_str!("document.json");

/// Returns the description of everything that `site` serves; `request` has the port in the name of
/// the cookie.
pub(super) fn description<B>(site: &Site, request: &Request<B>) -> String {
    let endpoint = if site.endpoint.is_empty() { "/" } else { &site.endpoint };
    let server = if site.prefix.is_empty() { "/" } else { &site.prefix };
    let presentation = site.presentation;
    let mut document = without_path(DOCUMENT, endpoint);
    if site.viewer.is_none() {
        document = without_path(&document, "/");
    }
    for (name, value) in [
        ("version", json_string(env!("CARGO_PKG_VERSION"))),
        ("server", json_string(server)),
        ("endpoint", json_string(endpoint)),
        ("security", security(&site.access, false)),
        ("stream_security", security(&site.access, true)),
        ("cookie", json_string(&cookie_name(request))),
        ("format", json_string(presentation.format.name())),
        ("unnamed", (!presentation.named).to_string()),
    ] {
        document = document.replace(&format!("\"@{name}\""), &value);
    }
    document
}

/// Removes the entry of `path`, if there is one.
fn without_path(document: &str, path: &str) -> String {
    let start = format!("    {}: {{\n", json_string(path));
    let Some((before, entry)) = document.split_once(&start) else { return document.to_owned() };
    let after = entry.split_once("\n    },\n").map_or("", |(_, after)| after);
    format!("{before}{after}")
}

/// Returns the credentials of which a request needs one: an empty array if it needs none.
fn security(access: &Access, is_stream: bool) -> String {
    let mut schemes = Vec::new();
    if access.has_password() {
        schemes.push("basic");
    }
    if access.token().is_some() {
        schemes.extend(["bearer", "cookie"]);
        schemes.extend(is_stream.then_some("query"));
    }
    let schemes: Vec<String> = schemes.iter().map(|name| format!("{{\"{name}\":[]}}")).collect();
    format!("[{}]", schemes.join(","))
}

#[cfg(test)]
mod tests;
