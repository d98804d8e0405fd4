//! Pages of other origins that read a stream, in a real browser.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};

use tempfile::TempDir;

use crate::harness::{DEADLINE, Ssetail, eventually, numbered};

/// A page whose script appends every line to a list.
const LIST_PAGE: &str = r#"<!doctype html><ul id="list"></ul><script>
const source = new EventSource('http://localhost:8088/sse/');
source.onmessage = (event) => {
  const item = document.createElement('li');
  item.textContent = JSON.parse(event.data).message;
  document.getElementById('list').append(item);
};
</script>"#;

/// A React app that logs every line.
const REACT_PAGE: &str = r#"<!doctype html><div id="root"></div>
<script src="/react.production.min.js"></script>
<script src="/react-dom.production.min.js"></script>
<ul id="list"></ul><script>
const log = console.log;
console.log = (parsed) => {
  const item = document.createElement('li');
  item.textContent = parsed.message;
  document.getElementById('list').append(item);
  log(parsed);
};
function App() {
  React.useEffect(() => {
    const source = new EventSource('http://localhost:3000/stream2');
    source.onmessage = ({ data }) => console.log(JSON.parse(data));
    return () => source.close();
  }, []);
  return React.createElement('p', null, 'streaming');
}
ReactDOM.createRoot(document.getElementById('root')).render(React.createElement(App));
</script>"#;

/// A script that posts the content of the list to the test whenever the page changes.
const OBSERVER: &str = r"<script>
const report = () => fetch('/report', {
  method: 'POST',
  body: Array.from(document.querySelectorAll('#list li'), (item) => item.textContent).join('\n'),
});
new MutationObserver(report).observe(document, { childList: true, subtree: true });
</script>";

/// A browser that shows the only page of a site.
pub struct Browser {
    child: Child,
    /// Reports that the page posts.
    pub reports: Receiver<String>,
    _profile: TempDir,
}

impl Browser {
    /// Opens `page` after replacing the address `fixed` by the address of the server.
    pub fn open(page: &str, fixed: &str, address: &str) -> Self {
        let port = address.rsplit(':').next().expect("a port");
        Browser::open_from("localhost", &page.replace(fixed, &format!("localhost:{port}")))
    }

    /// Opens `page` as a page of this host.
    fn open_from(host: &str, page: &str) -> Self {
        Browser::show_from(host, page.to_owned() + OBSERVER)
    }

    /// Opens `page`, which posts its reports to `/report`.
    pub fn show(page: String) -> Self {
        Browser::show_from("localhost", page)
    }

    fn show_from(host: &str, page: String) -> Self {
        Browser::show_in(host, page, |profile| {
            let mut command = chromium(profile);
            command.arg("--remote-debugging-port=0");
            command
        })
    }

    /// Opens a page that lists the lines of the JSON events at `url`, in the browser that `start`
    /// makes.
    pub fn list_in(url: &str, start: impl FnOnce(&TempDir) -> Command) -> Self {
        let page = LIST_PAGE.replace("http://localhost:8088/sse/", url);
        Browser::show_in("localhost", page + OBSERVER, start)
    }

    fn show_in(host: &str, page: String, start: impl FnOnce(&TempDir) -> Command) -> Self {
        let site = TcpListener::bind("127.0.0.1:0").expect("bound");
        let url = format!("http://{host}:{}/", site.local_addr().expect("an address").port());
        let (sender, reports) = channel();
        std::thread::spawn(move || {
            for socket in site.incoming().flatten() {
                let (page, sender) = (page.clone(), sender.clone());
                std::thread::spawn(move || answer(&socket, &page, &sender));
            }
        });
        let profile = tempfile::tempdir().expect("a directory");
        let child = start(&profile).arg(&url).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let child = child.expect("the browser starts; tests/run installs it");
        Browser { child, reports, _profile: profile }
    }

    /// Waits until the list of the page has exactly these lines.
    pub fn shows(&self, expected: &str) {
        let deadline = std::time::Instant::now() + DEADLINE;
        let mut last = String::new();
        while last.trim_end() != expected.trim_end() {
            let left = deadline.saturating_duration_since(std::time::Instant::now());
            last = self
                .reports
                .recv_timeout(left)
                .unwrap_or_else(|_| panic!("the page shows {last:?}"));
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns a browser that resolves every host under `example` to this machine.
pub fn chromium(profile: &TempDir) -> Command {
    let mut command = Command::new("chromium");
    command
        .args("--headless --no-sandbox --disable-gpu --disable-quic --no-first-run".split(' '))
        .args(
            "--disable-background-networking --disable-component-update --disable-sync".split(' '),
        )
        .arg("--host-resolver-rules=MAP *.example 127.0.0.1")
        .arg("--disable-dev-shm-usage")
        .arg(format!("--user-data-dir={}", profile.path().display()));
    command
}

/// Returns the text that a browser shows at this address.
fn shown_at(url: &str) -> String {
    let profile = tempfile::tempdir().expect("a directory");
    let output = chromium(&profile).args(["--dump-dom", url]).output();
    let output = output.expect("chromium starts; tests/run installs it");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A page that tries to read in every way that a page has, and lists the results.
const NOSY_PAGE: &str = r#"<!doctype html><ul id="list"></ul><script>
const url = 'http://SSETAIL/sse';
const first = async (answer) => {
  if (!answer.ok) throw answer.status;
  return answer.body.getReader().read();
};
const ways = {
  events: () => new Promise((read, refused) => {
    const source = new EventSource(url);
    source.onopen = () => { source.close(); read(); };
    source.onerror = () => source.readyState === 2 && refused();
  }),
  fetch: () => fetch(url).then(first),
  preflight: () => fetch(url, { headers: { 'last-event-id': 'x' } }).then(first),
  script: () => new Promise((read, refused) => {
    const script = document.createElement('script');
    Object.assign(script, { src: url.replace('sse', 'sources'), onload: read, onerror: refused });
    document.head.append(script);
  }),
};
(async () => {
  for (const way in ways) {
    const item = document.createElement('li');
    item.textContent = await ways[way]().then(() => way + ' read', () => way + ' refused');
    document.getElementById('list').append(item);
  }
})();
</script>"#;

fn answer(socket: &TcpStream, page: &str, reports: &Sender<String>) {
    let mut reader = BufReader::new(socket);
    let mut request = String::new();
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) <= 2 {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().expect("a number");
        }
        request.push_str(&line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).expect("a body");
    let path = request.split(' ').nth(1).unwrap_or("/").to_owned();
    let modules = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients/node_modules");
    let (kind, content) = match &*path {
        "/" => ("text/html", page.as_bytes().to_vec()),
        "/report" => {
            let _ = reports.send(String::from_utf8_lossy(&body).into_owned());
            ("text/plain", Vec::new())
        }
        "/react.production.min.js" | "/react-dom.production.min.js" => {
            let package = path.trim_start_matches('/').split('.').next().expect("a name");
            let file = modules.join(package).join("umd").join(&path[1..]);
            ("text/javascript", std::fs::read(file).expect("installed by tests/run"))
        }
        _ => ("text/plain", Vec::new()),
    };
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        content.len()
    );
    let _ = (&*socket).write_all(&[head.into_bytes(), content].concat());
}

#[test]
fn a_plain_page_shows_live_lines() {
    let ssetail = Ssetail::new()
        .file("build.log", numbered("before", 0..2))
        .args(["build.log", "--format", "json", "--unnamed"])
        .start();
    let browser = Browser::open(LIST_PAGE, "localhost:8088", ssetail.address());
    browser.shows("before 0\nbefore 1");
    ssetail.append("build.log", "live é <b>🦀\n");
    browser.shows("before 0\nbefore 1\nlive é <b>🦀");
    ssetail.append("build.log", numbered("more", 0..20));
    browser.shows(&format!("before 0\nbefore 1\nlive é <b>🦀\n{}", numbered("more", 0..20)));
}

#[test]
fn a_react_app_logs_live_lines() {
    let ssetail = Ssetail::new()
        .file("build.log", "before\n")
        .args(["build.log", "--endpoint", "/stream2", "--format", "json", "--unnamed"])
        .start();
    let browser = Browser::open(REACT_PAGE, "localhost:3000", ssetail.address());
    browser.shows("before");
    ssetail.append("build.log", "live\n");
    browser.shows("before\nlive");
}

#[test]
fn a_page_of_another_site_can_read_in_no_way() {
    let refused = "events refused\nfetch refused\npreflight refused\nscript refused";
    let read = "events read\nfetch read\npreflight read\nscript refused";
    let plain = Ssetail::new().file("a.log", "secret\n").arg("a.log").start();
    let named = Ssetail::new().file("a.log", "x\n").args(["a.log", "--cors", "*"]).start();
    for (host, ssetail, expected) in [
        ("evil.example", &plain, refused),
        ("localhost.example", &plain, refused),
        ("evil.example", &named, read),
    ] {
        let page = NOSY_PAGE.replace("SSETAIL", ssetail.address());
        Browser::open_from(host, &page).shows(expected);
    }
    // A page of this machine may read.
    let page = NOSY_PAGE.replace("SSETAIL", plain.address());
    Browser::open_from("app.localhost", &page).shows(read);
}

#[test]
fn a_name_that_was_rebound_to_this_machine_is_refused() {
    let ssetail = Ssetail::new().file("a.log", "secret\n").arg("a.log").start();
    let port = ssetail.address().rsplit(':').next().expect("a port");
    let shown = shown_at(&format!("http://evil.example:{port}/sources"));
    assert!(shown.contains("This host name is not accepted"), "{shown}");
    assert!(!shown.contains("a.log"), "{shown}");
    let shown = shown_at(&format!("http://localhost:{port}/sources"));
    assert!(shown.contains("a.log"), "{shown}");
}

#[test]
fn a_browser_exchanges_its_token_for_a_cookie() {
    let ssetail =
        Ssetail::new().file("a.log", "x\n").env("SSETAIL_TOKEN", "t0k").arg("a.log").start();
    let shown = shown_at(&format!("{}/sources?token=t0k", ssetail.url));
    assert!(shown.contains("a.log"), "{shown}");
    let shown = shown_at(&format!("{}/sources?token=wrong", ssetail.url));
    assert!(!shown.contains("a.log"), "{shown}");
}

/// Pages cannot fetch URLs with user and password, to which relative ones would lead.
#[test]
fn the_page_connects_when_its_url_has_a_password() {
    let ssetail = Ssetail::new().file("a.log", "x\n").env("SSETAIL_AUTH", "me:pw");
    let mut ssetail = ssetail.args(["a.log", "-v"]).start();
    let profile = tempfile::tempdir().expect("a directory");
    let url = format!("http://me:pw@{}/", ssetail.address());
    let child = chromium(&profile)
        .args(["--remote-debugging-port=0", &url])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("chromium starts; tests/run installs it");
    let (_sender, reports) = channel();
    let browser = Browser { child, reports, _profile: profile };
    ssetail.wait_for(" GET /sources 200 ");
    let password = [("authorization", "Basic bWU6cHc=")];
    eventually("the page opens its stream", || {
        let metrics = ssetail.request("GET", "/metrics", &password).body;
        metrics.contains("\nssetail_open_streams 1\n")
    });
    drop(browser);
}
