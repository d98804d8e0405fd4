//! One request for the events of a server, up to the head of its answer.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use http_body::Body;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, HOST,
    HeaderName, HeaderValue, LOCATION, RETRY_AFTER, USER_AGENT,
};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{self, CertificateError};

use super::address::{Authorization, UpstreamAddress};
use super::coding::Coding;
use super::failure::Failure;
use super::lineage::PATH_HEADER;
use super::stream_body::StreamBody;
use super::tls_client::TrustedRoots;
use crate::event::EventId;

/// Time for the connection, the handshake and the head of the answer. A server that is slower counts
/// as one that cannot be reached; twice the time reports one that does not answer later.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Most redirects that are followed, one after the other.
const MAX_REDIRECTS: usize = 5;

/// A request for the events of a server.
#[derive(Clone, Debug)]
pub(super) struct StreamRequest<'a> {
    pub(super) address: &'a UpstreamAddress,
    /// Parameters that are added to the query.
    pub(super) parameters: &'a str,
    /// The ID of the last event; empty for none.
    pub(super) last_id: &'a str,
    pub(super) authorization: Option<&'a Authorization>,
    /// The epoch of this run.
    pub(super) epoch: &'a str,
    pub(super) roots: Option<&'a TrustedRoots>,
}

/// An event stream whose head was received.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) body: StreamBody,
    /// The lineage of the server, if it is an ssetail.
    pub(super) lineage: Option<String>,
    /// The position at which the answer of an ssetail ends, if it is a read that ends.
    pub(super) position: Option<String>,
    /// The silence after which the server sends a heartbeat, if it is an ssetail.
    pub(super) heartbeat: Option<Duration>,
    /// The body is a short one, with which an ssetail asks to come back later.
    pub(super) is_short: bool,
    _connection: Connection,
}

/// The task that reads from and writes to the socket; it ends when this is dropped.
#[derive(Debug)]
struct Connection(JoinHandle<()>);

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A connection of either kind.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A body without bytes.
struct NoBody;

impl Body for NoBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<io::Result<http_body::Frame<Bytes>>>> {
        std::task::Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        true
    }
}

impl StreamRequest<'_> {
    /// Sends the request, follows redirects on the same server, and returns the event stream.
    pub(super) async fn send(&self) -> Result<Answer, Failure> {
        let too_late = |_| Failure::Unreachable("it does not answer within 10 seconds".to_owned());
        let mut address = self.address.clone();
        let mut parameters = self.parameters;
        for _ in 0..=MAX_REDIRECTS {
            let sent = self.send_to(&address, parameters);
            let (response, connection) = timeout(TIMEOUT, sent).await.map_err(too_late)??;
            let location = response.headers().get(LOCATION).filter(|_| is_redirect(&response));
            let Some(location) = location else {
                return self.answer(response, connection);
            };
            let next = location.to_str().ok().and_then(|location| address.redirected(location));
            address = next.ok_or(Failure::Redirected)?;
            if address.target("").contains(self.parameters) {
                parameters = "";
            }
        }
        Err(Failure::Redirected)
    }

    async fn send_to(
        &self,
        address: &UpstreamAddress,
        parameters: &str,
    ) -> Result<(Response<Incoming>, Connection), Failure> {
        let stream = self.connect(address).await?;
        let unreachable = |error: hyper::Error| Failure::Unreachable(describe(&error));
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(unreachable)?;
        let connection = Connection(tokio::spawn(async {
            // The body reports an error of the connection.
            let _ = connection.await;
        }));
        let request = self.request(address, parameters)?;
        let response = sender.send_request(request).await.map_err(unreachable)?;
        Ok((response, connection))
    }

    fn request(
        &self,
        address: &UpstreamAddress,
        parameters: &str,
    ) -> Result<Request<NoBody>, Failure> {
        let mut request = Request::builder()
            .uri(address.target(parameters))
            .header(HOST, address.authority())
            .header(ACCEPT, "text/event-stream")
            .header(ACCEPT_ENCODING, Coding::accepted(address))
            .header(CACHE_CONTROL, "no-store")
            .header(USER_AGENT, concat!("ssetail/", env!("CARGO_PKG_VERSION")))
            .header(PATH_HEADER, self.epoch);
        if let Ok(id) = HeaderValue::from_bytes(self.last_id.as_bytes())
            && !id.is_empty()
        {
            request = request.header(HeaderName::from_static("last-event-id"), id);
        }
        if let Some(authorization) = self.authorization {
            request = request.header(AUTHORIZATION, authorization.header());
        }
        let wrong = |error| Failure::Unreachable(format!("the address is not valid: {error}"));
        request.body(NoBody).map_err(wrong)
    }

    async fn connect(&self, address: &UpstreamAddress) -> Result<Box<dyn Stream>, Failure> {
        let unreachable = |error: io::Error| Failure::Unreachable(error.to_string());
        let host = address.connect_host();
        let tcp = TcpStream::connect((host, address.port())).await.map_err(unreachable)?;
        let _ = tcp.set_nodelay(true);
        if !address.is_encrypted() {
            return Ok(Box::new(tcp));
        }
        let no_roots =
            || Failure::Certificate("this system has no authorities that are trusted".to_owned());
        let roots = self.roots.filter(|roots| !roots.is_empty()).ok_or_else(no_roots)?;
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| Failure::Unreachable("its host is no name of a server".to_owned()))?;
        match roots.connector().connect(name, tcp).await {
            Ok(stream) => Ok(Box::new(stream)),
            Err(error) => Err(tls_failure(&error)),
        }
    }

    /// Checks the head of an answer.
    fn answer(
        &self,
        response: Response<Incoming>,
        connection: Connection,
    ) -> Result<Answer, Failure> {
        let headers = response.headers();
        let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        match response.status() {
            StatusCode::OK => {}
            StatusCode::NO_CONTENT => return Err(Failure::Complete),
            StatusCode::UNAUTHORIZED => {
                let has_credentials = self.authorization.is_some();
                return Err(Failure::Unauthorized { has_credentials });
            }
            StatusCode::FORBIDDEN => return Err(Failure::Forbidden),
            StatusCode::LOOP_DETECTED => return Err(Failure::Loop),
            status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
                let seconds = text(&RETRY_AFTER).and_then(|text| text.parse().ok());
                let retry_after = Duration::from_secs(seconds.unwrap_or(0));
                return Err(Failure::Unavailable { status: status.as_u16(), retry_after });
            }
            status => return Err(Failure::BadStatus(status.as_u16())),
        }
        let kind = text(&CONTENT_TYPE).unwrap_or_default();
        let essence = kind.split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("text/event-stream") {
            let kind = if essence.is_empty() { "of no type" } else { essence };
            return Err(Failure::NotAStream(printable(kind)));
        }
        let unknown = |name: String| Failure::UnknownCoding(printable(&name));
        let coding = Coding::of(headers).map_err(unknown)?;
        let path = HeaderName::from_static(PATH_HEADER);
        let position = HeaderName::from_static(super::POSITION_HEADER);
        let heartbeat = HeaderName::from_static(super::HEARTBEAT_HEADER);
        Ok(Answer {
            lineage: text(&path).map(str::to_owned),
            position: text(&position)
                .filter(|id| EventId::parse(id.as_bytes()).is_ok())
                .map(str::to_owned),
            heartbeat: text(&heartbeat)
                .and_then(|text| text.parse().ok())
                .map(Duration::from_millis),
            is_short: headers.contains_key(CONTENT_LENGTH),
            body: StreamBody::new(response.into_body(), coding),
            _connection: connection,
        })
    }
}

fn is_redirect(response: &Response<Incoming>) -> bool {
    matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// Returns a text of the server, as far as it can be printed.
fn printable(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(100).collect()
}

/// Describes an error by the text of its first cause, which says most.
fn describe(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

fn tls_failure(error: &io::Error) -> Failure {
    match distrust(error) {
        Some(reason) => Failure::Certificate(reason),
        None => Failure::Unreachable(format!("TLS fails: {error}")),
    }
}

/// Returns the reason for which a certificate is not trusted; none for another error.
pub(crate) fn distrust(error: &io::Error) -> Option<String> {
    match error.get_ref()?.downcast_ref::<rustls::Error>()? {
        rustls::Error::InvalidCertificate(error) => Some(reason(error)),
        _ => None,
    }
}

/// Returns the reason for which a certificate is not trusted.
fn reason(error: &CertificateError) -> String {
    use CertificateError as Error;
    let known = match error {
        Error::UnknownIssuer => "no authority that is known here has signed its certificate",
        Error::Expired | Error::ExpiredContext { .. } => "its certificate has expired",
        Error::NotValidYet | Error::NotValidYetContext { .. } => "its certificate is not valid yet",
        Error::NotValidForName | Error::NotValidForNameContext { .. } => {
            "its certificate is for another name"
        }
        Error::Revoked => "its certificate was revoked",
        other => {
            let text = format!("{other:?}");
            let kind = text.split(|letter: char| !letter.is_alphanumeric()).next();
            return format!("its certificate cannot be verified ({})", kind.unwrap_or_default());
        }
    };
    known.to_owned()
}
