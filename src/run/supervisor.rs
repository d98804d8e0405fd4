//! The supervisor: a process that can end although a mount hangs.
//!
//! The kernel does not let a process end while it holds a file on a FUSE mount whose program does
//! not answer.
//! Therefore a process that follows files on such mounts starts itself again, as its child, passes
//! signals on, and ends soon after a signal even if the child cannot.

use std::process::{Command, ExitStatus};
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use crate::cli::{Cli, may_hang};
use crate::system::{ForwardedSignal, end_with_parent, parent_id, send_signal};

/// Environment variable with the process ID of the supervisor.
const VARIABLE: &str = "SSETAIL_SUPERVISOR";

/// Time from a signal until the supervisor ends without its child. With twice the time, the end
/// takes longer than two seconds; a child that sends its last events may need half of it.
const STOP_TIMEOUT: Duration = Duration::from_millis(1800);

/// Runs this program again as a child if one of its files may hang, and returns the exit status of
/// the child; none if this process is to do the work itself.
pub(super) fn supervise(cli: &Cli) -> anyhow::Result<Option<i32>> {
    if let Some(supervisor) = std::env::var_os(VARIABLE) {
        end_with_parent();
        if supervisor.to_str() != Some(&*parent_id().to_string()) {
            bail!("the process that supervises this one has ended");
        }
        return Ok(None);
    }
    // Inherited sockets are for this process, by its ID.
    let has_inherited = std::env::var_os("LISTEN_FDS").is_some();
    if has_inherited || !may_hang(&cli.sources) {
        return Ok(None);
    }
    let program = std::env::current_exe().context("cannot find this program")?;
    let mut command = Command::new(program);
    command.args(std::env::args_os().skip(1)).env(VARIABLE, std::process::id().to_string());
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("cannot wait for signals")?;
    let status = runtime.block_on(run_child(command));
    runtime.shutdown_background();
    status.map(Some)
}

/// Starts the child, and passes signals on until it has ended, or has not ended in time.
async fn run_child(mut command: Command) -> anyhow::Result<i32> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    let mut child = command.spawn().context("cannot start a second process")?;
    let id = child.id();
    let (sender, mut ended) = oneshot::channel();
    std::thread::Builder::new().spawn(move || sender.send(child.wait()))?;
    loop {
        let signal = tokio::select! {
            status = &mut ended => return Ok(exit_code(status??)),
            _ = hang_up.recv() => {
                send_signal(id, ForwardedSignal::HangUp);
                continue;
            }
            _ = interrupt.recv() => ForwardedSignal::Interrupt,
            _ = terminate.recv() => ForwardedSignal::Terminate,
        };
        send_signal(id, signal);
        if let Ok(status) = tokio::time::timeout(STOP_TIMEOUT, ended).await {
            return Ok(exit_code(status??));
        }
        send_signal(id, ForwardedSignal::Kill);
        return Ok(0);
    }
}

/// Returns the exit code, or 128 and the signal, as a shell does.
fn exit_code(status: ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt as _;
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0))
}
