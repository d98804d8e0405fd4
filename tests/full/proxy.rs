//! A proxy that can change its target and break connections.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use memchr::memmem;

/// A port that leads to a target.
#[derive(Clone)]
pub struct Proxy {
    pub address: String,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    target: Option<Target>,
    breaks: VecDeque<Break>,
}

/// The place in a response at which the connection is broken.
enum Break {
    /// After these bytes.
    After(Vec<u8>),
    /// After so many bytes.
    At(usize),
}

#[derive(Clone)]
pub enum Target {
    Port(String),
    Socket(PathBuf),
}

/// Both ends of a connection to the target.
type Ends = (Box<dyn Read + Send>, Box<dyn Write + Send>);

impl Proxy {
    pub fn to(target: Target) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("bound");
        let address = listener.local_addr().expect("an address").to_string();
        let proxy = Proxy { address, state: Arc::default() };
        proxy.set_target(Some(target));
        let serving = proxy.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let serving = serving.clone();
                std::thread::spawn(move || serving.serve(&client));
            }
        });
        proxy
    }

    /// Sets the target of new connections; without a target, they are closed at once.
    pub fn set_target(&self, target: Option<Target>) {
        self.with(|state| state.target = target);
    }

    /// Breaks connections after these bytes, once each, in this order.
    pub fn break_after(&self, breaks: impl IntoIterator<Item = Vec<u8>>) {
        self.with(|state| state.breaks.extend(breaks.into_iter().map(Break::After)));
    }

    /// Breaks connections after so many bytes of a response, once each, in this order.
    pub fn break_at(&self, breaks: impl IntoIterator<Item = usize>) {
        self.with(|state| state.breaks.extend(breaks.into_iter().map(Break::At)));
    }

    /// Returns the number of connections that are still to be broken.
    pub fn breaks_left(&self) -> usize {
        self.with(|state| state.breaks.len())
    }

    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn serve(&self, client: &TcpStream) {
        let target = self.with(|state| state.target.clone());
        if let Some((source, sink)) = target.and_then(|target| target.connect()) {
            let (mut requests, mut sink) = (client.try_clone().expect("cloned"), sink);
            std::thread::spawn(move || std::io::copy(&mut requests, &mut sink));
            self.copy_response(source, client);
        }
        let _ = client.shutdown(Shutdown::Both);
    }

    /// Copies a response to the client, until its end or the next break.
    fn copy_response(&self, mut source: impl Read, mut client: &TcpStream) {
        let mut answer = Vec::new();
        let mut bytes = vec![0; 65536];
        while let Ok(len @ 1..) = source.read(&mut bytes) {
            let sent = answer.len();
            answer.extend_from_slice(&bytes[..len]);
            let broken = self.with(|state| {
                let end = match state.breaks.front()? {
                    Break::After(text) => memmem::find(&answer, text)? + text.len(),
                    Break::At(end) => Some(*end).filter(|end| *end <= answer.len())?,
                };
                state.breaks.pop_front();
                Some(end)
            });
            let end = broken.unwrap_or(answer.len());
            if client.write_all(&answer[sent..end.max(sent)]).is_err() || broken.is_some() {
                return;
            }
        }
    }
}

impl Target {
    fn connect(&self) -> Option<Ends> {
        match self {
            Target::Port(address) => {
                let socket = TcpStream::connect(address).ok()?;
                Some((Box::new(socket.try_clone().ok()?), Box::new(socket)))
            }
            Target::Socket(path) => {
                let socket = UnixStream::connect(path).ok()?;
                Some((Box::new(socket.try_clone().ok()?), Box::new(socket)))
            }
        }
    }
}
