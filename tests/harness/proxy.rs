//! Something between a client and the program that can move the one, and cut the other off.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use memchr::memmem;

/// A port of its own that leads to whatever it is told to.
#[derive(Clone)]
pub struct Proxy {
    pub address: String,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    target: Option<Target>,
    cuts: VecDeque<Vec<u8>>,
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
        proxy.lead_to(Some(target));
        let serving = proxy.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let serving = serving.clone();
                std::thread::spawn(move || serving.serve(&client));
            }
        });
        proxy
    }

    /// Where connections go from now on; nowhere: they are closed at once.
    pub fn lead_to(&self, target: Option<Target>) {
        self.with(|state| state.target = target);
    }

    /// Connections are cut behind these bytes, each once, in this order.
    pub fn cut_after(&self, cuts: impl IntoIterator<Item = Vec<u8>>) {
        self.with(|state| state.cuts.extend(cuts));
    }

    /// How many cuts were not made.
    pub fn cuts_left(&self) -> usize {
        self.with(|state| state.cuts.len())
    }

    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn serve(&self, client: &TcpStream) {
        let target = self.with(|state| state.target.clone());
        if let Some((source, sink)) = target.and_then(|target| target.connect()) {
            let (mut requests, mut sink) = (client.try_clone().expect("cloned"), sink);
            std::thread::spawn(move || std::io::copy(&mut requests, &mut sink));
            self.answer(source, client);
        }
        let _ = client.shutdown(Shutdown::Both);
    }

    /// Passes an answer on, until its end or a cut.
    fn answer(&self, mut source: impl Read, mut client: &TcpStream) {
        let mut answer = Vec::new();
        let mut bytes = vec![0; 65536];
        while let Ok(len @ 1..) = source.read(&mut bytes) {
            let sent = answer.len();
            answer.extend_from_slice(&bytes[..len]);
            let cut = self.with(|state| {
                let cut = state.cuts.front()?;
                let end = memmem::find(&answer, cut)? + cut.len();
                state.cuts.pop_front();
                Some(end)
            });
            let end = cut.unwrap_or(answer.len());
            if client.write_all(&answer[sent..end.max(sent)]).is_err() || cut.is_some() {
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
