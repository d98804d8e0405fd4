//! The page, and the files it is made of: embedded when the program is built.

use std::sync::LazyLock;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    HeaderValue, IF_NONE_MATCH, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use hyper::{HeaderMap, Response, StatusCode};

/// The page loads nothing from elsewhere, runs nothing that stands in a line, and is in no frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    img-src 'self' data:; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Where the page says where the stream is.
const STREAM_LINK: &str = "href=\"sse\"";

macro_rules! files {
    ($($name:literal)*) => {
        &[$(($name, include_str!(concat!("../viewer/", $name)))),*]
    };
}

const PAGE: &str = include_str!("../viewer/index.html");
const FILES: &[(&str, &str)] = files! {
    "ansi.js" "app.js" "connect.js" "controls.js" "dom.js" "export.js" "format.js" "hash.js" "hub.js"
    "keys.js" "level.js" "linetools.js" "list.js" "marks.js" "page.js" "prefs.js" "query.js"
    "record.js" "row.js" "rowlist.js" "scroll.js" "sidebar.js" "sources.js" "status.js" "store.js"
    "stream.js" "theme.js" "tree.js" "view.js" "viewer.css" "worker.js"
};

/// A file as it is sent.
#[derive(Debug)]
pub struct Asset {
    kind: &'static str,
    plain: Bytes,
    gzipped: Bytes,
    tag: String,
}

/// The files beside the page, each compressed once, when the first is asked for.
static ASSETS: LazyLock<Vec<(&str, Asset)>> =
    LazyLock::new(|| FILES.iter().map(|(name, text)| (*name, Asset::new(name, text))).collect());

impl Asset {
    /// The page of a site whose stream is at `endpoint`, below the page's own path.
    #[must_use]
    pub fn page(endpoint: &str) -> Self {
        let escaped = endpoint.trim_start_matches('/').replace('&', "&amp;").replace('\'', "&#39;");
        Asset::new("index.html", &PAGE.replace(STREAM_LINK, &format!("href=\"{escaped}\"")))
    }

    /// The file with this name beside the page.
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        ASSETS.iter().find(|(known, _)| *known == name).map(|(_, asset)| asset)
    }

    fn new(name: &str, text: &str) -> Self {
        let kind = match name.rsplit_once('.') {
            Some((_, "html")) => "text/html; charset=utf-8",
            Some((_, "css")) => "text/css; charset=utf-8",
            _ => "text/javascript; charset=utf-8",
        };
        Asset {
            kind,
            plain: Bytes::copy_from_slice(text.as_bytes()),
            gzipped: gzip(text.as_bytes()),
            tag: format!("\"{:08x}-{:x}\"", crc32fast::hash(text.as_bytes()), text.len()),
        }
    }

    /// The answer to a request with these headers; without a body if it has the file already.
    pub(super) fn answer(&self, request: &HeaderMap) -> Response<Option<Bytes>> {
        let has_it = request
            .get_all(IF_NONE_MATCH)
            .iter()
            .any(|tags| tags.to_str().is_ok_and(|tags| tags.contains(&self.tag)));
        let is_gzipped = accepts_gzip(request);
        let body = if is_gzipped { &self.gzipped } else { &self.plain };
        let mut response = Response::new((!has_it).then(|| body.clone()));
        if has_it {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        }
        let headers = response.headers_mut();
        let mut set = |name, value| headers.insert(name, HeaderValue::from_static(value));
        set(CONTENT_TYPE, self.kind);
        set(CACHE_CONTROL, "no-cache");
        set(VARY, "accept-encoding");
        set(CONTENT_SECURITY_POLICY, POLICY);
        set(X_CONTENT_TYPE_OPTIONS, "nosniff");
        set(REFERRER_POLICY, "no-referrer");
        if is_gzipped {
            set(CONTENT_ENCODING, "gzip");
        }
        if let Ok(tag) = HeaderValue::from_str(&self.tag) {
            headers.insert(ETAG, tag);
        }
        response
    }
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
    // Writing to memory does not fail; an empty answer would be seen at once.
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
        let there: BTreeSet<_> =
            files.map(|file| file.file_name().into_string().expect("a name")).collect();
        let mut embedded: BTreeSet<_> = FILES.iter().map(|(name, _)| (*name).to_owned()).collect();
        embedded.insert("index.html".to_owned());
        assert_eq!(embedded, there);
    }

    #[test]
    fn the_page_knows_its_stream_and_is_small() {
        assert_eq!(PAGE.matches(STREAM_LINK).count(), 1);
        let page = Asset::page("/a&b/stream");
        assert!(String::from_utf8_lossy(&page.plain).contains("href=\"a&amp;b/stream\""));
        let all: usize = ASSETS.iter().map(|(_, asset)| asset.gzipped.len()).sum();
        assert!(page.gzipped.len() + all < 60_000);
    }

    #[test]
    fn it_is_compressed_for_those_who_can_read_it() {
        let header = |value: &'static str| {
            HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(value))])
        };
        assert!(accepts_gzip(&header("deflate, gzip;q=1.0, br")));
        assert!(!accepts_gzip(&header("gzip;q=0, identity")));
        assert!(!accepts_gzip(&HeaderMap::new()));
    }
}
