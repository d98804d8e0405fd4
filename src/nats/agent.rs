//! The thread that publishes the events of this program to a stream.

use std::io;
use std::path::PathBuf;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::sync::watch;
use tokio::time::sleep;

use super::connection::{ConnectOptions, Connection};
use super::creation::{Creation, stream_info};
use super::denial::Denial;
use super::figures::Figures;
use super::jetstream::StreamBroker;
use super::message::HEADER_BYTES;
use super::message_source::FeedEvents;
use super::presence::is_taken;
use super::publisher::{Publisher, PublisherEnd};
use super::remembered::Memory;
use super::takeover::Known;
use crate::feed::Feed;
use crate::report::Report;

/// Most bytes of a message.
///
/// Measured: 280 to 463 MB/s with this value and one message on its way, 144 to 223 MB/s with an
/// eighth of it. With twice the value, a message has the size that servers accept by default, and no
/// room for headers.
const MESSAGE_BYTES: usize = 512 * 1024;

/// Pause between two attempts to reach the stream for the first time.
const PAUSE: Duration = Duration::from_secs(1);

/// Options of a publisher.
#[derive(Clone, Debug)]
pub struct AgentOptions {
    /// The stream and its server.
    pub connect: ConnectOptions,
    /// The name of this machine in the stream.
    pub host: String,
    /// The properties of the stream, if it is to be made when it does not exist.
    pub creation: Option<Creation>,
    /// The directory of `--state`, in which the position in the stream is kept.
    pub state: Option<PathBuf>,
}

/// A thread that publishes.
#[derive(Debug)]
pub struct Agent {
    stop: watch::Sender<bool>,
    thread: JoinHandle<()>,
    failure: watch::Receiver<Option<String>>,
}

impl Agent {
    /// Starts to publish all events of `feed`.
    pub fn start(
        options: AgentOptions,
        feed: Feed,
        figures: Figures,
        report: Report,
    ) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (stop, mut stopped) = watch::channel(false);
        let (failed, failure) = watch::channel(None);
        let thread = std::thread::Builder::new().name("agent".to_owned()).spawn(move || {
            let end = runtime.block_on(async {
                tokio::select! {
                    end = publish(&options, feed, &figures, &report) => end,
                    _ = stopped.wait_for(|stop| *stop) => PublisherEnd::NoMoreEvents,
                }
            });
            failed.send_replace(sentence(end, &options));
            runtime.shutdown_background();
        })?;
        Ok(Agent { stop, thread, failure })
    }

    /// Becomes the sentence that says why nothing is published any more.
    #[must_use]
    pub fn failure(&self) -> watch::Receiver<Option<String>> {
        self.failure.clone()
    }

    /// Ends the thread.
    pub fn stop(self) {
        self.stop.send_replace(true);
        let _ = self.thread.join();
    }
}

/// Publishes until that cannot go on.
async fn publish(
    options: &AgentOptions,
    feed: Feed,
    figures: &Figures,
    report: &Report,
) -> PublisherEnd {
    let mut say = changes(report, &options.connect.address.to_string());
    let (connection, longest) = connect(options, figures, &mut say).await;
    let presence = options.connect.address.presence(&options.host);
    say_denial_of_presence(&connection, options, report);
    if is_taken(&connection.client, &presence).await {
        return PublisherEnd::AnotherPublisher;
    }
    let accepted = connection.client.server_info().max_payload.min(longest);
    let limit = MESSAGE_BYTES.min(accepted.saturating_sub(HEADER_BYTES)).max(1);
    let run = format!("{:016x}", getrandom::u64().unwrap_or_default());
    let subject = options.connect.address.subject(&options.host);
    let opened = options.state.as_ref().and_then(|state| Memory::open(state, &subject, report));
    let (mut memory, remembered) = opened.unzip();
    let known = Known::new(run.clone(), remembered.flatten());
    let address = options.connect.address.clone();
    let mut publisher = Publisher {
        broker: StreamBroker::new(connection, address, &options.host, run),
        events: FeedEvents::new(feed, limit),
        known,
        figures,
        remember: Box::new(move |position| {
            if let Some(memory) = &mut memory {
                memory.set(position);
            }
        }),
        report: Box::new(say),
    };
    publisher.run().await
}

/// Connects, and makes the stream if that is wanted; tries again until it succeeds. Also returns the
/// most bytes of a message of the stream.
async fn connect(
    options: &AgentOptions,
    figures: &Figures,
    say: &mut impl FnMut(Option<&str>),
) -> (Connection, usize) {
    let address = &options.connect.address;
    let connection = loop {
        match options.connect.connect(figures).await {
            Ok(connection) => break connection,
            Err(sentence) => say(Some(&sentence)),
        }
        sleep(PAUSE).await;
    };
    loop {
        match stream_info(&connection, address, options.creation.as_ref()).await {
            Ok(info) => {
                // Negative if there is no limit.
                let longest = usize::try_from(info.config.max_message_size).unwrap_or(usize::MAX);
                return (connection, if longest == 0 { usize::MAX } else { longest });
            }
            Err(sentence) => say(Some(&sentence)),
        }
        sleep(PAUSE).await;
    }
}

/// Reports when the server does not permit that publishers of one host ask each other.
fn say_denial_of_presence(connection: &Connection, options: &AgentOptions, report: &Report) {
    let (mut denials, report) = (connection.denials.receiver(), report.clone());
    let address = options.connect.address.clone();
    tokio::spawn(async move {
        let denial = denials.next(Denial::is_of_presence).await;
        report.say(&denial.sentence(&address));
    });
}

/// Returns a function that reports each sentence once, until there is another one or none.
fn changes(report: &Report, address: &str) -> impl FnMut(Option<&str>) + Send + use<> {
    let (report, address) = (report.clone(), address.to_owned());
    let mut said: Option<String> = None;
    move |sentence| match sentence {
        None if said.is_none() => {}
        None => {
            said = None;
            report.say(&format!("{address} takes messages again"));
        }
        Some(sentence) if said.as_deref() == Some(sentence) => {}
        Some(sentence) => {
            said = Some(sentence.to_owned());
            report.say(sentence);
        }
    }
}

/// Returns the sentence for the end of a publisher; none if nothing is wrong.
fn sentence(end: PublisherEnd, options: &AgentOptions) -> Option<String> {
    let (address, host) = (&options.connect.address, &options.host);
    match end {
        PublisherEnd::NoMoreEvents => None,
        PublisherEnd::TooLarge(sentence) => Some(sentence),
        PublisherEnd::AnotherPublisher => Some(format!(
            "another ssetail publishes to {address} as the host {host}; give one of them another \
             --host"
        )),
        PublisherEnd::ForeignMessage => Some(format!(
            "the newest message of {} was not written by ssetail; give another --host, or remove \
             the message",
            address.subject(host)
        )),
    }
}
