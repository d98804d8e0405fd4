//! Follows an event stream with a client from crates.io: `clients CLIENT URL [LAST_EVENT_ID]`
//!
//! Prints every event that the client hands out as one line of JSON, until it is killed or,
//! where the client does not reconnect by itself, until the connection ends.

use std::error::Error;

use eventsource_client::{Client, ClientBuilder, ReconnectOptions, SSE};
use eventsource_stream::Eventsource;
use futures_util::{StreamExt, pin_mut};
use launchdarkly_sdk_transport::HyperTransport;
use reqwest_eventsource::{Event, EventSource};

type Outcome = Result<(), Box<dyn Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let last_event_id = args.get(2).map(String::as_str);
    match &*args[0] {
        "reqwest-eventsource" => reqwest_eventsource(&args[1]).await,
        "eventsource-client" => eventsource_client(&args[1]).await,
        "eventsource-stream" => eventsource_stream(&args[1], last_event_id).await,
        other => Err(format!("no such client: {other}").into()),
    }
}

fn print(kind: &str, data: &str, id: &str) {
    println!("{}", serde_json::json!({ "kind": kind, "data": data, "id": id }));
}

async fn reqwest_eventsource(url: &str) -> Outcome {
    let mut source = EventSource::get(url);
    while let Some(event) = source.next().await {
        match event {
            Ok(Event::Message(event)) => print(&event.event, &event.data, &event.id),
            Ok(Event::Open) => {}
            // It has closed itself when it will not reconnect.
            Err(error) => eprintln!("{error}"),
        }
    }
    Ok(())
}

async fn eventsource_client(url: &str) -> Outcome {
    let client = ClientBuilder::for_url(url)?
        .reconnect(ReconnectOptions::reconnect(true).retry_initial(true).build())
        .build_with_transport(HyperTransport::builder().build_http()?);
    let events = client.stream();
    pin_mut!(events);
    while let Some(event) = events.next().await {
        match event {
            Ok(SSE::Event(event)) => {
                print(&event.event_type, &event.data, event.id.as_deref().unwrap_or(""));
            }
            Ok(SSE::Connected(_) | SSE::Comment(_)) => {}
            Err(error) => eprintln!("{error}"),
        }
    }
    Ok(())
}

async fn eventsource_stream(url: &str, last_event_id: Option<&str>) -> Outcome {
    let mut request = reqwest::Client::new().get(url);
    if let Some(id) = last_event_id {
        request = request.header("last-event-id", id);
    }
    let mut events = request.send().await?.bytes_stream().eventsource();
    while let Some(event) = events.next().await {
        let event = event?;
        print(&event.event, &event.data, &event.id);
    }
    Ok(())
}
