//! Starts the clients that people use, and returns the events that they get.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use crate::browsers::Browser;
use crate::harness::DEADLINE;
use crate::parser::{Event, Parser};

/// Time before a client is started again.
const RECONNECTION_TIME: Duration = Duration::from_millis(5);

/// A client that people use.
#[derive(Clone, Copy, Debug)]
pub struct Client {
    pub name: &'static str,
    pub from: Origin,
    /// The client reconnects by itself; the test starts any other again with the last id.
    pub reconnects: bool,
}

/// The source of a client, which decides how it is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    Debian,
    Browser,
    Npm,
    PyPi,
    Crates,
}

/// A client that follows an event stream; killed when dropped.
pub struct Peer {
    client: Client,
    url: String,
    running: Running,
    last_id: String,
}

enum Running {
    Program(Child, Receiver<Event>),
    Page(Browser, VecDeque<Event>),
}

/// A page that posts every event as a JSON object on a line.
const PAGE: &str = r"<!doctype html><meta charset=utf-8><script>
const events = [];
let isReporting = false;
async function report() {
  if (isReporting) return;
  isReporting = true;
  while (events.length > 0) {
    await fetch('/report', { method: 'POST', body: events.splice(0).join('\n') });
  }
  isReporting = false;
}
const source = new EventSource(URL);
for (const kind of KINDS) {
  source.addEventListener(kind, ({ type, data, lastEventId }) => {
    events.push(JSON.stringify({ kind: type, data, id: lastEventId }));
    report();
  });
}
</script>";

impl Client {
    /// Starts the client; `kinds` are the event names that a page listens to.
    pub fn follow(self, url: &str, kinds: &[&str]) -> Peer {
        let running = if self.from == Origin::Browser {
            let page = PAGE
                .replace("URL", &serde_json::json!(url).to_string())
                .replace("KINDS", &serde_json::json!(kinds).to_string());
            Running::Page(Browser::show(page), VecDeque::new())
        } else {
            self.start(url, "")
        };
        Peer { client: self, url: url.to_owned(), running, last_id: String::new() }
    }

    fn start(self, url: &str, last_id: &str) -> Running {
        let mut child = self
            .command(url, last_id)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the client starts; tests/run installs it");
        let stdout = child.stdout.take().expect("stdout");
        let (sender, events) = channel();
        let read = if self.from == Origin::Debian { read_stream } else { read_objects };
        std::thread::spawn(move || read(stdout, &sender));
        Running::Program(child, events)
    }

    fn command(self, url: &str, last_id: &str) -> Command {
        let clients = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients");
        let run = |program: PathBuf, script: Option<&str>| {
            let mut command = Command::new(program);
            command.args(script.map(|script| clients.join(script)));
            command.args([self.name, url]).args((!last_id.is_empty()).then_some(last_id));
            command
        };
        match self.from {
            Origin::Npm => run("node".into(), Some("follow.mjs")),
            Origin::PyPi => run(clients.join(".venv/bin/python"), Some("follow.py")),
            Origin::Crates => run(clients.join("../../target/clients/debug/clients"), None),
            Origin::Debian | Origin::Browser => {
                let mut command = Command::new("curl");
                let header = format!("last-event-id: {last_id}");
                command.args(["-sN", "--compressed", "-H", &header, url]);
                command
            }
        }
    }
}

impl Peer {
    /// Returns the next event of the client.
    pub fn next(&mut self) -> Event {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let event = match &mut self.running {
                Running::Page(browser, events) => next_on_page(browser, events, deadline),
                Running::Program(_, events) => {
                    events.recv_timeout(deadline.saturating_duration_since(Instant::now()))
                }
            };
            match event {
                Ok(event) => {
                    self.last_id.clone_from(&event.id);
                    return event;
                }
                Err(RecvTimeoutError::Disconnected)
                    if !self.client.reconnects && Instant::now() < deadline =>
                {
                    // Stands for the reconnection time; without it, a client that fails at once
                    // would be started again and again while the server restarts.
                    std::thread::sleep(RECONNECTION_TIME);
                    self.end();
                    self.running = self.client.start(&self.url, &self.last_id);
                }
                Err(error) => panic!("{} got no further event: {error}", self.client.name),
            }
        }
    }

    /// Returns the next events, up to the one with this data.
    pub fn until(&mut self, data: &str) -> Vec<Event> {
        let mut events = Vec::new();
        while events.last().is_none_or(|event: &Event| event.data != data) {
            events.push(self.next());
        }
        events
    }

    fn end(&mut self) {
        if let Running::Program(child, _) = &mut self.running {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.end();
    }
}

fn next_on_page(
    browser: &Browser,
    events: &mut VecDeque<Event>,
    deadline: Instant,
) -> Result<Event, RecvTimeoutError> {
    loop {
        if let Some(event) = events.pop_front() {
            return Ok(event);
        }
        let left = deadline.saturating_duration_since(Instant::now());
        events.extend(browser.reports.recv_timeout(left)?.lines().map(event_of));
    }
}

/// Reads the objects that a script prints.
fn read_objects(stdout: ChildStdout, events: &Sender<Event>) {
    for line in BufReader::new(stdout).lines() {
        let line = line.expect("UTF-8");
        if events.send(event_of(&line)).is_err() {
            return;
        }
    }
}

/// Reads the event stream that curl prints.
fn read_stream(mut stdout: ChildStdout, events: &Sender<Event>) {
    let mut parser = Parser::default();
    let mut bytes = vec![0; 65536];
    while let Ok(len @ 1..) = stdout.read(&mut bytes) {
        for event in parser.feed(&bytes[..len]) {
            if events.send(event).is_err() {
                return;
            }
        }
    }
}

fn event_of(line: &str) -> Event {
    let json: serde_json::Value = serde_json::from_str(line).expect("JSON");
    let field = |name: &str| json[name].as_str().unwrap_or_default().to_owned();
    Event { kind: field("kind"), data: field("data"), id: field("id") }
}
