//! The process between the server and a function's: it watches, and it cleans up.

use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{
    Pid, Signal, Uid, WaitOptions, geteuid, getpid, getpriority_process, getuid, kill_process, kill_process_group,
    set_child_subreaper, setpriority_process, waitpid,
};
use rustix::thread::set_thread_res_uid;

use super::family::{below, end_below, memory_bytes};
use super::lifeline::{BUSY, IDLE};
use super::{COMMAND, CONFINED, LOWEST_USER, PROCESSES_MAX, TASK_BYTES_MAX, Task, User};

/// How often a function is looked at while it works.
const PAUSE_BUSY: Duration = Duration::from_millis(25);
/// The same while it waits for an event.
const PAUSE_IDLE: Duration = Duration::from_secs(1);
/// How far the supervisor stands before the server.
const PRECEDENCE: i32 = 10;
/// The longest pause after a look that took long itself.
const PAUSE_MAX: Duration = Duration::from_millis(100);
/// How long to wait before looking again whether everything has ended.
const PAUSE_ENDING: Duration = Duration::from_millis(2);
/// How often to look: what has not ended by then cannot be ended.
const ENDING_LOOKS_MAX: usize = 2_500;

/// What happens to a function.
enum News {
    /// It has an event, or has none any more.
    Works(bool),
    /// Nobody needs it.
    Over,
    /// Its process has ended.
    Ended(io::Result<ExitStatus>),
}

/// Runs a function until its process ends or nobody needs it; then everything that it started is gone as well.
pub(super) fn run() -> io::Result<ExitCode> {
    let mut lifeline = BufReader::new(io::stdin());
    let mut text = Vec::new();
    lifeline.by_ref().take(TASK_BYTES_MAX).read_until(b'\n', &mut text)?;
    let task: Task = serde_json::from_slice(&text)?;
    set_child_subreaper(Some(getpid()))?;
    let child = start(&text)?;
    let first = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    // Where that is allowed: so that it can act however many processes want to go on.
    let _ = getpriority_process(None).and_then(|own| setpriority_process(None, own - PRECEDENCE));
    let (tell, news) = channel();
    let tell_end = tell.clone();
    std::thread::spawn(move || listen(lifeline, &tell));
    std::thread::spawn(move || wait(child, &tell_end));
    let end = watch(&news, &task, first);
    // The number of a process that has ended may be another's by now.
    let group = first.filter(|_| !matches!(end, End::Exited(_)));
    end_all(group, task.user.as_ref())?;
    Ok(match end {
        End::Unneeded => ExitCode::SUCCESS,
        End::OverLimit => die_by(Signal::KILL),
        End::Exited(status) => match (status.code(), status.signal().and_then(Signal::from_named_raw)) {
            (Some(code), _) => ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX)),
            (None, Some(signal)) => die_by(signal),
            (None, None) => ExitCode::FAILURE,
        },
    })
}

/// How it ends.
enum End {
    Exited(ExitStatus),
    Unneeded,
    OverLimit,
}

/// Starts what becomes the function's program.
fn start(task: &[u8]) -> io::Result<Child> {
    let mut command = Command::new(super::PROGRAM);
    command.args([OsStr::new(COMMAND), OsStr::new(CONFINED), OsStr::new(&std::process::id().to_string())]);
    let mut child = command.env_clear().stdin(Stdio::piped()).spawn()?;
    if let Some(mut pipe) = child.stdin.take() {
        pipe.write_all(task)?;
    }
    Ok(child)
}

fn watch(news: &Receiver<News>, task: &Task, first: Option<Pid>) -> End {
    let (mut pause, mut took) = (PAUSE_BUSY, Duration::ZERO);
    loop {
        // A large family is looked at a little less often.
        match news.recv_timeout(pause.max(took.min(PAUSE_MAX))) {
            Ok(News::Works(works)) => pause = if works { PAUSE_BUSY } else { PAUSE_IDLE },
            Ok(News::Ended(Ok(status))) => return End::Exited(status),
            Ok(News::Over | News::Ended(Err(_))) | Err(RecvTimeoutError::Disconnected) => return End::Unneeded,
            Err(RecvTimeoutError::Timeout) => {
                let since = Instant::now();
                let family = below(getpid());
                if family.len() >= PROCESSES_MAX || memory_bytes(&family, task.memory_bytes) > task.memory_bytes {
                    return End::OverLimit;
                }
                collect(&family, first);
                took = since.elapsed();
            }
        }
    }
}

/// Collects the dead that were adopted; the first process is waited for elsewhere.
fn collect(family: &[Pid], first: Option<Pid>) {
    for process in family.iter().filter(|process| Some(**process) != first) {
        let _ = waitpid(Some(*process), WaitOptions::NOHANG);
    }
}

/// Ends everything that was started. The kernel ends all processes of a user, or of a group, in one step in which none of
/// them can start another; who is in neither is looked for.
fn end_all(group: Option<Pid>, user: Option<&User>) -> io::Result<()> {
    if let Some(user) = user {
        end_user(user.id)?;
    }
    if let Some(group) = group {
        let _ = kill_process_group(group, Signal::KILL);
    }
    for _ in 0..ENDING_LOOKS_MAX {
        if !end_below(getpid())? {
            break;
        }
        std::thread::park_timeout(PAUSE_ENDING);
    }
    Ok(())
}

/// Ends all processes of a user who is nobody but this function's. A thread becomes that user, because the kernel decides by
/// who asks; it spares the process that asks.
fn end_user(id: u32) -> io::Result<()> {
    let end = move || {
        let user = Uid::from_raw(id);
        if id < LOWEST_USER {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        set_thread_res_uid(user, user, user)?;
        if (getuid(), geteuid()) != (user, user) {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        // Of group 1, turned into a negative number as those of groups are, the kernel makes "all that you may".
        match kill_process_group(Pid::INIT, Signal::KILL) {
            Err(Errno::SRCH) => Ok(()),
            other => Ok(other?),
        }
    };
    std::thread::spawn(end).join().unwrap_or_else(|_| Err(io::ErrorKind::Other.into()))
}

/// Ends this process as the function's ended.
fn die_by(signal: Signal) -> ExitCode {
    // The first of some signals is taken by a handler of the language's own, which then steps aside.
    for _ in 0..2 {
        let _ = kill_process(getpid(), signal);
    }
    ExitCode::FAILURE
}

fn listen(lifeline: impl Read, tell: &Sender<News>) {
    for byte in BufReader::new(lifeline).bytes() {
        let told = match byte {
            Ok(BUSY) => tell.send(News::Works(true)),
            Ok(IDLE) => tell.send(News::Works(false)),
            _ => break,
        };
        if told.is_err() {
            return;
        }
    }
    let _ = tell.send(News::Over);
}

fn wait(mut child: Child, tell: &Sender<News>) {
    let _ = tell.send(News::Ended(child.wait()));
}
