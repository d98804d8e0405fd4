use std::time::Duration;

use eventsource_stream::Eventsource;
use futures_util::StreamExt;

/// Prints lines until the connection ends; updates the id of the last event.
async fn follow(url: &str, last_id: &mut String) -> Result<(), Box<dyn std::error::Error>> {
    let request = reqwest::Client::new().get(url).header("Last-Event-ID", &*last_id);
    let mut events = request.send().await?.error_for_status()?.bytes_stream().eventsource();
    while let Some(event) = events.next().await {
        let event = event?;
        if event.event == "ssetail" {
            eprintln!("control event: {}", event.data);
        } else {
            println!("{} {}", event.event, event.data);
        }
        *last_id = event.id;
    }
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let url = std::env::args().nth(1).unwrap_or("http://localhost:8088/sse".to_owned());
    let mut last_id = String::new();
    loop {
        if let Err(error) = follow(&url, &mut last_id).await {
            eprintln!("{error}; connecting again");
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
}
