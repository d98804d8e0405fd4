//! Accepting connections, and letting them go.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use super::connection::Connection;
use super::descriptors::room_for_peers;
use super::listen::Listener;
use super::{Listeners, Site, Tls};
use crate::report::Report;

/// How long to wait before accepting again when that failed, as it does without descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// How long peers may take to receive what is left when the server stops.
const FAREWELL: Duration = Duration::from_millis(1200);

/// What is the same for every connection.
#[derive(Clone, Debug)]
pub struct ServeOptions {
    /// What is served.
    pub site: Arc<Site>,
    /// How connections are encrypted, if they are.
    pub tls: Option<Tls>,
    /// Who is told what goes wrong.
    pub report: Report,
    /// Where every request is written, if that is wanted.
    pub requests: Option<Report>,
}

/// What one listener needs.
struct Acceptor {
    listener: Listener,
    terms: ServeOptions,
    /// Room for connections: while there is none, peers wait outside.
    room: Arc<Semaphore>,
    stopped: watch::Receiver<()>,
}

/// Serves on these terms, with so many descriptors, until `shutdown` is done; event streams end
/// when their feed closes.
///
/// Returns when every connection has ended, or soon after `shutdown`, whatever the peers do.
pub async fn serve(
    Listeners(listeners): Listeners,
    terms: ServeOptions,
    descriptors: usize,
    shutdown: impl Future<Output = ()>,
) {
    let room = room_for_peers(descriptors).min(Semaphore::MAX_PERMITS);
    let room = Arc::new(Semaphore::new(room));
    let (stop, stopped) = watch::channel(());
    let mut accepting = JoinSet::new();
    for listener in listeners {
        let (terms, room, stopped) = (terms.clone(), Arc::clone(&room), stopped.clone());
        accepting.spawn(Acceptor { listener, terms, room, stopped }.accept_all());
    }
    drop(stopped);
    shutdown.await;
    stop.send_replace(());
    accepting.join_all().await;
    let _ = tokio::time::timeout(FAREWELL, stop.closed()).await;
}

impl Acceptor {
    async fn accept_all(self) {
        let mut stopped = self.stopped.clone();
        let mut stopped = pin!(stopped.changed());
        let mut is_failing = false;
        loop {
            let accepted = tokio::select! {
                accepted = self.accept() => accepted,
                _ = &mut stopped => return,
            };
            let Err(error) = accepted else {
                is_failing = false;
                continue;
            };
            if !std::mem::replace(&mut is_failing, true) {
                let sentence = "no connection can be accepted for now";
                self.terms.report.say(&format!("{sentence}: {error}"));
            }
            tokio::select! {
                () = tokio::time::sleep(ACCEPT_PAUSE) => {}
                _ = &mut stopped => return,
            }
        }
    }

    async fn accept(&self) -> io::Result<()> {
        let room = Arc::clone(&self.room).acquire_owned().await.map_err(io::Error::other)?;
        let (transport, from) = self.listener.accept(self.terms.site.send_timeout).await?;
        let connection = Connection {
            transport,
            from,
            terms: self.terms.clone(),
            stopped: self.stopped.clone(),
            room,
        };
        // A panic ends this task, and nothing else.
        tokio::spawn(connection.run());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;
    use crate::event::{
        Cutting, Encoder, Epoch, Format, LineFilter, Medium, Presentation, Splitter,
    };
    use crate::feed::{Feed, feed};
    use crate::http::{Access, Traffic, Trust};
    use crate::store::Capacity;

    fn site(feed: Feed) -> Arc<Site> {
        Arc::new(Site {
            feed,
            registry: crate::follow::Registry::default(),
            prefix: String::new(),
            endpoint: "/sse".to_owned(),
            viewer: None,
            trust: Trust::default(),
            access: Access::default(),
            stream_permits: Arc::new(Semaphore::new(10)),
            traffic: Traffic::default(),
            presentation: Presentation {
                medium: Medium::Events,
                format: Format::Text,
                named: true,
            },
            heartbeat: Duration::from_millis(20),
            send_timeout: Duration::from_secs(60),
            reconnect_delay: Duration::from_secs(2),
        })
    }

    async fn ask(address: std::net::SocketAddr, path: &str) -> TcpStream {
        let mut socket = TcpStream::connect(address).await.expect("connected");
        let head = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n");
        socket.write_all(head.as_bytes()).await.expect("sent");
        socket
    }

    #[tokio::test]
    async fn a_panic_ends_its_own_connection_only() {
        let capacity = Capacity { lines: 10, bytes: 1000, index_bytes: 1000 };
        let splitter = Splitter { max_line: 1000, binary: false };
        let cutting = Cutting { splitter, filter: LineFilter::default() };
        let (_publisher, feed) = feed(Encoder::new(Epoch::from_random(1)), capacity, cutting);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("bound");
        let address = listener.local_addr().expect("an address");
        let report = Report::new(|sentence| assert!(!sentence.contains("/trap"), "trapped"));
        let requests = Some(report.clone());
        let terms = ServeOptions { site: site(feed.clone()), tls: None, report, requests };
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let server =
            tokio::spawn(serve(Listeners(vec![Listener::Tcp(listener)]), terms, 100, async move {
                drop(stopped.await);
            }));
        let mut stream = ask(address, "/sse").await;
        let mut bytes = [0; 4096];
        assert!(stream.read(&mut bytes).await.expect("a head") > 0);
        let mut trapped = ask(address, "/trap").await;
        assert_eq!(trapped.read(&mut bytes).await.unwrap_or(0), 0, "it has ended");
        for _ in 0..3 {
            assert!(stream.read(&mut bytes).await.expect("a comment") > 0);
        }
        let mut other = ask(address, "/healthz").await;
        assert!(other.read(&mut bytes).await.expect("an answer") > 0);
        feed.close();
        drop(stop);
        server.await.expect("it ends");
    }
}
