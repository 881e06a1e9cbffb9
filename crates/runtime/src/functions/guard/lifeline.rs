//! The server's end of the pipe to a supervisor.

use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::Stdio;

use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};

use super::{COMMAND, Task};

/// The function has an event.
pub(super) const BUSY: u8 = b'+';
/// It has none any more.
pub(super) const IDLE: u8 = b'-';

/// Keeps a function's processes alive: they end when this is dropped.
pub(in crate::functions) struct Lifeline(OwnedFd);

/// Starts a supervisor with its task. It prints what the function prints.
pub(in crate::functions) async fn start(server: &Path, task: &Task) -> io::Result<(Child, Lifeline)> {
    let mut text = serde_json::to_vec(task)?;
    text.push(b'\n');
    let mut command = Command::new(server);
    command.arg(COMMAND).env_clear();
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // A group of its own, out of reach of a terminal's interrupts.
    let mut child = command.process_group(0).kill_on_drop(true).spawn()?;
    let mut pipe = child.stdin.take().ok_or(io::ErrorKind::BrokenPipe)?;
    // One that ends before it has read this says so by its end.
    let _ = pipe.write_all(&text).await;
    Ok((child, Lifeline(pipe.into_owned_fd()?)))
}

impl Lifeline {
    /// Tells whether the function works, so that it is looked at more or less often.
    pub(in crate::functions) fn tell(&self, works: bool) {
        // The pipe is read at once, so it is never full; one that nobody reads any more has a function that ended.
        let _ = rustix::io::write(&self.0, &[if works { BUSY } else { IDLE }]);
    }
}
