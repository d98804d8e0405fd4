//! Making a stream, which an operator has asked for.

use std::time::Duration;

use async_nats::jetstream::context::{
    CreateStreamErrorKind, GetStreamError, GetStreamErrorKind, RequestError, RequestErrorKind,
};
use async_nats::jetstream::stream::{Config, DiscardPolicy, Info, StorageType};
use async_nats::jetstream::{Context, ErrorCode};

use tokio::time::sleep;

use super::address::StreamAddress;
use super::connection::Connection;

/// Time after its start in which a server accepts connections, but has no JetStream yet.
///
/// With half the time, a server that starts is said to have none; with twice the time, a server that
/// has none is reported later.
const STARTING: Duration = Duration::from_secs(1);

/// The properties of a stream that does not exist yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Creation {
    /// Number of servers that have each message.
    pub replicas: usize,
    /// Time after which messages are removed; zero for never.
    pub max_age: Duration,
    /// Bytes of messages above which the oldest are removed; none for no limit.
    pub max_bytes: Option<u64>,
}

/// Returns the state of the stream, which is made if it does not exist and `creation` is given.
///
/// The error is a sentence.
pub(super) async fn stream_info(
    connection: &Connection,
    address: &StreamAddress,
    creation: Option<&Creation>,
) -> Result<Info, String> {
    let found = connection.permitted(Box::pin(find(&connection.jetstream, address, creation)));
    found.await.map_err(|denial| denial.sentence(address))?
}

async fn find(
    jetstream: &Context,
    address: &StreamAddress,
    creation: Option<&Creation>,
) -> Result<Info, String> {
    let mut found = jetstream.get_stream(address.stream()).await;
    if found.as_ref().is_err_and(is_without_jetstream) {
        sleep(STARTING).await;
        found = jetstream.get_stream(address.stream()).await;
    }
    let error = match found {
        Ok(stream) => return check(stream.cached_info().clone(), address),
        Err(error) => error,
    };
    match (error.kind(), creation) {
        (GetStreamErrorKind::JetStream(error), Some(creation))
            if error.error_code() == ErrorCode::STREAM_NOT_FOUND =>
        {
            create(jetstream, address, creation).await
        }
        (GetStreamErrorKind::JetStream(error), _) => Err(sentence(&error, address)),
        (GetStreamErrorKind::Request, _) if is_without_jetstream(&error) => Err(format!(
            "{} has no JetStream; start it with -js, or with jetstream {{}} in its configuration",
            address.server()
        )),
        _ => Err(format!("{address} does not answer: {error}")),
    }
}

/// Refuses a stream that does not have the subjects of the hosts.
fn check(info: Info, address: &StreamAddress) -> Result<Info, String> {
    let wanted = address.subjects();
    let parts: Vec<&str> = wanted.split('.').collect();
    let has = |pattern: &String| {
        let tokens: Vec<&str> = pattern.split('.').collect();
        let is_prefix = tokens
            .iter()
            .zip(&parts)
            .all(|(token, part)| *token == ">" || *token == "*" || token == part);
        is_prefix && (tokens.len() == parts.len() || tokens.last() == Some(&">"))
    };
    if info.config.subjects.iter().any(has) {
        return Ok(info);
    }
    Err(format!(
        "the stream {} does not take the subjects {wanted}; add them to its subjects",
        address.stream()
    ))
}

/// Returns whether nobody answers requests to JetStream.
fn is_without_jetstream(error: &GetStreamError) -> bool {
    let source = std::error::Error::source(error);
    let cause = source.and_then(|source| source.downcast_ref::<RequestError>());
    cause.is_some_and(|cause| cause.kind() == RequestErrorKind::NoResponders)
}

fn sentence(error: &async_nats::jetstream::Error, address: &StreamAddress) -> String {
    match error.error_code() {
        ErrorCode::STREAM_NOT_FOUND => format!(
            "{} has no stream {}; make it with --create, or with nats stream add",
            address.server(),
            address.stream()
        ),
        ErrorCode::JETSTREAM_NOT_ENABLED | ErrorCode::JETSTREAM_NOT_ENABLED_FOR_ACCOUNT => format!(
            "{} has no JetStream; start it with -js, or with jetstream {{}} in its configuration",
            address.server()
        ),
        _ => format!("{address} cannot be used: {error}"),
    }
}

async fn create(
    jetstream: &Context,
    address: &StreamAddress,
    creation: &Creation,
) -> Result<Info, String> {
    let config = Config {
        name: address.stream().to_owned(),
        subjects: vec![address.subjects()],
        storage: StorageType::File,
        num_replicas: creation.replicas,
        max_age: creation.max_age,
        max_bytes: creation.max_bytes.map_or(-1, |bytes| i64::try_from(bytes).unwrap_or(i64::MAX)),
        max_messages: -1,
        max_messages_per_subject: -1,
        discard: DiscardPolicy::Old,
        allow_direct: true,
        ..Config::default()
    };
    match jetstream.create_stream(config).await {
        Ok(stream) => Ok(stream.cached_info().clone()),
        Err(error) => match error.kind() {
            CreateStreamErrorKind::JetStream(error) => {
                Err(format!("the stream {} cannot be made: {error}", address.stream()))
            }
            _ => Err(format!("the stream {} cannot be made: {error}", address.stream())),
        },
    }
}
