//! The manifest of the page, with which browsers offer to install it as an app.

use hyper::Request;
use hyper::header::HOST;
use serde_json::json;

use super::Asset;

pub(super) const MANIFEST_TYPE: &str = "application/manifest+json";

/// Describes the page at the host of a request. All addresses are relative to the manifest, which is
/// beside the page, so that they hold below any prefix.
pub(super) fn manifest<B>(request: &Request<B>) -> String {
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    let host = request.uri().authority().map_or(host, |authority| Some(authority.as_str()));
    let icon =
        json!({ "src": Asset::address("icon.svg"), "sizes": "any", "type": "image/svg+xml" });
    json!({
        "name": host.map_or_else(|| "ssetail".to_owned(), |host| format!("ssetail {host}")),
        "short_name": "ssetail",
        "start_url": "./",
        "scope": "./",
        "display": "standalone",
        "background_color": "#0e1216",
        "theme_color": "#13181d",
        "icons": [icon],
    })
    .to_string()
}
