//! The page and its files, which are embedded in the program.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderValue,
    IF_NONE_MATCH, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use hyper::{HeaderMap, Response, StatusCode};

use super::accept_encoding::accepts_coding;

/// The attribute in the page that names the stream.
const STREAM_LINK: &str = "href=\"sse\"";
/// The start of the address of each file that the page loads.
const FILE_LINK: &str = "\"viewer/";

const PAGE: &str = include_str!("../viewer/index.html");
/// The files that the first paint needs, which are copied into the page: the text to replace in
/// `index.html`, the name of the element, and its content, from which the build has removed comments.
const EARLY: [(&str, &str, &str); 2] = [
    (
        "<script src=\"viewer/early.js\"></script>",
        "script",
        include_str!(concat!(env!("OUT_DIR"), "/early.js")),
    ),
    (
        "<link rel=\"stylesheet\" href=\"viewer/viewer.css\">",
        "style",
        include_str!(concat!(env!("OUT_DIR"), "/viewer.css")),
    ),
];
/// The script of the page and of its workers, which the build has joined and compressed.
const SCRIPT: &str = include_str!(concat!(env!("OUT_DIR"), "/app.js"));
const SCRIPT_BROTLI: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/app.js.br"));
const ICON: &str = include_str!("../viewer/icon.svg");

/// A file of the page, plain and compressed, with its headers.
#[derive(Debug)]
pub struct Asset {
    kind: &'static str,
    /// The value of `Cache-Control`.
    freshness: &'static str,
    policy: String,
    plain: Bytes,
    gzipped: Bytes,
    /// Empty if the file is not compressed with Brotli.
    brotli: Bytes,
    tag: String,
}

/// The files that the page loads, compressed when the first of them is requested.
static ASSETS: LazyLock<[(&str, Asset); 2]> = LazyLock::new(|| {
    let (script, image) = ("text/javascript; charset=utf-8", "image/svg+xml");
    [
        ("app.js", Asset::file(script, SCRIPT, Bytes::from_static(SCRIPT_BROTLI))),
        ("icon.svg", Asset::file(image, ICON, Bytes::new())),
    ]
});

/// A checksum of these files. It is part of their addresses, so that browsers may cache them
/// forever and never mix two releases.
static RELEASE: LazyLock<String> =
    LazyLock::new(|| format!("{:08x}", crc32fast::hash([SCRIPT, ICON].concat().as_bytes())));

impl Asset {
    /// Creates the page for a stream at `endpoint`, relative to the page.
    #[must_use]
    pub fn page(endpoint: &str) -> Self {
        let escaped = endpoint.trim_start_matches('/').replace('&', "&amp;").replace('\'', "&#39;");
        let mut page = PAGE.replace(STREAM_LINK, &format!("href=\"{escaped}\""));
        for (link, element, text) in EARLY {
            page = page.replace(link, &format!("<{element}>{text}</{element}>"));
        }
        page = page.replace(FILE_LINK, &format!("{FILE_LINK}{}/", *RELEASE));
        let [script, style] = EARLY.map(|(_, _, text)| format!(" {}", hash_source(text)));
        Asset::new("text/html; charset=utf-8", "no-cache", policy(&script, &style), &page)
    }

    /// Finds the file at `path`, which is `RELEASE/NAME`.
    pub(super) fn beside(path: &str) -> Option<&'static Self> {
        let name = path.strip_prefix(RELEASE.as_str())?.strip_prefix('/')?;
        ASSETS.iter().find(|(known, _)| *known == name).map(|(_, asset)| asset)
    }

    /// Returns the address of a file, relative to the page.
    pub(super) fn address(name: &str) -> String {
        format!("viewer/{}/{name}", *RELEASE)
    }

    fn file(kind: &'static str, text: &str, brotli: Bytes) -> Self {
        let asset = Asset::new(kind, "max-age=31536000, immutable", policy("", ""), text);
        Asset { brotli, ..asset }
    }

    fn new(kind: &'static str, freshness: &'static str, policy: String, text: &str) -> Self {
        Asset {
            kind,
            freshness,
            policy,
            plain: Bytes::copy_from_slice(text.as_bytes()),
            gzipped: gzip(text.as_bytes()),
            brotli: Bytes::new(),
            tag: format!("\"{:08x}-{:x}\"", crc32fast::hash(text.as_bytes()), text.len()),
        }
    }

    /// Answers a request with these headers; without a body if the browser has the file.
    pub(super) fn answer(&self, request: &HeaderMap) -> Response<Option<Bytes>> {
        let is_cached = request
            .get_all(IF_NONE_MATCH)
            .iter()
            .any(|tags| tags.to_str().is_ok_and(|tags| tags.contains(&self.tag)));
        let (body, coding) = if !self.brotli.is_empty() && accepts_coding(request, "br") {
            (&self.brotli, Some("br"))
        } else if accepts_coding(request, "gzip") {
            (&self.gzipped, Some("gzip"))
        } else {
            (&self.plain, None)
        };
        let mut response = Response::new((!is_cached).then(|| body.clone()));
        if is_cached {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        }
        let headers = response.headers_mut();
        let mut set = |name, value| headers.insert(name, HeaderValue::from_static(value));
        set(CONTENT_TYPE, self.kind);
        set(CACHE_CONTROL, self.freshness);
        set(VARY, "accept-encoding");
        set(X_CONTENT_TYPE_OPTIONS, "nosniff");
        set(REFERRER_POLICY, "no-referrer");
        if let Some(coding) = coding {
            set(CONTENT_ENCODING, coding);
        }
        for (name, text) in [(ETAG, &self.tag), (CONTENT_SECURITY_POLICY, &self.policy)] {
            if let Ok(value) = HeaderValue::from_str(text) {
                headers.insert(name, value);
            }
        }
        response
    }
}

/// Returns the content security policy: nothing from other servers, no code in lines, no embedding
/// in other pages. `script` and `style` allow the parts that are inside the page.
fn policy(script: &str, style: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self'{script}; style-src 'self'{style}; \
         connect-src 'self'; img-src 'self' data:; worker-src 'self'; manifest-src 'self'; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

/// Returns the name of a text inside the page in a policy.
pub(super) fn hash_source(text: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    format!("'sha256-{}'", STANDARD.encode(digest))
}

fn gzip(bytes: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    // Writing to memory does not fail.
    let written = std::io::Write::write_all(&mut encoder, bytes).and_then(|()| encoder.finish());
    written.unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use hyper::header::ACCEPT_ENCODING;

    use super::*;

    #[test]
    fn the_page_knows_its_stream_and_is_small() {
        assert_eq!(PAGE.matches(STREAM_LINK).count(), 1);
        let page = Asset::page("/a&b/stream");
        assert!(String::from_utf8_lossy(&page.plain).contains("href=\"a&amp;b/stream\""));
        // Browsers accept Brotli over TLS and from this machine.
        let total = page.gzipped.len() + SCRIPT_BROTLI.len();
        assert!(total < 90_000, "{total} bytes");
    }

    #[test]
    fn files_of_the_first_paint_are_inside_the_page() {
        let page = Asset::page("/sse");
        let sent = String::from_utf8_lossy(&page.plain);
        for (link, element, text) in EARLY {
            assert_eq!(PAGE.matches(link).count(), 1);
            assert!(sent.contains(&format!("<{element}>{text}</{element}>")));
            assert!(!text.contains("</"), "the element would end early");
            assert!(page.policy.contains(&hash_source(text)));
        }
        let known = "'sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0='";
        assert_eq!(hash_source("abc"), known);
    }

    #[test]
    fn a_coding_is_used_only_where_it_is_accepted() {
        let header = |value: &'static str| {
            HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(value))])
        };
        let coding = |asset: &Asset, value| {
            asset.answer(&header(value)).headers().get(CONTENT_ENCODING).cloned()
        };
        let [(_, script), (_, icon)] = &*ASSETS;
        assert_eq!(coding(script, "gzip, br").expect("compressed"), "br");
        assert_eq!(coding(script, "gzip").expect("compressed"), "gzip");
        assert_eq!(coding(icon, "gzip, br").expect("compressed"), "gzip");
        assert_eq!(coding(script, "identity"), None);
    }
}
