//! The supervisor: a process that can end although a mount hangs.
//!
//! The kernel does not let a process end while it holds a file on a FUSE mount whose program does
//! not answer.
//! Therefore a process that follows files on such mounts starts itself again, as its child, passes
//! signals on, and ends soon after the child has begun to stop, even if the child cannot end.

use std::future::pending;
use std::io::{self, IsTerminal as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitStatus};
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::runtime::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

use crate::cli::{Cli, may_hang, reads_input};
use crate::system::{ForwardedSignal, end_with_parent, exit_status_of, parent_id, send_signal};

/// Environment variable with the process ID of the supervisor.
pub(super) const VARIABLE: &str = "SSETAIL_SUPERVISOR";

/// Time from the last signal, or from the moment at which the child begins to stop, until the
/// supervisor ends without its child. With twice the time, the end
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
    let has_command = !cli.command.is_empty();
    // A child that reads the terminal must stay in the group.
    let shares_keys = has_command && reads_input(&cli.sources) && io::stdin().is_terminal();
    if has_command && !shares_keys {
        // The keys of the terminal then interrupt only this process, so that no signal comes twice.
        command.process_group(0);
    }
    let runtime = Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("cannot wait for signals")?;
    let status = runtime.block_on(run_child(command, has_command, shares_keys));
    runtime.shutdown_background();
    status.map(Some)
}

/// Tells the supervisor, if there is one, that this process begins to stop.
pub(super) fn announce_stop() {
    if std::env::var_os(VARIABLE).is_some() {
        send_signal(parent_id(), ForwardedSignal::User1);
    }
}

/// Starts the child, and passes signals on until it has ended, or has not ended in time.
///
/// With a command, the first signal is for the command, which may take any time to end; the child
/// then tells when it begins to stop. If it `shares_keys`, it gets those of the terminal itself.
async fn run_child(
    mut command: Command,
    has_command: bool,
    shares_keys: bool,
) -> anyhow::Result<i32> {
    let mut signals = Signals::new(has_command)?;
    let mut child = command.spawn().context("cannot start a second process")?;
    let id = child.id();
    let (sender, mut ended) = oneshot::channel();
    std::thread::Builder::new().spawn(move || sender.send(child.wait()))?;
    let (mut is_for_command, mut last_signal) = (has_command, None);
    loop {
        let signal = tokio::select! {
            status = &mut ended => return Ok(exit_code(status??)),
            signal = signals.recv() => signal,
        };
        let is_stopping = signal == ForwardedSignal::User1;
        if !is_stopping {
            last_signal = Some(signal);
            if !(shares_keys && is_key(signal)) {
                send_signal(id, signal);
            }
        }
        let is_end = !matches!(signal, ForwardedSignal::HangUp | ForwardedSignal::WindowChange);
        if is_stopping || is_end && !std::mem::take(&mut is_for_command) {
            break;
        }
    }
    if let Ok(status) = tokio::time::timeout(STOP_TIMEOUT, ended).await {
        return Ok(exit_code(status??));
    }
    let status = exit_status_of(id).map(exit_code);
    send_signal(id, ForwardedSignal::Kill);
    let of_signal = || last_signal.map_or(1, ForwardedSignal::exit_code);
    Ok(if has_command { status.unwrap_or_else(of_signal) } else { 0 })
}

/// Returns true if a key of the terminal sends this signal to all processes of the group, or a change
/// of its size.
fn is_key(signal: ForwardedSignal) -> bool {
    use ForwardedSignal::{Interrupt, Quit, WindowChange};
    matches!(signal, Interrupt | Quit | WindowChange)
}

/// Signals that are passed on to the child.
struct Signals {
    hang_up: Signal,
    interrupt: Signal,
    terminate: Signal,
    /// The child begins to stop.
    stopping: Signal,
    /// The signals of a terminal that a command gets too.
    terminal: Option<(Signal, Signal)>,
}

impl Signals {
    fn new(has_command: bool) -> io::Result<Self> {
        let terminal =
            || io::Result::Ok((signal(SignalKind::quit())?, signal(SignalKind::window_change())?));
        Ok(Signals {
            hang_up: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            stopping: signal(SignalKind::user_defined1())?,
            terminal: has_command.then(terminal).transpose()?,
        })
    }

    async fn recv(&mut self) -> ForwardedSignal {
        tokio::select! {
            _ = self.hang_up.recv() => ForwardedSignal::HangUp,
            _ = self.interrupt.recv() => ForwardedSignal::Interrupt,
            _ = self.terminate.recv() => ForwardedSignal::Terminate,
            _ = self.stopping.recv() => ForwardedSignal::User1,
            signal = of_terminal(&mut self.terminal) => signal,
        }
    }
}

async fn of_terminal(signals: &mut Option<(Signal, Signal)>) -> ForwardedSignal {
    match signals {
        Some((quit, window_change)) => tokio::select! {
            _ = quit.recv() => ForwardedSignal::Quit,
            _ = window_change.recv() => ForwardedSignal::WindowChange,
        },
        None => pending().await,
    }
}

/// Returns the exit code, or 128 and the signal, as a shell does.
fn exit_code(status: ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt as _;
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0))
}
