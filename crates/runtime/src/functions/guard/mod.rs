//! What stands between the server and a function's program: the server's own program, started again.
//!
//! A function is never started by the server itself. The server starts [`supervisor`], which starts [`confined`], which
//! gives up everything a function must not have and then becomes the function's program. The supervisor stays: it holds
//! the function to its memory, and ends whatever the function started, however far it went, when the function's process
//! ends, when the server says so and when the server itself ends in any way.
//!
//! Between the server and the supervisor there is one pipe, the supervisor's standard input. The task comes first, a line
//! of JSON; then a byte whenever the function gets or has done with an event; the end of the pipe is the end of the
//! function. Nothing travels in arguments or variables: others could read the ones, and the others are the function's own,
//! which would act on programs that have not given up anything yet.

mod confined;
mod family;
mod lifeline;
mod reach;
mod supervisor;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use serde::{Deserialize, Serialize};

pub(super) use self::lifeline::{Lifeline, start};
pub(super) use self::reach::{Reach, Strength, around, strength};

/// The word by which the server's program knows that it was started for this.
pub const COMMAND: &str = "run-function";
/// The program that runs, even when another has taken its place on the disk.
pub const PROGRAM: &str = "/proc/self/exe";
/// What follows when it is to become the function's program.
const CONFINED: &str = "confined";
/// Bytes of a task: more than any function's variables and paths take.
const TASK_BYTES_MAX: u64 = 1024 * 1024;
/// Processes that a function may have at a time. AWS lets it have 1,024, but so many that all want to go on hold up the
/// server, and the machine, as well.
const PROCESSES_MAX: usize = 128;
/// Processes and threads together, of which the kernel starts no more.
const THREADS_MAX: u64 = 256;
/// The lowest id of a user that can be a function's: those below are somebody's.
const LOWEST_USER: u32 = 61_184;
/// The exit status of a program that cannot be started, as shells have it.
const NOT_STARTED: u8 = 126;

/// A program to run, and what it may have. It holds the function's variables, so it is not to be shown.
#[derive(Serialize, Deserialize)]
pub(super) struct Task {
    pub(super) program: PathBuf,
    pub(super) arguments: Vec<PathBuf>,
    /// Where it starts.
    pub(super) folder: PathBuf,
    pub(super) environment: Vec<(OsString, OsString)>,
    /// How much memory it may have, with all that it starts.
    pub(super) memory_bytes: u64,
    /// Bytes of the largest file it may write.
    pub(super) file_bytes: u64,
    /// The user it runs as; the server's when there is none.
    pub(super) user: Option<User>,
    /// What it may reach of the file system, beside what its user decides.
    pub(super) reach: Option<Reach>,
}

/// A user who owns nothing else.
#[derive(Serialize, Deserialize)]
pub(super) struct User {
    pub(super) id: u32,
    /// The groups that open its code to it, its own first.
    pub(super) groups: Vec<u32>,
}

/// Runs this part of the server's program, given the words after [`COMMAND`]. It returns when all is over, or when a
/// function's program cannot be started.
pub fn run(words: &[OsString]) -> ExitCode {
    let outcome = match words {
        [] => supervisor::run(),
        [word, supervisor] if word == CONFINED => Err(confined::become_program(supervisor)),
        _ => Err(std::io::Error::other("this command is the server's own")),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("claviger: the function cannot be started: {error}");
        ExitCode::from(NOT_STARTED)
    })
}
