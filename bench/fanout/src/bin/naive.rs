//! The obvious program: a broadcast channel of lines, and the event stream of a framework.
//!
//! A client that is too slow misses lines without notice. `naive FILE`.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::response::sse::{Event, Sse};
use axum::routing::get;
use axum::serve::ListenerExt;
use linemux::MuxedLines;
use tokio::sync::broadcast;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::BroadcastStream;

type Numbered = (u64, Arc<str>);

#[tokio::main]
async fn main() {
    let path = std::env::args().nth(1).expect("naive FILE");
    let (sender, _) = broadcast::channel::<Numbered>(1024);
    let lines = sender.clone();
    let stream = async move || {
        let events = BroadcastStream::new(sender.subscribe()).filter_map(|received| {
            let (number, line) = received.ok()?;
            Some(Ok::<_, Infallible>(Event::default().data(&*line).id(number.to_string())))
        });
        Sse::new(events)
    };
    let mut followed = MuxedLines::new().expect("inotify");
    followed.add_file(&path).await.expect("a file");
    tokio::spawn(async move {
        let mut number = 0;
        while let Ok(Some(line)) = followed.next_line().await {
            number += 1;
            // An error means that there are no clients.
            let _ = lines.send((number, line.line().into()));
        }
    });
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("a listener");
    fanout::announce(&listener);
    let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
    let listener = listener.tap_io(|stream| stream.set_nodelay(true).expect("a socket"));
    let app = Router::new().route("/sse", get(stream));
    axum::serve(listener, app).await.expect("a server");
}
