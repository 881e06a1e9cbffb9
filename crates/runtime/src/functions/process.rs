//! One process of a function: started, given events one at a time, and ended when it fails, takes too long or is not
//! needed any more.
//!
//! A single task owns the process. It hears of the Runtime API's calls, of events, of the process's end and of the passing
//! of time, and so is the one place where it is decided what becomes of an event.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use claviger_resources::Clock;
use claviger_resources::limits::EVENT_BYTES_MAX;
use http::{HeaderMap, HeaderName, HeaderValue};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep_until};

use super::Failure;
use super::guard::{self, Lifeline, Task};
use super::launch::Launch;
use super::output::{FunctionLog, Output};
use super::quarters::Room;
use super::runtime_api::{self, Call, Event, TooLarge};

/// How long a process may take to ask for its first event, beside the function's own time (AWS Lambda, "Init phase").
const INIT_MAX: Duration = Duration::from_secs(10);
/// How long the end of a process and of all that it started may take.
const END_MAX: Duration = Duration::from_secs(30);
/// How long a process is kept without an event.
const IDLE_MAX: Duration = Duration::from_mins(10);

/// A process that takes events. Dropping it ends the process.
pub(super) struct Process {
    jobs: mpsc::Sender<Job>,
    started: Instant,
}

/// An event with what goes along.
pub(super) struct Job {
    pub(super) request_id: String,
    /// The function's ARN, as it was called.
    pub(super) arn: String,
    pub(super) event: Bytes,
    pub(super) client_context: Option<String>,
    pub(super) trace_id: String,
    /// How long the function may take.
    pub(super) timeout: Duration,
    /// Whether somebody asks for what is printed.
    pub(super) wants_tail: bool,
    pub(super) done: oneshot::Sender<Done>,
}

/// What became of an event.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) result: Result<Bytes, Failure>,
    /// The end of what was printed meanwhile, when somebody asked for it.
    pub(super) tail: Vec<u8>,
    /// How long it took.
    pub(super) duration: Duration,
    /// How long the process took to be ready, when it was started for this event.
    pub(super) init: Option<Duration>,
    /// Whether the process takes more events.
    pub(super) alive: bool,
}

impl Process {
    /// Starts a process for a first event, with a listener of its own that it is told of. It ends when `stopping` is true.
    pub(super) async fn start(
        log: FunctionLog,
        launch: Launch,
        first: Job,
        clock: Arc<dyn Clock>,
        stopping: watch::Receiver<bool>,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let Launch { mut task, room, guard } = launch;
        task.environment.push(("AWS_LAMBDA_RUNTIME_API".into(), listener.local_addr()?.to_string().into()));
        let (mut child, lifeline) = match guard {
            Some(program) => {
                let (child, lifeline) = guard::start(&program, &task).await?;
                (child, Some(lifeline))
            }
            None => (unguarded(&task)?, None),
        };
        let group = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        let output = Output::of(log, child.stdout.take(), child.stderr.take());
        output.begin(&first.request_id);
        let (jobs, given) = mpsc::channel(1);
        let started = Instant::now();
        let owner =
            Owner { child, lifeline, room, group, output, clock, started, init: None, asking: None, work: None };
        tokio::spawn(owner.run(listener, first, given, stopping));
        Ok(Self { jobs, started })
    }

    /// How long ago it was started.
    pub(super) fn age(&self) -> Duration {
        self.started.elapsed()
    }

    /// Whether it takes events.
    pub(super) fn is_alive(&self) -> bool {
        !self.jobs.is_closed()
    }

    /// Gives it an event; hands the event back when the process is gone.
    pub(super) async fn take(&self, job: Job) -> Result<(), Job> {
        self.jobs.send(job).await.map_err(|mpsc::error::SendError(job)| job)
    }
}

/// The task that owns a process.
struct Owner {
    child: Child,
    /// Ends the process and what it started when it is dropped; `None` when nobody stands between.
    lifeline: Option<Lifeline>,
    /// Where the process lives.
    room: Option<Room>,
    /// The process, or who watches it, and what is not kept apart from it.
    group: Option<Pid>,
    output: Output,
    clock: Arc<dyn Clock>,
    started: Instant,
    /// How long the process took to ask for its first event, until that event is answered.
    init: Option<Duration>,
    /// The process waits for an event here.
    asking: Option<oneshot::Sender<Event>>,
    work: Option<Work>,
}

/// An event that is not answered yet.
struct Work {
    job: Job,
    /// When the process got it, or, before that, when it came.
    since: Instant,
    is_begun: bool,
}

/// How a process ends.
enum End {
    /// By itself.
    Exited(io::Result<ExitStatus>),
    /// It did not manage to start, as it says.
    InitError(Failure),
    /// Its time is over.
    TimedOut,
    /// Nobody needs it.
    Unneeded,
}

impl Owner {
    async fn run(
        mut self,
        listener: TcpListener,
        first: Job,
        mut jobs: mpsc::Receiver<Job>,
        mut stopping: watch::Receiver<bool>,
    ) {
        let (calls, mut asked) = mpsc::channel(1);
        let api = tokio::spawn(runtime_api::serve(listener, calls));
        self.work = Some(Work { job: first, since: Instant::now(), is_begun: false });
        let mut idle_since = Instant::now();
        let end = loop {
            let deadline = self.deadline(idle_since);
            let was_working = self.work.is_some();
            tokio::select! {
                Some(call) = asked.recv() => if let Some(end) = self.hear(call).await { break end },
                status = self.child.wait() => break End::Exited(status),
                job = jobs.recv(), if !was_working => match job {
                    Some(job) => self.accept(job),
                    None => break End::Unneeded,
                },
                () = told_to_stop(&mut stopping) => break End::Unneeded,
                () = sleep_until(deadline) => break if was_working { End::TimedOut } else { End::Unneeded },
            }
            self.hand_over();
            if was_working && self.work.is_none() {
                idle_since = Instant::now();
            }
        };
        // Nobody may give it another event while it is being ended.
        drop(jobs);
        api.abort();
        self.finish(end).await;
    }

    fn deadline(&self, idle_since: Instant) -> Instant {
        match &self.work {
            Some(work) if work.is_begun => work.since + work.job.timeout,
            Some(work) => work.since + INIT_MAX + work.job.timeout,
            None => idle_since + IDLE_MAX,
        }
    }

    fn accept(&mut self, job: Job) {
        self.output.begin(&job.request_id);
        self.tell(true);
        self.work = Some(Work { job, since: Instant::now(), is_begun: false });
    }

    /// Gives the process the event it asks for.
    fn hand_over(&mut self) {
        let Some(work) = self.work.as_mut().filter(|work| !work.is_begun) else { return };
        let Some(asking) = self.asking.take() else { return };
        let deadline = self.clock.now().milliseconds().saturating_add_unsigned(milliseconds(work.job.timeout));
        let event = Event { headers: work.job.headers(deadline), body: work.job.event.clone() };
        if asking.send(event).is_ok() {
            (work.since, work.is_begun) = (Instant::now(), true);
            // Nobody reads it again.
            work.job.event = Bytes::new();
        }
    }

    /// What the process asks or tells.
    async fn hear(&mut self, call: Call) -> Option<End> {
        match call {
            // One that asks for more before it has answered is not heard: its call ends without an event.
            Call::Next(asking) => {
                if self.work.as_ref().is_none_or(|work| !work.is_begun) {
                    if self.init.is_none() && self.asking.is_none() {
                        self.init = Some(self.started.elapsed());
                    }
                    self.asking = Some(asking);
                }
            }
            Call::Response { id, result, taken } => {
                if self.is_at(&id, taken) {
                    self.answer(result.map_err(|TooLarge| response_too_large()), true).await;
                }
            }
            Call::Error { id, error, taken } => {
                if self.is_at(&id, taken) {
                    self.answer(Err(Failure::of(error)), true).await;
                }
            }
            Call::InitError { error, taken } => {
                // Once it has begun to take events, it is too late for this.
                let is_starting = self.init.is_none();
                let _ = taken.send(is_starting);
                return is_starting.then(|| End::InitError(Failure::of(error)));
            }
        }
        None
    }

    /// Whether what the process tells is about the event it has; says so to the process.
    fn is_at(&self, id: &str, taken: oneshot::Sender<bool>) -> bool {
        let is_at = self.work.as_ref().is_some_and(|work| work.is_begun && work.job.request_id == id);
        let _ = taken.send(is_at);
        is_at
    }

    /// Tells whoever waits for the event.
    async fn answer(&mut self, result: Result<Bytes, Failure>, alive: bool) {
        let Some(Work { job, since, .. }) = self.work.take() else { return };
        let duration = since.elapsed();
        let tail = if job.wants_tail { self.output.tail().await } else { Vec::new() };
        let init = self.init.replace(Duration::ZERO).filter(|init| !init.is_zero());
        self.output.end(&job.request_id, &result, duration, init);
        self.tell(false);
        // Whoever gave up has nobody to tell.
        let _ = job.done.send(Done { result, tail, duration, init, alive });
    }

    /// Tells whoever watches the process whether it works.
    fn tell(&self, works: bool) {
        if let Some(lifeline) = &self.lifeline {
            lifeline.tell(works);
        }
    }

    /// Ends the process and what it started, and fails the event it had.
    async fn finish(mut self, end: End) {
        self.kill().await;
        if let Some(room) = self.room.take() {
            // It may hold many files.
            tokio::task::spawn_blocking(move || drop(room));
        }
        let Some(work) = &self.work else { return };
        // One that was ready before, and ended before it saw this event, leaves the event to another process.
        if matches!(end, End::Exited(_)) && !work.is_begun && self.init.is_some() {
            return;
        }
        let id = &work.job.request_id;
        let failure = match end {
            End::InitError(failure) => failure,
            End::Exited(status) => {
                Failure::new("Runtime.ExitError", format!("RequestId: {id} Error: {}", told(&status)))
            }
            End::TimedOut => {
                let seconds = work.job.timeout.as_secs_f64();
                let message = format!("RequestId: {id} Error: Task timed out after {seconds:.2} seconds");
                Failure::new("Sandbox.Timedout", message)
            }
            End::Unneeded => Failure::new("Runtime.ExitError", format!("RequestId: {id} Error: Runtime was stopped")),
        };
        self.answer(Err(failure), false).await;
    }

    async fn kill(&mut self) {
        // Whoever watches the process ends it and all that it started, and is the last to go.
        if self.lifeline.take().is_some() && tokio::time::timeout(END_MAX, self.child.wait()).await.is_ok() {
            return;
        }
        if let Some(group) = self.group {
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.child.wait().await;
    }
}

impl Job {
    fn headers(&self, deadline_milliseconds: i64) -> HeaderMap {
        let deadline = deadline_milliseconds.to_string();
        let texts = [
            ("lambda-runtime-aws-request-id", Some(&*self.request_id)),
            ("lambda-runtime-deadline-ms", Some(&*deadline)),
            ("lambda-runtime-invoked-function-arn", Some(&*self.arn)),
            ("lambda-runtime-trace-id", Some(&*self.trace_id)),
            ("lambda-runtime-client-context", self.client_context.as_deref()),
        ];
        let header =
            |(name, text): (_, Option<&str>)| Some((HeaderName::from_static(name), HeaderValue::from_str(text?).ok()?));
        texts.into_iter().filter_map(header).collect()
    }
}

/// Starts a process with nobody between. It is in a group of its own, so that what it starts ends with it.
fn unguarded(task: &Task) -> io::Result<Child> {
    let mut command = Command::new(&task.program);
    command.args(&task.arguments).current_dir(&task.folder).env_clear();
    command.envs(task.environment.iter().map(|(name, value)| (name, value)));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.process_group(0).kill_on_drop(true).spawn()
}

/// Returns when everything is to end.
pub(super) async fn told_to_stop(stopping: &mut watch::Receiver<bool>) {
    // One who is gone says stop as well.
    let _ = stopping.wait_for(|stopping| *stopping).await;
}

fn response_too_large() -> Failure {
    let message = format!("Response payload size exceeded maximum allowed payload size ({EVENT_BYTES_MAX} bytes).");
    Failure::new("Function.ResponseSizeTooLarge", message)
}

/// A process's end in the words of Lambda's own supervisor.
fn told(status: &io::Result<ExitStatus>) -> String {
    match status {
        Ok(status) => match (status.code(), status.signal()) {
            (Some(0), _) => "Runtime exited without providing a reason".to_owned(),
            (Some(code), _) => format!("Runtime exited with error: exit status {code}"),
            (None, Some(signal)) => format!("Runtime exited with error: signal: {}", signal_name(signal)),
            (None, None) => "Runtime exited".to_owned(),
        },
        Err(error) => format!("Runtime exited with error: {error}"),
    }
}

fn signal_name(signal: i32) -> String {
    match signal {
        4 => "illegal instruction".to_owned(),
        6 => "aborted".to_owned(),
        7 => "bus error".to_owned(),
        9 => "killed".to_owned(),
        11 => "segmentation fault".to_owned(),
        15 => "terminated".to_owned(),
        other => other.to_string(),
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
