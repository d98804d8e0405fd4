//! The page that a browser gets without credentials, and the manifest of the viewer.

use serde_json::Value;

use crate::harness::{Running, Ssetail};

const BROWSER: (&str, &str) = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");

fn guarded(args: &[&str]) -> Running {
    let ssetail = Ssetail::new().file("a.log", "x\n").env("SSETAIL_TOKEN", "t0k-hidden");
    ssetail.args(["a.log"]).args(args).start()
}

#[test]
fn a_browser_gets_a_field_for_the_token_and_others_get_a_sentence() {
    let ssetail = guarded(&[]);
    let page = ssetail.request("GET", "/", &[BROWSER]);
    assert_eq!((page.status, page.header("content-type")), (401, Some("text/html; charset=utf-8")));
    assert_eq!(page.header("www-authenticate"), Some(r#"Bearer realm="ssetail""#));
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert!(
        page.body.contains("name=\"token\"") && !page.body.contains("hidden\""),
        "{}",
        page.body
    );
    assert!(!page.body.contains("not the token of this server"), "nothing was tried yet");
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    for part in ["form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"] {
        assert!(policy.contains(part), "{policy}");
    }
    let head = ssetail.request("HEAD", "/", &[BROWSER]);
    assert_eq!((head.status, &*head.body), (401, ""));
    let sentence = "Open the address that ssetail has printed";
    for (path, headers) in [
        ("/", &[][..]),
        ("/", &[("accept", "*/*")]),
        ("/sse", &[BROWSER]),
        ("/sources", &[BROWSER]),
        ("/manifest.webmanifest", &[BROWSER]),
    ] {
        let answer = ssetail.request("GET", path, headers);
        assert_eq!(answer.status, 401, "{path}");
        assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"), "{path}");
        assert!(answer.body.starts_with(sentence), "{path}: {}", answer.body);
    }
}

#[test]
fn the_form_sends_a_token_that_no_address_keeps() {
    let ssetail = guarded(&["--path-prefix=/logs"]);
    let wrong = ssetail.request("GET", "/logs/?a=1&token=t0k", &[BROWSER]);
    assert_eq!((wrong.status, wrong.header("location")), (303, Some("./?a=1&token=")));
    assert_eq!(wrong.header("set-cookie"), None);
    let again = ssetail.request("GET", "/logs/?a=1&token=", &[BROWSER]);
    assert_eq!(again.status, 401);
    assert!(again.body.contains("This is not the token of this server"), "{}", again.body);
    let right = ssetail.request("GET", "/logs/?token=t0k-hidden", &[BROWSER]);
    assert_eq!((right.status, right.header("location")), (303, Some("./")));
    let cookie = right.header("set-cookie").and_then(|cookie| cookie.split(';').next());
    let cookie = ("cookie", cookie.expect("a cookie"));
    assert_eq!(ssetail.request("GET", "/logs/", &[BROWSER, cookie]).status, 200);
    let curl = ssetail.get("/logs/?token=t0k");
    assert_eq!((curl.status, curl.header("location")), (401, None));
}

#[test]
fn the_page_asks_for_what_the_server_takes() {
    let arguments = ["a.log", "--auth", "me:pw"];
    let password = Ssetail::new().file("a.log", "x\n").args(arguments).start();
    let page = password.request("GET", "/?token=x", &[BROWSER]);
    assert_eq!(page.status, 303);
    let page = password.request("GET", "/", &[BROWSER]);
    assert!(page.body.contains("a user and a password"), "{}", page.body);
    assert!(!page.body.contains("<form"), "{}", page.body);
    let both = Ssetail::new().file("a.log", "x\n").env("SSETAIL_TOKEN", "t").args(arguments);
    let page = both.start().request("GET", "/", &[BROWSER]);
    assert!(page.body.contains("<form") && page.body.contains("a user and a password"));
}

#[test]
fn the_manifest_describes_an_app_at_this_host() {
    let ssetail = guarded(&["--path-prefix=/logs"]);
    let bearer = ("authorization", "Bearer t0k-hidden");
    let answer = ssetail.request("GET", "/logs/manifest.webmanifest", &[bearer]);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/manifest+json"));
    let manifest: Value = serde_json::from_str(&answer.body).expect("JSON");
    assert_eq!(manifest["name"], format!("ssetail {}", ssetail.address()));
    assert_eq!((&manifest["start_url"], &manifest["scope"]), (&"./".into(), &"./".into()));
    assert_eq!(manifest["display"], "standalone");
    let icon = manifest["icons"][0]["src"].as_str().expect("an address");
    let icon = ssetail.request("GET", &format!("/logs/{icon}"), &[bearer]);
    assert_eq!((icon.status, icon.header("content-type")), (200, Some("image/svg+xml")));
    let page = ssetail.request("GET", "/logs/", &[bearer]);
    let link = r#"<link rel="manifest" href="manifest.webmanifest" crossorigin="use-credentials">"#;
    assert!(page.body.contains(link));
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(policy.contains("manifest-src 'self'"), "{policy}");
    let disabled = Ssetail::new().file("a.log", "").args(["a.log", "--no-viewer"]).start();
    assert_eq!(disabled.get("/manifest.webmanifest").status, 404);
}
