//! An axum server that shows the lines of a file below `/logs`: the page, and the event stream at
//! `/logs/events`.
//!
//! `cargo run --example axum -- build.log`

#![expect(clippy::print_stderr, reason = "it prints its address")]

use std::error::Error;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::{any, get};
use ssetail::Report;
use ssetail::event::{Encoder, Epoch};
use ssetail::feed::feed;
use ssetail::follow::{FollowOptions, OpenedSources, Registry, Target, WantedSource};
use ssetail::http::Site;
use ssetail::store::Capacity;
use tokio::net::TcpListener;
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
    let app = Router::new()
        .route("/", get(async || "The log is at /logs/\n"))
        .route("/logs", any(logs))
        .route("/logs/", any(logs))
        .route("/logs/{*path}", any(logs))
        .with_state(Arc::new(site));
    eprintln!("listening on http://{}/", listener.local_addr()?);
    // Not `with_graceful_shutdown`, which would wait for event streams, and those do not end.
    tokio::select! {
        served = axum::serve(listener, app) => served?,
        _ = interrupt.recv() => {}
    }
    // Reads the rest of the file and closes the feed.
    follower.stop();
    Ok(())
}

async fn logs(State(site): State<Arc<Site>>, request: Request) -> Response {
    site.respond(&request).await.map(Body::new)
}
