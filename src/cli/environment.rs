//! Environment variables that others set under names of ours.

use clap::Arg;
use clap::builder::Resettable;

/// Suffix of the variables in which Kubernetes and `docker --link` put the address of a service.
///
/// A service that is called `ssetail` makes `SSETAIL_PORT=tcp://10.0.0.1:8088`.
/// Their other variables end with `_SERVICE_HOST`, `_SERVICE_PORT`, `_PORT_8088_TCP` and the like,
/// which are no names of flags.
const SERVICE_ADDRESS: &str = "_PORT";

/// Returns `arg` without its environment variable, if that has the address of a service; adds a
/// sentence about it to `notes`.
pub(super) fn without_service_address(arg: Arg, notes: &mut Vec<String>) -> Arg {
    let name = arg.get_env().map(|name| name.to_string_lossy().into_owned());
    let Some(name) = name.filter(|name| name.ends_with(SERVICE_ADDRESS)) else { return arg };
    let value = std::env::var(&name).unwrap_or_default();
    if !value.contains("://") {
        return arg;
    }
    let flag = arg.get_long().unwrap_or_default();
    notes.push(format!(
        "{name}={value} is the address of a service and is ignored; \
         to set the port, give --{flag}"
    ));
    arg.env(Resettable::Reset)
}
