//! Streams that the command line names: one to publish to, or one to serve.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::cli::Cli;
use crate::failure::Failure;
use crate::nats::{AgentOptions, ConnectOptions, Creation, NodeOptions, StreamAddress};
use crate::system::host_name;

/// Number of replicas of a new stream. With three, every cluster can have it only if it has three
/// servers.
const REPLICAS: usize = 1;

/// Streams of a NATS server.
#[derive(Debug, Default)]
pub(crate) struct ReachSettings {
    /// The stream to publish to.
    pub(crate) agent: Option<AgentOptions>,
    /// The stream to serve; then there is no other source.
    pub(crate) node: Option<NodeOptions>,
}

impl ReachSettings {
    /// Parses `--to` and the SOURCE arguments that are streams.
    pub(super) fn new(cli: &Cli, sources: &[(Option<OsString>, String)]) -> Result<Self, Failure> {
        let file = cli.reach.nats_creds.clone();
        let options = |url: &str| connect_options(url, file.clone(), cli.input.tls_ca.clone());
        let agent = cli.reach.to.as_deref().map(|url| {
            let connect = options(url).map_err(|sentence| format!("--to: {sentence}"))?;
            let host = match &cli.reach.host {
                Some(host) if !host.is_empty() => host.clone(),
                _ => host_name(),
            };
            let state = cli.history.state.clone();
            Ok(AgentOptions { connect, host, creation: creation(cli), state })
        });
        let agent = agent.transpose().map_err(Failure::Usage)?;
        let node = match sources {
            [] => None,
            [(None, url)] => Some(NodeOptions { connect: options(url).map_err(Failure::Usage)? }),
            [(Some(_), _)] => {
                let sentence = "a stream takes no NAME=, because its sources have the names of \
                                their hosts; leave it out";
                return Err(Failure::Usage(sentence.to_owned()));
            }
            _ => {
                let sentence = "one program serves one stream; give one, and start another ssetail \
                                for the other";
                return Err(Failure::Usage(sentence.to_owned()));
            }
        };
        if node.is_some() {
            check_node(cli)?;
        }
        if agent.is_some() && cli.history.replay == 0 {
            let sentence =
                "--replay 0 keeps no line until the stream has it; leave it out with --to";
            return Err(Failure::Usage(sentence.to_owned()));
        }
        Ok(ReachSettings { agent, node })
    }
}

impl ReachSettings {
    /// Returns a sentence about what is missing, if there is something.
    pub(crate) fn advice(&self, has_state: bool) -> Option<String> {
        let sentence = "without --state, a restart of this program begins another sequence of ids in \
                        the stream, and may publish lines once more";
        (self.agent.is_some() && !has_state).then(|| sentence.to_owned())
    }
}

/// Fails if a flag has no meaning for a stream, whose events are what their hosts have published.
fn check_node(cli: &Cli) -> Result<(), Failure> {
    let input = &cli.input;
    let flags = [
        (cli.reach.to.is_some(), "--to"),
        (cli.history.state.is_some(), "--state"),
        (input.binary, "--binary"),
        (input.decode.is_some(), "--decode"),
        (!input.include.is_empty(), "--include"),
        (!input.exclude.is_empty(), "--exclude"),
        (!input.redact.is_empty(), "--redact"),
        (input.redact_secrets, "--redact-secrets"),
    ];
    match flags.iter().find(|(is_set, _)| *is_set) {
        None => Ok(()),
        Some((_, flag)) => Err(Failure::Usage(format!(
            "{flag} has no meaning for a stream, which every node serves in the same way; give it to \
             the ssetail that publishes"
        ))),
    }
}

fn connect_options(
    url: &str,
    credentials_file: Option<PathBuf>,
    authorities: Option<PathBuf>,
) -> Result<ConnectOptions, String> {
    let (address, credentials) = StreamAddress::parse(url)?;
    Ok(ConnectOptions { address, credentials, credentials_file, authorities })
}

fn creation(cli: &Cli) -> Option<Creation> {
    let reach = &cli.reach;
    reach.create.then(|| Creation {
        replicas: reach.replicas.unwrap_or(REPLICAS),
        max_age: reach.max_age.unwrap_or_default(),
        max_bytes: reach.max_bytes,
    })
}
