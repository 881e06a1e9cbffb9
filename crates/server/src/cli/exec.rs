//! `claviger exec`: runs a command in the environment that leads to the server.

use std::io::{self, IsTerminal};
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitCode, ExitStatus};

use anyhow::Context;
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use super::Global;
use super::environment::{Choices, Environment};

/// What shells answer for a command that is not there, and for one that cannot be started.
const NOT_FOUND: u8 = 127;
const NOT_STARTED: u8 = 126;

/// Run a command so that everything it asks of AWS reaches the server, even under hard-coded host names
///
/// Endpoint, region and credentials are set for AWS tools, and a proxy with its certificate authority for every HTTP
/// client that honours the usual variables. Hosts other than AWS's are passed through untouched.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    choices: Choices,
    /// The command and its arguments
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true, value_name = "COMMAND")]
    command: Vec<String>,
}

pub(super) fn run(global: &Global, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    // Private to this user, and gone with the command.
    let directory = tempfile::Builder::new().prefix("claviger-exec-").tempdir().context("cannot make a directory")?;
    super::block_on(async {
        let environment = Environment::of(&global.endpoint, &arguments.choices, directory.path()).await?;
        environment.write_files()?;
        let (program, rest) = arguments.command.split_first().context("exec needs a command")?;
        let mut signals = Signals::listen()?;
        match Command::new(program).args(rest).envs(&environment.variables).spawn() {
            Ok(child) => Ok(ExitCode::from(signals.wait_for(child).await?)),
            Err(error) => {
                eprintln!("claviger: cannot run {program}: {error}");
                Ok(ExitCode::from(if error.kind() == io::ErrorKind::NotFound { NOT_FOUND } else { NOT_STARTED }))
            }
        }
    })
}

/// The signals that are passed on to the command, as if it had been started without us.
struct Signals(mpsc::Receiver<Signal>);

impl Signals {
    fn listen() -> anyhow::Result<Self> {
        let (sender, signals) = mpsc::channel(16);
        let forwarded = [
            (SignalKind::interrupt(), Signal::INT),
            (SignalKind::quit(), Signal::QUIT),
            (SignalKind::terminate(), Signal::TERM),
            (SignalKind::hangup(), Signal::HUP),
            (SignalKind::user_defined1(), Signal::USR1),
            (SignalKind::user_defined2(), Signal::USR2),
        ];
        for (kind, number) in forwarded {
            let mut incoming = signal(kind).context("cannot listen for signals")?;
            let sender = sender.clone();
            tokio::spawn(async move { while incoming.recv().await.is_some() && sender.send(number).await.is_ok() {} });
        }
        Ok(Self(signals))
    }

    /// Waits for the command and tells its exit status, passing signals on meanwhile.
    async fn wait_for(&mut self, mut child: Child) -> anyhow::Result<u8> {
        let pid = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        // A terminal sends these two to the whole foreground group: the command has them already.
        let from_terminal = |number| io::stdin().is_terminal() && [Signal::INT, Signal::QUIT].contains(&number);
        loop {
            tokio::select! {
                status = child.wait() => return Ok(shell_status(status.context("cannot wait for the command")?)),
                Some(number) = self.0.recv() => {
                    if let Some(pid) = pid.filter(|_| !from_terminal(number)) {
                        let _ = kill_process(pid, number);
                    }
                }
            }
        }
    }
}

/// The status that a shell would tell: 128 and the signal for a command that a signal ended.
fn shell_status(status: ExitStatus) -> u8 {
    let code = status.code().or_else(|| status.signal().map(|number| 128 + number)).unwrap_or(1);
    u8::try_from(code).unwrap_or(1)
}
