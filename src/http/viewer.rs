//! The page and its files, which are embedded in the program.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    HeaderValue, IF_NONE_MATCH, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use hyper::{HeaderMap, Response, StatusCode};

use super::compact::compact;

/// The attribute in the page that names the stream.
const STREAM_LINK: &str = "href=\"sse\"";
/// The start of the address of each file that the page loads.
const FILE_LINK: &str = "\"viewer/";

macro_rules! files {
    ($($name:literal)*) => {
        &[$(($name, include_str!(concat!("../viewer/", $name)))),*]
    };
}

const PAGE: &str = include_str!("../viewer/index.html");
/// The files that the first paint needs, which are copied into the page: the text to replace in
/// `index.html`, the name of the element, and its content.
const EARLY: [(&str, &str, &str); 2] = [
    ("<script src=\"viewer/early.js\"></script>", "script", include_str!("../viewer/early.js")),
    (
        "<link rel=\"stylesheet\" href=\"viewer/viewer.css\">",
        "style",
        include_str!("../viewer/viewer.css"),
    ),
];
const FILES: &[(&str, &str)] = files! {
    "ansi.js" "app.js" "blocks.js" "caret.js" "cells.js" "clipboard.js" "columns.js" "connect.js"
    "controls.js" "current.js" "cursor.js" "decode.js" "dom.js" "edges.js" "entries.js"
    "entryfilter.js" "errorbadge.js" "errorjumps.js" "eventreader.js" "export.js" "fieldfilter.js"
    "fieldmark.js" "fieldmenu.js" "fieldtext.js" "fieldtools.js" "firstread.js" "fold.js"
    "foldjobs.js" "foldrow.js" "folds.js" "format.js" "groups.js" "hash.js" "history.js" "hub.js"
    "icon.svg" "json.js" "jump.js" "keys.js" "level.js" "linetext.js" "linetools.js" "linked.js"
    "list.js" "listends.js" "loader.js" "logfmt.js" "markers.js" "merge.js" "ndjson.js" "notes.js"
    "notify.js" "number.js" "overview.js" "page.js" "parts.js" "place.js" "prefs.js" "print.js"
    "query.js" "record.js" "regexsearch.js" "renderedrows.js" "renderstate.js" "repeats.js" "row.js"
    "rowlist.js" "rowmetrics.js" "screenrow.js" "scroll.js" "searchbar.js" "searchworker.js"
    "selection.js" "server.js" "serverfilter.js" "sidebar.js" "sidebyside.js" "sourcerow.js"
    "sources.js" "sourcetree.js" "stated.js" "statedtime.js" "status.js" "statusview.js" "store.js"
    "stream.js" "streamworker.js" "timeaxis.js" "timebars.js" "timecolumn.js" "timecounts.js"
    "timeline.js" "timeparse.js" "timerange.js" "timesearch.js" "timetools.js" "track.js" "tree.js"
    "urls.js" "view.js" "watch.js" "zone.js"
};

/// A file of the page, plain and compressed, with its headers.
#[derive(Debug)]
pub struct Asset {
    kind: &'static str,
    /// The value of `Cache-Control`.
    freshness: &'static str,
    policy: String,
    plain: Bytes,
    gzipped: Bytes,
    tag: String,
}

/// The files that the page loads, compressed when the first of them is requested.
static ASSETS: LazyLock<Vec<(&str, Asset)>> = LazyLock::new(|| {
    FILES.iter().map(|(name, text)| (*name, Asset::file(name, &compact(text)))).collect()
});

/// A checksum of all files. It is part of their addresses, so that browsers may cache them forever
/// and never mix two releases.
static RELEASE: LazyLock<String> = LazyLock::new(|| {
    let mut hasher = crc32fast::Hasher::new();
    for text in FILES.iter().flat_map(|(name, text)| [name, text]) {
        hasher.update(text.as_bytes());
    }
    format!("{:08x}", hasher.finalize())
});

impl Asset {
    /// Creates the page for a stream at `endpoint`, relative to the page.
    #[must_use]
    pub fn page(endpoint: &str) -> Self {
        let escaped = endpoint.trim_start_matches('/').replace('&', "&amp;").replace('\'', "&#39;");
        let mut page = PAGE.replace(STREAM_LINK, &format!("href=\"{escaped}\""));
        for (link, element, text) in EARLY {
            page = page.replace(link, &format!("<{element}>{}</{element}>", compact(text)));
        }
        page = page.replace(FILE_LINK, &format!("{FILE_LINK}{}/", *RELEASE));
        let [script, style] = EARLY.map(|(_, _, text)| format!(" {}", hash_source(&compact(text))));
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

    fn file(name: &str, text: &str) -> Self {
        let is_image = name == "icon.svg";
        let kind = if is_image { "image/svg+xml" } else { "text/javascript; charset=utf-8" };
        Asset::new(kind, "max-age=31536000, immutable", policy("", ""), text)
    }

    fn new(kind: &'static str, freshness: &'static str, policy: String, text: &str) -> Self {
        Asset {
            kind,
            freshness,
            policy,
            plain: Bytes::copy_from_slice(text.as_bytes()),
            gzipped: gzip(text.as_bytes()),
            tag: format!("\"{:08x}-{:x}\"", crc32fast::hash(text.as_bytes()), text.len()),
        }
    }

    /// Answers a request with these headers; without a body if the browser has the file.
    pub(super) fn answer(&self, request: &HeaderMap) -> Response<Option<Bytes>> {
        let is_cached = request
            .get_all(IF_NONE_MATCH)
            .iter()
            .any(|tags| tags.to_str().is_ok_and(|tags| tags.contains(&self.tag)));
        let is_gzipped = accepts_gzip(request);
        let body = if is_gzipped { &self.gzipped } else { &self.plain };
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
        if is_gzipped {
            set(CONTENT_ENCODING, "gzip");
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

fn accepts_gzip(request: &HeaderMap) -> bool {
    let mut codings = request
        .get_all(ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    codings.any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let is_refused = weight.trim().strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0_f32));
        name.trim().eq_ignore_ascii_case("gzip") && !is_refused
    })
}

fn gzip(bytes: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    // Writing to memory does not fail.
    let written = std::io::Write::write_all(&mut encoder, bytes).and_then(|()| encoder.finish());
    written.unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_file_is_embedded() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/viewer");
        let files = std::fs::read_dir(folder).expect("the folder").flatten();
        let present: BTreeSet<_> =
            files.map(|file| file.file_name().into_string().expect("a name")).collect();
        let mut embedded: BTreeSet<_> = FILES.iter().map(|(name, _)| (*name).to_owned()).collect();
        embedded.extend(["index.html", "early.js", "viewer.css"].map(str::to_owned));
        assert_eq!(embedded, present);
    }

    #[test]
    fn the_page_knows_its_stream_and_is_small() {
        assert_eq!(PAGE.matches(STREAM_LINK).count(), 1);
        let page = Asset::page("/a&b/stream");
        assert!(String::from_utf8_lossy(&page.plain).contains("href=\"a&amp;b/stream\""));
        let all: usize = ASSETS.iter().map(|(_, asset)| asset.gzipped.len()).sum();
        let total = page.gzipped.len() + all;
        assert!(total < 90_000, "{total} bytes");
    }

    #[test]
    fn files_of_the_first_paint_are_inside_the_page() {
        let page = Asset::page("/sse");
        let sent = String::from_utf8_lossy(&page.plain);
        for (link, element, text) in EARLY {
            let text = &compact(text);
            assert_eq!(PAGE.matches(link).count(), 1);
            assert!(sent.contains(&format!("<{element}>{text}</{element}>")));
            assert!(!text.contains("</"), "the element would end early");
            assert!(page.policy.contains(&hash_source(text)));
        }
        let known = "'sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0='";
        assert_eq!(hash_source("abc"), known);
    }

    #[test]
    fn gzip_is_sent_only_where_it_is_accepted() {
        let header = |value: &'static str| {
            HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(value))])
        };
        assert!(accepts_gzip(&header("deflate, gzip;q=1.0, br")));
        assert!(!accepts_gzip(&header("gzip;q=0, identity")));
        assert!(!accepts_gzip(&HeaderMap::new()));
    }
}
