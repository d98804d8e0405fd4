//! Code that the servers and the load share.

pub mod line;
pub mod reference;
pub mod streams;

use std::os::fd::AsFd;

use rustix::event::Timespec;
use rustix::event::epoll::{self, Event, EventData, EventFlags};

/// Prints the address of a server that accepts requests, in the form in which ssetail prints it.
pub fn announce(listener: &std::net::TcpListener) {
    let at = listener.local_addr().expect("an address");
    eprintln!("listening on http://{at}/");
}

/// An epoll instance, which names its descriptors by numbers.
pub struct Poll {
    epoll: std::os::fd::OwnedFd,
    events: Vec<Event>,
}

impl Poll {
    pub fn new() -> Self {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC).expect("epoll");
        Poll { epoll, events: Vec::with_capacity(1024) }
    }

    pub fn add(&self, source: impl AsFd, key: usize, flags: EventFlags) {
        epoll::add(&self.epoll, source, EventData::new_u64(key as u64), flags).expect("epoll");
    }

    pub fn remove(&self, source: impl AsFd) {
        epoll::delete(&self.epoll, source).expect("epoll");
    }

    /// Returns the descriptors that are ready; waits for at most `milliseconds`.
    pub fn wait(&mut self, milliseconds: i64) -> Vec<(usize, EventFlags)> {
        let timeout =
            Timespec { tv_sec: milliseconds / 1000, tv_nsec: milliseconds % 1000 * 1_000_000 };
        self.events.clear();
        let spare = rustix::buffer::spare_capacity(&mut self.events);
        match epoll::wait(&self.epoll, spare, Some(&timeout)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => panic!("epoll: {error}"),
        }
        self.events.iter().map(|event| (event.data.u64() as usize, event.flags)).collect()
    }
}

impl Default for Poll {
    fn default() -> Self {
        Self::new()
    }
}
