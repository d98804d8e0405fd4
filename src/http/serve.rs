//! Accepting connections, and letting them go.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::server::graceful::GracefulShutdown;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use super::connection::Connection;
use super::descriptors::room_for_peers;
use super::listen::Listener;
use super::{Listeners, Site, Tls};
use crate::follow::Report;

/// How long to wait before accepting again when that failed, as it does without descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// How long peers may take to receive what is left when the server stops.
const FAREWELL: Duration = Duration::from_millis(1200);

/// What is the same for every connection.
#[derive(Clone, Debug)]
pub struct Terms {
    /// What is served.
    pub site: Arc<Site>,
    /// How connections are encrypted, if they are.
    pub tls: Option<Tls>,
    /// Who is told what goes wrong.
    pub report: Report,
    /// Every request is told, too.
    pub tells_requests: bool,
}

/// What one listener needs.
struct Doorkeeper {
    listener: Listener,
    terms: Terms,
    connections: Arc<GracefulShutdown>,
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
    terms: Terms,
    descriptors: usize,
    shutdown: impl Future<Output = ()>,
) {
    let connections = Arc::new(GracefulShutdown::new());
    let room = room_for_peers(descriptors).min(Semaphore::MAX_PERMITS);
    let room = Arc::new(Semaphore::new(room));
    let (stop, stopped) = watch::channel(());
    let mut accepting = JoinSet::new();
    for listener in listeners {
        let (terms, room, stopped) = (terms.clone(), Arc::clone(&room), stopped.clone());
        let connections = Arc::clone(&connections);
        accepting.spawn(Doorkeeper { listener, terms, connections, room, stopped }.accept_all());
    }
    shutdown.await;
    drop(stop);
    accepting.join_all().await;
    if let Some(connections) = Arc::into_inner(connections) {
        let _ = tokio::time::timeout(FAREWELL, connections.shutdown()).await;
    }
}

impl Doorkeeper {
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
            watcher: self.connections.watcher(),
            stopped: self.stopped.clone(),
        };
        // A panic ends this task, and nothing else.
        tokio::spawn(async move {
            connection.run().await;
            drop(room);
        });
        Ok(())
    }
}
