//! The pages of docs/recipes/pages.md, in a browser.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::sync::mpsc::{Receiver, channel};

use crate::browsers::Browser;
use crate::documents::recipe;
use crate::harness::{DEADLINE, Running, Ssetail, output_of, write};
use crate::proxy::{Proxy, Target};
use crate::reverse_proxies::NODE_MODULES;

const BUNDLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/bundle.mjs");

fn served() -> Running {
    Ssetail::new()
        .file("build.log", "before\n")
        .args(["build.log", "--reconnect-delay", "10ms"])
        .start()
}

/// Returns a page with a script that is made of these modules; the last one is the entry.
fn page_of(modules: &[(&str, &str)]) -> String {
    let directory = tempfile::tempdir().expect("a directory");
    let path = |name: &str| directory.path().join(name);
    symlink(NODE_MODULES, path("node_modules")).expect("linked");
    for (name, text) in modules {
        write(&path(name), text);
    }
    let (entry, _) = modules.last().expect("an entry");
    let script = output_of("node", &[BUNDLE, path(entry).to_str().expect("UTF-8")]);
    format!("<!doctype html><meta charset=utf-8><div id=root></div><script>{script}</script>")
}

/// Returns a page of this component, which reads the stream of `address`.
fn page_of_component(file: &str, section: &str, language: &str, entry: &str) -> String {
    let follow = recipe("pages.md", "A function for pages that stay open", "js");
    let component = recipe("pages.md", section, language);
    page_of(&[("follow.js", &follow), (file, &component), ("entry.jsx", entry)])
}

/// Answers every request with an error, as a proxy does whose server is away; tells of each.
fn failing_server() -> (String, Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bound");
    let address = listener.local_addr().expect("an address").to_string();
    let (sender, answered) = channel();
    std::thread::spawn(move || {
        for mut socket in listener.incoming().flatten() {
            let _ = socket.read(&mut [0; 4096]);
            let head = "HTTP/1.1 502 Bad Gateway\r\naccess-control-allow-origin: *\r\n";
            let _ = socket.write_all(format!("{head}content-length: 0\r\n\r\n").as_bytes());
            let _ = sender.send(());
        }
    });
    (address, answered)
}

/// Checks that the page shows each line once, although a proxy answers with an error in between.
fn continues_after_an_error(page: &str) {
    let ssetail = served();
    let proxy = Proxy::to(Target::Port(ssetail.address().to_owned()));
    let browser = Browser::open(page, "localhost:8088", &proxy.address);
    browser.shows("before");
    let (failing, answered) = failing_server();
    proxy.set_target(Some(Target::Port(failing)));
    proxy.break_after([b"data: cut".to_vec()]);
    ssetail.append("build.log", "cut\n");
    answered.recv_timeout(DEADLINE).expect("the browser connects again");
    proxy.set_target(Some(Target::Port(ssetail.address().to_owned())));
    browser.shows("before\ncut");
    ssetail.append("build.log", "live\n");
    browser.shows("before\ncut\nlive");
}

#[test]
fn a_plain_page_shows_lines_and_gaps() {
    let page = recipe("pages.md", "A plain page", "html");
    let ssetail = served();
    let browser = Browser::open(&page, "localhost:8088", ssetail.address());
    browser.shows("before");
    ssetail.append("build.log", "live <b>\n");
    browser.shows("before\nlive <b>");
    // An id of another run, as after a restart.
    let page = page.replace("/sse'", "/sse?last_event_id=other-1'");
    let browser = Browser::open(&page, "localhost:8088", ssetail.address());
    browser.shows("some lines are lost\nbefore\nlive <b>");
}

#[test]
fn a_component_of_react_continues_after_an_error() {
    let entry = "import { createRoot } from 'react-dom/client';
        import { Log } from './Log.jsx';
        const log = <Log url=\"http://localhost:8088/sse\" names={['build.log']} />;
        createRoot(document.getElementById('root')).render(log);";
    continues_after_an_error(&page_of_component("Log.jsx", "React", "jsx", entry));
}

#[test]
fn a_component_of_vue_continues_after_an_error() {
    let entry = "import { createApp } from 'vue';
        import Log from './Log.vue';
        const names = ['build.log'];
        createApp(Log, { url: 'http://localhost:8088/sse', names }).mount('#root');";
    continues_after_an_error(&page_of_component("Log.vue", "Vue", "vue", entry));
}

#[test]
fn a_page_sends_a_token_in_a_header() {
    let follow = recipe("pages.md", "Tokens in a header", "js");
    let entry = "import { followWithToken } from './follow.js';
        const list = document.createElement('ul');
        list.id = 'list';
        document.body.append(list);
        followWithToken('http://localhost:8088/sse', 'a-long-secret', ['build.log'], (line) => {
          const item = document.createElement('li');
          item.textContent = line;
          list.append(item);
        });";
    let page = page_of(&[("follow.js", &follow), ("entry.js", entry)]);
    let ssetail = Ssetail::new().file("build.log", "before\n").arg("build.log");
    let ssetail = ssetail.env("SSETAIL_TOKEN", "a-long-secret").start();
    let browser = Browser::open(&page, "localhost:8088", ssetail.address());
    browser.shows("before");
    ssetail.append("build.log", "live\n");
    browser.shows("before\nlive");
}
