//! A hyper server that shows the lines of a file below `/logs`: the page, and the event stream at
//! `/logs/events`.
//!
//! `cargo run --example embed -- build.log`

#![expect(clippy::print_stderr, reason = "it prints its address")]

use std::convert::Infallible;
use std::error::Error;
use std::sync::Arc;

use http_body_util::Either;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use ssetail::Report;
use ssetail::event::{Encoder, Epoch};
use ssetail::feed::feed;
use ssetail::follow::{FollowOptions, OpenedSources, Registry, Target, WantedSource};
use ssetail::http::Site;
use ssetail::store::Capacity;
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args_os().nth(1).ok_or("give a file to follow")?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    // Before the address is printed, so that an early signal ends the program cleanly, too.
    let mut interrupt = signal(SignalKind::interrupt())?;

    // A thread reads the file and publishes its lines to the feed.
    let wanted = WantedSource { name: None, target: Target::Path(std::path::absolute(path)?) };
    let (options, registry) = (FollowOptions::default(), Registry::default());
    let encoder = Encoder::new(Epoch::from_random(getrandom::u64()?));
    let (publisher, feed) = feed(encoder, Capacity::default(), options.cutting.clone());
    let report = Report::new(|sentence| eprintln!("{sentence}"));
    let follower =
        OpenedSources::new(vec![wanted], options, &registry).follow(publisher, report)?;

    // The site answers every request below /logs.
    let site = Site { prefix: "/logs".to_owned(), ..Site::new(feed, registry, "/events") };
    let site = Arc::new(site);
    eprintln!("listening on http://{}/", listener.local_addr()?);
    loop {
        tokio::select! {
            accepted = listener.accept() => drop(tokio::spawn(serve(accepted?.0, site.clone()))),
            _ = interrupt.recv() => break,
        }
    }
    // Reads the rest of the file and closes the feed.
    follower.stop();
    Ok(())
}

/// Answers `/`, and leaves all other paths to the site.
async fn serve(socket: TcpStream, site: Arc<Site>) -> hyper::Result<()> {
    let service = service_fn(async |request: Request<Incoming>| {
        let response = match request.uri().path() {
            "/" => Response::new(Either::Left("The log is at /logs/\n".to_owned())),
            _ => site.respond(&request).await.map(Either::Right),
        };
        Ok::<_, Infallible>(response)
    });
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).serve_connection(TokioIo::new(socket), service).await
}
