//! The presence of the publisher of a host: a second one asks before it begins.
//!
//! The fence of the stream refuses the message of one of two publishers, and does not know which of
//! them came first.

use std::time::Duration;

use async_nats::Client;
use futures_util::StreamExt as _;

/// Time for which the answer of another publisher is awaited; without one, the server says at once
/// that nobody answers.
const ANSWER: Duration = Duration::from_secs(1);

/// Returns true if another publisher answers on `subject`; otherwise this program answers from now
/// on, until the connection ends.
pub(super) async fn is_taken(client: &Client, subject: &str) -> bool {
    let asked = client.request(subject.to_owned(), bytes::Bytes::new());
    if let Ok(Ok(_)) = tokio::time::timeout(ANSWER, asked).await {
        return true;
    }
    // Without the permission to subscribe, the fence alone tells two publishers apart.
    if let Ok(mut questions) = client.subscribe(subject.to_owned()).await {
        let client = client.clone();
        tokio::spawn(async move {
            while let Some(question) = questions.next().await {
                if let Some(reply) = question.reply {
                    let _ = client.publish(reply, bytes::Bytes::new()).await;
                }
            }
        });
    }
    false
}
