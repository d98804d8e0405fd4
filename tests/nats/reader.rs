//! Clients that read from one node after the other, as browsers behind a load balancer do.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::harness::eventually;
use crate::parser::{Event, Parser};

/// Addresses of the nodes that run; a restart changes them.
pub type Addresses = Arc<Mutex<Vec<String>>>;

/// A client on a thread of its own.
pub struct Reader {
    state: Arc<State>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct State {
    events: Mutex<Vec<Event>>,
    is_stopped: AtomicBool,
}

impl Reader {
    /// Reads everything, and goes to another node after `stay` events; it stays if that is zero.
    pub fn start(addresses: &Addresses, stay: usize) -> Self {
        let (state, addresses) = (Arc::<State>::default(), Arc::clone(addresses));
        let thread = std::thread::spawn({
            let state = Arc::clone(&state);
            move || read(&state, &addresses, stay)
        });
        Reader { state, thread: Some(thread) }
    }

    /// Returns the events so far.
    pub fn events(&self) -> Vec<Event> {
        self.state.events.lock().expect("not poisoned").clone()
    }

    pub fn lines(&self) -> Vec<String> {
        let is_line = |event: &Event| event.kind != "ssetail";
        self.events().into_iter().filter(is_line).map(|event| event.data).collect()
    }

    /// The gaps so far.
    pub fn gaps(&self) -> Vec<serde_json::Value> {
        let json = |event: Event| serde_json::from_str(&event.data).expect("JSON");
        let events = self.events().into_iter().filter(|event| event.kind == "ssetail").map(json);
        events.filter(|json: &serde_json::Value| json["type"] == "gap").collect()
    }

    /// Waits until a line has come that is `text`.
    #[track_caller]
    pub fn until(&self, text: &str) {
        eventually(text, || {
            let events = self.state.events.lock().expect("not poisoned");
            events.iter().rev().any(|event| event.data == text)
        });
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.state.is_stopped.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn read(state: &State, addresses: &Addresses, stay: usize) {
    let (mut last, mut turn) = (String::new(), 0);
    while !state.is_stopped.load(Ordering::Relaxed) {
        let address = {
            let addresses = addresses.lock().expect("not poisoned");
            turn += usize::from(stay > 0);
            addresses.get(turn % addresses.len().max(1)).cloned()
        };
        if let Some(address) = address {
            read_from(state, &address, &mut last, stay);
        }
        // The pause of a client that reconnects; no check depends on it.
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Reads from one node until the connection ends, or `stay` events have come.
fn read_from(state: &State, address: &str, last: &mut String, stay: usize) {
    let Ok(mut socket) = TcpStream::connect(address) else { return };
    socket.set_read_timeout(Some(Duration::from_millis(50))).expect("a timeout can be set");
    // Without chunks, because HTTP/1.0 has none.
    let head =
        format!("GET /sse?n=all HTTP/1.0\r\nhost: {address}\r\nlast-event-id: {last}\r\n\r\n");
    if socket.write_all(head.as_bytes()).is_err() {
        return;
    }
    let (mut head, mut parser, mut count) = (Some(Vec::new()), Parser::default(), 0);
    let mut bytes = vec![0; 65536];
    while !state.is_stopped.load(Ordering::Relaxed) && (stay == 0 || count < stay) {
        let read = match socket.read(&mut bytes) {
            Ok(0) => return,
            Ok(read) => &bytes[..read],
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => continue,
            Err(_) => return,
        };
        let mut body = read.to_vec();
        if let Some(mut before) = head.take() {
            before.extend(body);
            let Some(end) = before.windows(4).position(|bytes| bytes == b"\r\n\r\n") else {
                head = Some(before);
                continue;
            };
            body = before.split_off(end + 4);
        }
        let events = parser.feed(&body);
        if let Some(event) = events.last() {
            last.clone_from(&event.id);
        }
        count += events.len();
        state.events.lock().expect("not poisoned").extend(events);
    }
}

/// Checks that the events of several clients have the same ids.
pub fn assert_same_ids(readers: &[Reader]) {
    let mut known: HashMap<String, String> = HashMap::new();
    for event in readers.iter().flat_map(Reader::events).filter(|event| event.kind != "ssetail") {
        let data = known.entry(event.id.clone()).or_insert_with(|| event.data.clone());
        assert_eq!(*data, event.data, "two events with the ID {}", event.id);
    }
}
