//! Accepts connections, and ends them when the server stops.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use super::connection::Connection;
use super::descriptors::connection_limit;
use super::listen::Listener;
use super::{Listeners, ServeOptions};

/// Time without accepting after an attempt has failed, as it does without descriptors.
///
/// Without a pause, the loop would take a whole core. With twice the time, peers wait longer after
/// a short failure.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Time that peers get to receive the rest when the server stops.
///
/// The program ends within two seconds, of which the last read of the sources takes up to half a
/// second. With twice the time, a peer that takes nothing delays the end for longer than that.
const SHUTDOWN_TIME: Duration = Duration::from_millis(1200);

/// Accepts the connections of one listener.
struct Acceptor {
    listener: Listener,
    options: ServeOptions,
    /// One permit for each connection that may be open; without one, peers wait in the kernel.
    permits: Arc<Semaphore>,
    stopped: watch::Receiver<()>,
}

/// Serves `listeners` until `shutdown` is done; event streams end when their feed closes.
///
/// `descriptors` is the number of descriptors that this process may have.
///
/// Returns when every connection has ended, or at most 1.2 seconds after `shutdown`.
pub async fn serve(
    Listeners(listeners): Listeners,
    options: ServeOptions,
    descriptors: usize,
    shutdown: impl Future<Output = ()>,
) {
    let limit = connection_limit(descriptors).min(Semaphore::MAX_PERMITS);
    let permits = Arc::new(Semaphore::new(limit));
    let (stop, stopped) = watch::channel(());
    let mut acceptors = JoinSet::new();
    for listener in listeners {
        let (options, permits, stopped) = (options.clone(), Arc::clone(&permits), stopped.clone());
        acceptors.spawn(Acceptor { listener, options, permits, stopped }.accept_all());
    }
    drop(stopped);
    shutdown.await;
    stop.send_replace(());
    acceptors.join_all().await;
    // Closed when every connection has dropped its receiver.
    let _ = tokio::time::timeout(SHUTDOWN_TIME, stop.closed()).await;
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
                self.options.report.say(&format!("{sentence}: {error}"));
            }
            tokio::select! {
                () = tokio::time::sleep(ACCEPT_PAUSE) => {}
                _ = &mut stopped => return,
            }
        }
    }

    async fn accept(&self) -> io::Result<()> {
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(io::Error::other)?;
        let (transport, address) = self.listener.accept(self.options.site.send_timeout).await?;
        let connection = Connection {
            transport,
            address,
            options: self.options.clone(),
            stopped: self.stopped.clone(),
            permit,
        };
        // In a task of its own, which is all that a panic ends.
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
    use crate::event::{Cutting, Encoder, Epoch, Format, Medium, Presentation, Splitter};
    use crate::feed::{Feed, feed};
    use crate::http::{Access, Site, StreamCompression, Traffic, Trust};
    use crate::report::Report;
    use crate::store::Capacity;
    use crate::upstream::Lineage;

    fn site(feed: Feed) -> Arc<Site> {
        Arc::new(Site {
            lineage: Lineage::new(feed.encoder().epoch().clone()),
            feed,
            registry: crate::follow::Registry::default(),
            prefix: String::new(),
            endpoint: "/sse".to_owned(),
            viewer: None,
            trust: Trust::default(),
            access: Access::default(),
            stream_permits: Arc::new(Semaphore::new(10)),
            parse_permits: Arc::new(Semaphore::new(Site::PARSE_PERMITS)),
            search_permits: Arc::new(Semaphore::new(Site::SEARCH_PERMITS)),
            compression: StreamCompression::default(),
            traffic: Traffic::default(),
            presentation: Presentation {
                medium: Medium::Events,
                format: Format::Text,
                named: true,
            },
            heartbeat: Duration::from_millis(20),
            send_timeout: Duration::from_secs(60),
            reconnect_delay: Duration::from_secs(2),
            figures: Vec::new(),
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
        let splitter = Splitter { max_line: 1000, ..Splitter::default() };
        let cutting = Cutting { splitter, ..Cutting::default() };
        let (_publisher, feed) = feed(Encoder::new(Epoch::from_random(1)), capacity, cutting);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("bound");
        let address = listener.local_addr().expect("an address");
        let report = Report::new(|sentence| assert!(!sentence.contains("/trap"), "trapped"));
        let requests = Some(report.clone());
        let options = ServeOptions { site: site(feed.clone()), tls: None, report, requests };
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let server = tokio::spawn(serve(
            Listeners(vec![Listener::Tcp(listener)]),
            options,
            100,
            async move {
                drop(stopped.await);
            },
        ));
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
