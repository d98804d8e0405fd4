//! The page behind reverse proxies, in real browsers.

use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::browsers::{Browser as List, chromium};
use crate::harness::{Events, Running, Ssetail, client, eventually, write};
use crate::reverse_proxies::{Program, ReverseProxy, Settings};

/// The name by which browsers know the proxy.
pub const HOST: &str = "logs.example";

const PROGRAMS: [Program; 4] = [Program::Nginx, Program::Apache, Program::Caddy, Program::Haproxy];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Browser {
    Chromium,
    Firefox,
}

/// The page in a browser, which is killed when this is dropped.
struct Page {
    child: Child,
    profile: TempDir,
}

impl Page {
    /// Opens the page of ssetail behind a proxy.
    fn open(browser: Browser, url: &str, ip: &str) -> Self {
        let profile = tempfile::tempdir().expect("a directory");
        let mut command = match browser {
            Browser::Chromium => {
                let mut command = chromium(&profile);
                command.arg(format!("--host-resolver-rules=MAP *.example {ip}"));
                command.args(["--remote-debugging-port=0", "--ignore-certificate-errors"]);
                command
            }
            Browser::Firefox => {
                firefox(&profile, &format!("user_pref('network.dns.forceResolve', '{ip}');\n"))
            }
        };
        let child = command.arg(url).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        Page { child: child.expect("the browser starts; tests/run installs it"), profile }
    }

    /// Returns what Chromium says about its tabs, titles included; empty until it has started.
    fn tabs(&self) -> String {
        let port = std::fs::read_to_string(self.profile.path().join("DevToolsActivePort"));
        let Ok(port) = port else { return String::new() };
        let port = port.lines().next().unwrap_or_default();
        client::get(&format!("127.0.0.1:{port}"), "/json/list", &[]).body
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns a browser with these further preferences.
fn firefox(profile: &TempDir, preferences: &str) -> Command {
    let preferences = format!(
        "{preferences}\
         user_pref('dom.security.https_first', false);\n\
         user_pref('datareporting.policy.dataSubmissionEnabled', false);\n"
    );
    write(&profile.path().join("user.js"), preferences);
    let mut command = Command::new("firefox-esr");
    command.args(["--headless", "--no-remote", "--profile"]).arg(profile.path());
    command.env("HOME", profile.path());
    command
}

/// A proxy in front of ssetail.
#[derive(Debug)]
pub struct Setup {
    program: Program,
    /// The lines of its configuration that are about ssetail.
    lines: String,
    keeps_host: bool,
    strips_prefix: bool,
    is_secure: bool,
    /// The value of `--compress`; the proxy passes on what ssetail has compressed.
    compress: &'static str,
}

impl Setup {
    pub fn new(program: Program, keeps_host: bool, strips_prefix: bool) -> Self {
        let lines = Settings { program, keeps_host, strips_prefix }.lines();
        Setup { program, lines, keeps_host, strips_prefix, is_secure: false, compress: "auto" }
    }

    /// Starts ssetail as the recipes say, and the proxy.
    fn start(&self) -> (Running, ReverseProxy) {
        self.start_with(&[])
    }

    /// Starts both, and ssetail with these further arguments.
    pub fn start_with(&self, args: &[&str]) -> (Running, ReverseProxy) {
        let mut ssetail = Ssetail::new().file("a.log", "before\n").args(["a.log", "-v"]).args(args);
        if !self.strips_prefix {
            ssetail = ssetail.args(["--path-prefix", "/logs"]);
        }
        ssetail = ssetail.args(["--compress", self.compress]);
        if self.keeps_host {
            ssetail = ssetail.args(["--allow-host", HOST]);
        }
        let ssetail = ssetail.start();
        let proxy = ReverseProxy::start(self.program, self.is_secure, &self.lines, ssetail.port());
        (ssetail, proxy)
    }

    /// Opens the page through the proxy, and checks that it shows the log and has its stream, and
    /// that the proxy passes on new lines.
    fn works_in(&self, browser: Browser) {
        let (mut ssetail, proxy) = self.start();
        let scheme = if self.is_secure { "https" } else { "http" };
        let url = format!("{scheme}://{HOST}:{}/logs/", proxy.port);
        let page = Page::open(browser, &url, &proxy.ip);
        let prefix = if self.strips_prefix { "" } else { "/logs" };
        eventually(&format!("{browser:?} reads through {self:?}"), || {
            let metrics = ssetail.get(&format!("{prefix}/metrics")).body;
            metrics.contains("ssetail_open_streams 1\n")
                && metrics.contains("ssetail_events_sent_total 1\n")
        });
        if browser == Browser::Chromium {
            eventually(&format!("the page shows its source through {self:?}"), || {
                page.tabs().contains("\"a.log · ssetail\"")
            });
        }
        ssetail.wait_for(&format!("GET {prefix}/sources 200 "));
        assert!(!ssetail.stderr.contains(" 403 "), "{self:?}: {}", ssetail.stderr);
        if !self.is_secure {
            passes_on_new_lines(&proxy, &ssetail);
        }
    }
}

fn passes_on_new_lines(proxy: &ReverseProxy, ssetail: &Running) {
    let mut events = Events::open(&proxy.address(), "/logs/sse", &[("host", HOST)]);
    assert_eq!(events.lines(1), ["before"]);
    for line in ["one", "two"] {
        ssetail.append("a.log", format!("{line}\n"));
        assert_eq!(events.lines(1), [line]);
    }
}

#[test]
fn the_page_works_behind_every_proxy_of_the_recipes() {
    for (program, keeps_host) in [
        (Program::Nginx, false),
        (Program::Apache, false),
        (Program::Caddy, true),
        (Program::Haproxy, true),
        (Program::Traefik, true),
        (Program::Lighttpd, true),
        (Program::Express, false),
        (Program::Next, false),
        (Program::HttpProxy, false),
        (Program::Vite, false),
        (Program::Varnish, true),
        (Program::Squid, true),
        (Program::Nghttpx, true),
    ] {
        let lines = program.recipe();
        Setup { lines, ..Setup::new(program, keeps_host, false) }.works_in(Browser::Chromium);
    }
}

#[test]
fn the_page_works_whether_proxies_keep_or_replace_the_host() {
    for program in PROGRAMS {
        for keeps_host in [false, true] {
            Setup::new(program, keeps_host, false).works_in(Browser::Chromium);
        }
    }
    for program in [Program::Traefik, Program::Varnish, Program::Squid, Program::Nghttpx] {
        Setup::new(program, false, false).works_in(Browser::Chromium);
    }
}

#[test]
fn the_page_works_behind_proxies_that_strip_the_prefix() {
    for program in PROGRAMS {
        Setup::new(program, false, true).works_in(Browser::Chromium);
    }
}

#[test]
fn the_page_works_in_firefox_and_with_encryption() {
    for keeps_host in [false, true] {
        let setup = Setup::new(Program::Nginx, keeps_host, false);
        let setup = Setup { compress: if keeps_host { "always" } else { "auto" }, ..setup };
        setup.works_in(Browser::Firefox);
        Setup { is_secure: true, ..setup }.works_in(Browser::Chromium);
    }
}

/// nginx passes on what ssetail has compressed, and browsers decode each line when it comes.
#[test]
fn pages_get_compressed_lines_live() {
    let start: [fn(&TempDir) -> Command; 2] = [
        |profile| firefox(profile, ""),
        |profile| {
            let mut command = chromium(profile);
            command.arg("--remote-debugging-port=0");
            command
        },
    ];
    for start in start {
        let setup = Setup::new(Program::Nginx, false, false);
        let setup = Setup { compress: "always", ..setup };
        let args = ["--format", "json", "--unnamed", "--heartbeat", "1s"];
        let (ssetail, proxy) = setup.start_with(&args);
        let gzip = [("host", HOST), ("accept-encoding", "gzip")];
        let answer = client::Connection::open(&proxy.address(), "GET", "/logs/sse", &gzip);
        assert!(answer.head.contains("\r\ncontent-encoding: gzip\r\n"), "{}", answer.head);
        let page = List::list_in(&format!("http://{}/logs/sse", proxy.address()), start);
        let mut shown = "before".to_owned();
        page.shows(&shown);
        for n in 0..30 {
            ssetail.append("a.log", format!("line {n}\n"));
            shown.push_str(&format!("\nline {n}"));
            page.shows(&shown);
        }
    }
}

/// The compression that Debian's Apache applies to plain text must not hold it back.
#[test]
fn apache_passes_on_plain_text_that_it_compresses() {
    let mut setup = Setup::new(Program::Apache, false, false);
    setup.lines.push_str("\nAddOutputFilterByType DEFLATE text/plain");
    let (ssetail, proxy) = setup.start();
    let headers = [("host", HOST), ("accept", "text/plain"), ("accept-encoding", "gzip")];
    let mut stream = client::Connection::open(&proxy.address(), "GET", "/logs/sse", &headers);
    let encoding = ("content-encoding".to_owned(), "gzip".to_owned());
    assert!(stream.headers.contains(&encoding), "{}", stream.head);
    let mut decoded = Vec::new();
    let mut read_until = |expected: &str| {
        while decoded != expected.as_bytes() {
            decoded.extend(stream.read().expect("the stream has not ended"));
        }
    };
    read_until("before\n");
    ssetail.append("a.log", "one\n");
    read_until("before\none\n");
}
