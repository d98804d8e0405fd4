//! ssetail follows files, globs, standard input, commands, the systemd journal and other servers,
//! and serves their lines as Server-Sent Events.
//! With the feature `nats`, it also publishes them to a NATS JetStream, and serves a stream.
//!
//! # Flow
//!
//! ```text
//! bytes in a source ──▶ lines ──▶ batch ──publish──▶ ring ◀──cursor── subscriber ──▶ response body ──▶ socket
//!        └───── follow, upstream ─────┘                └────── feed ──────┘              └──── http ────┘
//! ```
//!
//! Data flows in one direction: no subscriber can delay, block or resize anything left of the ring.
//! One signal flows back: a thread that polls files learns when all subscribers have the newest
//! event, and waits for that up to half a millisecond, so that batches grow with the load.
//! Replay and live delivery are the same read, by a cursor behind the newest batch or at it.
//! A cursor that is older than the ring reads the file again, at the byte range in the index.
//!
//! # Modules
//!
//! Lowest first: a module may import only from those above it in this table.
//!
//! | module | contents | may touch |
//! |---|---|---|
//! | [`record`] | the time, level, entry and fields that a line states | nothing |
//! | [`event`] | lines, batches, names, ids, and their encoding | nothing, except the `OnceLock` of an encoded form and of a context |
//! | `report` | [`Report`]: sentences for the person who runs the program | a lock |
//! | `system` | calls of the operating system | the kernel |
//! | [`store`] | the ring of batches, and the index of evicted ones | files, through [`event::Log`], when an entry is reloaded or a context is found |
//! | [`journal`] | the state that survives restarts | files of its directory |
//! | [`feed`] | one publisher, many subscribers | locks, held briefly; blocking threads of tokio; files, through [`event::Log`], when an entry is reloaded |
//! | [`follow`] | from files, standard input, commands and journals to batches | followed files, linemux, child processes |
//! | [`upstream`] | the events of other servers, up to batches | hyper, rustls, sockets; the file of `--tls-ca` |
//! | `nats` | publishing a feed to a NATS JetStream, and the events of a stream, up to batches | async-nats |
//! | [`http`] | requests, access, event streams | hyper, rustls, sockets |
//! | `status` | output on the terminal | stderr, indicatif |
//! | `failure` | `Failure`: errors that end the program | nothing |
//! | `cli` | `Cli`: flags and environment variables | clap |
//! | `settings` | the validated values of all flags | the token file; whether standard input is a terminal |
//! | `manual` | the man page and the completion scripts | clap |
//! | `urls` | URLs of the web page, and opening it | webbrowser |
//! | `run` | the phases of the program | the runtime; a child process, if a mount may hang |
//!
//! The modules from `status` on are the program.
//! They and their libraries are compiled only with the feature `cli`, which is on by default.
//!
//! # Invariants
//!
//! 1. The ring, the index and the encoder do no I/O, and know no clock and no async; they cannot
//!    fail. Only reloading an entry and the finder of contexts read files, outside the locks of the
//!    feed.
//! 2. Only [`follow`] touches followed files and linemux; only [`http`] and [`upstream`] touch hyper; only `cli`
//!    and `manual` touch clap; only `status` touches indicatif; only `main` and `status` print
//!    messages; `--tee` and commands copy to standard output.
//! 3. Only [`event::Encoder`] knows the wire format.
//! 4. A batch never changes, and is encoded at most once for each [`event::Presentation`]; what is
//!    encoded is compressed at most once with reference to the batches before, and once without.
//! 5. Memory is bounded by the capacities of ring and index, plus a fixed amount for each source
//!    and each connection.
//! 6. A subscriber receives each event at most once and in order; an event that it does not
//!    receive is counted in a gap.
//! 7. The feed closes when its last publisher is dropped; then every response body ends.
//!    In a feed of messages, whose events nobody has counted, a gap can have no count.
//! 8. With a journal, an id that was sent names the same event after every restart, or the epoch
//!    has changed.
//! 9. The failure of one connection or one file is reported, and affects no other.
//!
//! # Glossary
//!
//! | word | meaning |
//! |---|---|
//! | source | a file, standard input, the output of a command or a unit of a journal; its name is the event name of its lines |
//! | line | one record of a source, as bytes, without its terminator |
//! | section | a line, or 1 MiB of a line that is longer; filters see it as a whole |
//! | part | a portion of a section, of at most `--max-line` bytes; each is an event |
//! | batch | consecutive lines of one source that were read together; the unit that is stored, encoded and shared |
//! | event | one message of an event stream, as in the WHATWG standard; each line is an event, or each of its parts |
//! | seq | number of an event, which grows by one |
//! | message | events of one host that are published to a stream together; also the text that a program wrote, in a line of a container runtime |
//! | era | messages of a stream whose numbers differ from their sequences by a constant |
//! | epoch | name of a sequence of seqs; an id consists of epoch and seq |
//! | ring | the newest batches, in memory |
//! | index | byte ranges of the batches that the ring has evicted |
//! | generation | one open file behind the path of a source |
//! | cursor | seq of the event that a subscriber reads next |
//! | subscriber | the reader of one response |
//! | gap | events that a subscriber cannot receive, because neither ring nor file has them |
//! | offset | position in a file, in bytes |
//! | peer | the client at the other end of a connection |
//!
//! # Use as a library
//!
//! [`follow::OpenedSources`] opens files, and its `follow` publishes their lines to a
//! [`feed`](feed::feed()).
//! [`http::serve`] serves an [`http::Site`] of that feed on its own sockets.
//! [`http::Site::respond`] returns responses for another server, as in `examples/embed.rs`:
//!
//! ```no_run
#![doc = include_str!("../examples/embed.rs")]
//! ```

#[cfg(feature = "cli")]
mod cli;
pub mod event;
#[cfg(feature = "cli")]
mod failure;
pub mod feed;
pub mod follow;
pub mod http;
pub mod journal;
#[cfg(feature = "cli")]
mod manual;
#[cfg(feature = "nats")]
pub mod nats;
pub mod record;
mod report;
#[cfg(feature = "cli")]
mod run;
#[cfg(feature = "cli")]
mod settings;
#[cfg(feature = "cli")]
mod status;
pub mod store;
mod system;
pub mod upstream;
#[cfg(feature = "cli")]
mod urls;

#[cfg(feature = "cli")]
pub use cli::Cli;
#[cfg(feature = "cli")]
pub use failure::Failure;
#[cfg(feature = "cli")]
pub use manual::manual;
pub use report::Report;
#[cfg(feature = "cli")]
pub use run::run;
pub use system::{local_zone, raise_descriptor_limit};
