//! The viewer as it is served; `tests/viewer` tests it in a browser.

use ssetail::record::{Clock, Level, LineState, Recognizer, Zone};

use crate::harness::Ssetail;

#[test]
fn the_page_loads_only_its_own_files() {
    let ssetail = Ssetail::new().file("a.log", "").arg("a.log").start();
    let page = ssetail.get("/");
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    let policy = page.header("content-security-policy").expect("a policy");
    let hash = " 'sha256-";
    assert!(policy.starts_with(&format!("default-src 'none'; script-src 'self'{hash}")));
    assert_eq!((policy.matches(hash).count(), policy.contains("unsafe")), (2, false));
    assert!(
        !page.body.contains("http://") || !page.body.contains("src=\"http"),
        "no file of another server"
    );
    let files: Vec<&str> = page.body.split("\"viewer/").skip(1).collect();
    assert_eq!(files.len(), 1, "all modules are one script");
    let file = files[0].split('"').next().expect("a name");
    let answer = ssetail.get(&format!("/viewer/{file}"));
    assert_eq!(answer.status, 200, "{file}");
    let policy =
        answer.header("content-security-policy").expect("a worker has a policy of its own");
    assert!(policy.contains("script-src 'self';"), "{policy}");
    let module = format!("/viewer/{}", file.replace("app.js", "store.js"));
    for path in [
        "/viewer/",
        "/viewer/app.js",
        "/viewer/0/app.js",
        &module,
        "/viewer/../Cargo.toml",
        "/index.html",
    ] {
        assert_eq!(ssetail.get(path).status, 404, "{path}");
    }
}

#[test]
fn a_browser_that_has_the_page_gets_304() {
    let ssetail = Ssetail::new().file("a.log", "").arg("a.log").start();
    let plain = ssetail.get("/");
    let tag = plain.header("etag").expect("a tag");
    let gzip = ssetail.request("GET", "/", &[("accept-encoding", "gzip")]);
    assert_eq!(gzip.header("content-encoding"), Some("gzip"));
    let [zipped, whole] = [&gzip, &plain].map(|answer| {
        answer.header("content-length").and_then(|length| length.parse::<usize>().ok())
    });
    assert!(zipped.expect("a length") < whole.expect("a length"));
    let again = ssetail.request("GET", "/", &[("if-none-match", tag)]);
    assert_eq!((again.status, &*again.body), (304, ""));
    assert_eq!(again.header("cache-control"), Some("no-cache"));
    let (_, rest) = plain.body.split_once("src=\"viewer/").expect("a script");
    let script = ssetail.get(&format!("/viewer/{}", rest.split('"').next().expect("a name")));
    assert_eq!(script.header("cache-control"), Some("max-age=31536000, immutable"));
}

#[test]
fn the_first_paint_needs_no_other_file() {
    let ssetail = Ssetail::new().file("a.log", "").arg("a.log").start();
    let page = ssetail.get("/");
    let (before, _) = page.body.split_once("<template").expect("the deferred part");
    assert!(!before.contains("viewer/"), "the part before needs no other file");
    assert!(before.contains("<style>") && before.contains("<script>"));
}

#[test]
fn the_page_has_the_path_of_its_stream() {
    let ssetail = Ssetail::new()
        .file("a.log", "")
        .args(["a.log", "--endpoint", "/my/stream", "--path-prefix", "/logs"])
        .start();
    let page = ssetail.get("/logs/");
    assert!(page.body.contains("<link rel=\"ssetail-stream\" href=\"my/stream\">"));
    let bare = ssetail.get("/logs");
    assert_eq!((bare.status, bare.header("location")), (308, Some("/logs/")));
}

#[test]
fn the_page_can_be_disabled() {
    let ssetail = Ssetail::new().file("a.log", "").args(["a.log", "--no-viewer"]).start();
    assert_eq!(ssetail.get("/").status, 404);
    assert_eq!(ssetail.get("/healthz").status, 200);
}

#[test]
fn other_sites_may_link_to_the_page_but_not_embed_it() {
    let ssetail = Ssetail::new().file("a.log", "").arg("a.log").start();
    let cross = ("sec-fetch-site", "cross-site");
    let link = ssetail.request("GET", "/", &[cross, ("sec-fetch-mode", "navigate")]);
    assert_eq!(link.status, 200);
    assert!(
        link.header("content-security-policy")
            .expect("a policy")
            .contains("frame-ancestors 'none'")
    );
    assert_eq!(ssetail.request("GET", "/", &[cross, ("sec-fetch-mode", "no-cors")]).status, 403);
    assert_eq!(
        ssetail.request("GET", "/sse", &[cross, ("sec-fetch-mode", "navigate")]).status,
        403
    );
}

/// Returns the level of a line, as the server tells it.
fn level(line: &str) -> Option<Level> {
    let mut recognizer = Recognizer::new(Clock::new(&Zone::utc(), 0));
    recognizer.recognize(line.as_bytes(), &mut LineState::default()).level
}

/// The bytes of recorded terminal sessions have the levels of the lines that a terminal shows.
#[test]
fn recorded_sessions_have_the_levels_that_a_terminal_shows() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/viewer/fixtures");
    let mut with_level = 0;
    for file in std::fs::read_dir(folder).expect("the fixtures").flatten() {
        let path = file.path();
        if path.extension().is_none_or(|extension| extension != "txt") {
            continue;
        }
        let read = |path| std::fs::read_to_string(path).expect("a fixture");
        let (raw, shown) = (read(path.clone()), read(path.with_extension("expected")));
        for (raw, shown) in raw.split('\n').zip(shown.split('\n')) {
            let Some(expected) = level(shown) else { continue };
            assert_eq!(level(raw), Some(expected), "{}: {raw:?}", path.display());
            with_level += 1;
        }
    }
    assert!(with_level > 10, "only {with_level} lines have a level");
}
