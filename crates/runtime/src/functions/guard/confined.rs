//! The last step before a function's program: limits, the user, what may be reached; then the program itself.
//!
//! The order matters. Limits that only root may raise come while it is root; the signal at the parent's death is forgotten
//! by the kernel when the user changes, so it is asked for afterwards.

use std::ffi::OsStr;
use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use rustix::process::{
    Gid, Pid, Resource, Rlimit, Signal, Uid, getgid, getppid, getpriority_process, getuid,
    set_parent_process_death_signal, setpriority_process, setrlimit, setsid,
};
use rustix::thread::{set_no_new_privs, set_thread_groups, set_thread_res_gid, set_thread_res_uid};

use super::{TASK_BYTES_MAX, THREADS_MAX, Task, User};

/// Files that may be open at a time (AWS Lambda, "Lambda quotas").
const OPEN_FILES_MAX: u64 = 1024;
/// How far functions stand behind the server when there is not enough time for all.
const NICENESS: i32 = 10;
/// How eager the kernel is to end a function's process when the machine is out of memory: most of all.
const FIRST_TO_END: &str = "1000";

/// Becomes the program of the task on standard input; returns only when that fails.
pub(super) fn become_program(supervisor: &OsStr) -> io::Error {
    let task = match prepare(supervisor) {
        Ok(task) => task,
        Err(error) => return error,
    };
    let mut command = Command::new(&task.program);
    command.args(&task.arguments).current_dir(&task.folder).env_clear().envs(task.environment).stdin(Stdio::null());
    let error = command.exec();
    io::Error::new(error.kind(), format!("{}: {error}", task.program.display()))
}

fn prepare(supervisor: &OsStr) -> io::Result<Task> {
    let mut text = Vec::new();
    io::stdin().take(TASK_BYTES_MAX).read_to_end(&mut text)?;
    let task: Task = serde_json::from_slice(&text)?;
    // Not every system lets that be said; the limits below hold either way.
    let _ = std::fs::write("/proc/self/oom_score_adj", FIRST_TO_END);
    // Of its own session, which has the processor's time as one, however many processes it is.
    setsid()?;
    setpriority_process(None, getpriority_process(None)? + NICENESS)?;
    limit(Resource::Core, 0)?;
    limit(Resource::Nofile, OPEN_FILES_MAX)?;
    limit(Resource::Fsize, task.file_bytes)?;
    if let Some(user) = &task.user {
        // The kernel counts the threads of a user, and only this function's are this user's.
        limit(Resource::Nproc, THREADS_MAX)?;
        turn_into(user)?;
    }
    set_no_new_privs(true)?;
    if let Some(reach) = &task.reach {
        reach.enforce()?;
    }
    set_parent_process_death_signal(Some(Signal::KILL))?;
    // A supervisor that ended before the kernel was asked is nobody's parent any more.
    if getppid().map(|parent| Pid::as_raw(Some(parent)).to_string()).as_deref() != supervisor.to_str() {
        return Err(io::Error::other("the server has ended"));
    }
    Ok(task)
}

fn limit(resource: Resource, most: u64) -> io::Result<()> {
    setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?;
    Ok(())
}

/// Gives up the user, the groups and with them every privilege, for good.
fn turn_into(user: &User) -> io::Result<()> {
    let groups: Vec<Gid> = user.groups.iter().map(|group| Gid::from_raw(*group)).collect();
    let (uid, gid) = (Uid::from_raw(user.id), *groups.first().ok_or(io::ErrorKind::InvalidInput)?);
    if uid.is_root() || gid.is_root() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    set_thread_groups(&groups)?;
    set_thread_res_gid(gid, gid, gid)?;
    set_thread_res_uid(uid, uid, uid)?;
    if (getuid(), getgid()) == (uid, gid) { Ok(()) } else { Err(io::ErrorKind::PermissionDenied.into()) }
}
