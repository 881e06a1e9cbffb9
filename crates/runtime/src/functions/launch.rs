//! What a function's process is started with: the program that its runtime needs, and an environment in which nothing of
//! the server's own stands but `PATH`.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use claviger_resources::function::{CodeSha256, Function};
use tokio::process::Command;
use tokio::sync::OnceCell;

use super::code::{CodeError, CodeStore};
use super::guard::{Reach, Task, User, around};
use super::layers;
use super::quarters::{Quarters, Room, is_open_to_all};
use crate::temporary_credentials::TemporaryCredentials;

/// Our own client of the Runtime API for Node.js.
const NODE_CLIENT: &str = include_str!("clients/node.cjs");
/// The same for Python.
const PYTHON_CLIENT: &str = include_str!("clients/python.py");
/// Bytes of a MiB.
const MIB: u64 = 1024 * 1024;
/// How long an interpreter may take to say where it is.
const PROBE_MAX: Duration = Duration::from_secs(10);

/// What functions are told about the node.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// Variables by which languages find what Lambda brings along for them, as its SDKs.
    pub libraries: Vec<(&'static str, OsString)>,
    /// Where interpreters are looked for.
    pub path: OsString,
    /// The server's own URL, for the SDKs in functions.
    pub endpoint: Option<String>,
    /// The server's own program, which is started as `PROGRAM run-function` to keep functions apart and within their bounds.
    /// Without it they run as any program that the server starts, which is for tests of what is beside that.
    pub program: Option<PathBuf>,
}

/// Prepares the processes of functions.
pub(super) struct Launcher {
    surroundings: Surroundings,
    /// Found when the first function is to run.
    quarters: OnceCell<Quarters>,
    /// The interpreters that were found, by the name that was looked for.
    interpreters: Mutex<HashMap<String, Found>>,
}

/// What a process is told of itself.
pub(super) struct Own {
    /// The function's variables.
    pub(super) environment: BTreeMap<String, String>,
    /// What its role lets it do.
    pub(super) credentials: Option<TemporaryCredentials>,
    /// Where it would log.
    pub(super) log_stream: String,
}

/// What it takes to start a process.
pub(super) struct Launch {
    /// What is to run.
    pub(super) task: Task,
    /// Where it may write.
    pub(super) room: Option<Room>,
    /// The server's program, which is to stand before it.
    pub(super) guard: Option<PathBuf>,
}

/// Why a function cannot be started; for those who call it.
#[derive(Debug, thiserror::Error)]
pub(super) enum LaunchError {
    #[error(
        "the runtime {0} is not run here; nodejs, python and provided are, and any other behind a URL: --function ARN=URL"
    )]
    Runtime(String),
    #[error("{program} does not start from the PATH of the server; install {product}, which runs {runtime}")]
    NoInterpreter { program: &'static str, product: &'static str, runtime: String },
    #[error(
        "{program} stands where only the server's user may go ({place}), and functions run as users of their own; install \
         {product} for everyone, or run the server as another user than root"
    )]
    NotForAll { program: &'static str, product: &'static str, place: String },
    #[error("its code cannot be had: {0}")]
    Code(#[from] CodeError),
    #[error("there is no room for its process: {0}")]
    NoRoom(#[from] io::Error),
    #[error("Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]")]
    NoBootstrap,
}

/// A family of runtimes and what runs it.
enum Family {
    Node,
    Python,
    Provided,
}

/// Where an interpreter is, and the folders it brings.
#[derive(Clone)]
struct Found {
    program: PathBuf,
    folders: Vec<PathBuf>,
}

/// A program that runs functions, and how it is asked where it is.
struct Interpreter {
    program: &'static str,
    product: &'static str,
    arguments: [&'static str; 2],
}

const NODE: Interpreter = Interpreter { program: "node", product: "Node.js", arguments: ["-p", "process.execPath"] };
const PYTHON: Interpreter = Interpreter { program: "python3", product: "Python 3", arguments: ["-c", PYTHON_PLACES] };
/// Of a virtual environment, the library stands elsewhere.
const PYTHON_PLACES: &str = "import sys; print(sys.executable); print(sys.base_prefix)";

impl Family {
    fn of(runtime: &str) -> Option<Self> {
        [("nodejs", Self::Node), ("python", Self::Python), ("provided", Self::Provided)]
            .into_iter()
            .find_map(|(prefix, family)| runtime.starts_with(prefix).then_some(family))
    }
}

/// Whether functions of a runtime can be run here.
pub fn is_run_here(runtime: &str) -> bool {
    Family::of(runtime).is_some()
}

impl Launcher {
    pub(super) fn new(surroundings: Surroundings) -> Self {
        Self { surroundings, quarters: OnceCell::new(), interpreters: Mutex::default() }
    }

    /// What it takes to start a process of a function.
    pub(super) async fn launch(&self, function: &Function, own: &Own, code: &CodeStore) -> Result<Launch, LaunchError> {
        let quarters = self.quarters(code).await?;
        let task_root = code.unpacked(function.code.sha256).await?;
        let mut layers = Vec::new();
        for layer in function.layers.iter().filter_map(|layer| layer.code) {
            layers.push((layer.sha256, code.unpacked(layer.sha256).await?));
        }
        let runtime = &*function.runtime;
        let (program, arguments) = match Family::of(runtime).ok_or_else(|| LaunchError::Runtime(runtime.to_owned()))? {
            Family::Node => {
                let client = code.companion("node-client.cjs", NODE_CLIENT).await?;
                (self.interpreter(&NODE, runtime).await?, vec![client])
            }
            Family::Python => {
                let client = code.companion("python_client.py", PYTHON_CLIENT).await?;
                (self.interpreter(&PYTHON, runtime).await?, vec![client])
            }
            Family::Provided => {
                let folders = std::iter::once(&task_root).chain(layers.iter().rev().map(|(_, layer)| layer));
                let program = folders.map(|folder| folder.join("bootstrap")).find(|program| is_executable(program));
                let program = program.ok_or(LaunchError::NoBootstrap)?;
                (Found { program, folders: Vec::new() }, Vec::new())
            }
        };
        let mut task = Task {
            program: program.program,
            arguments,
            environment: self.environment(function, own, &task_root, &layers),
            folder: task_root,
            memory_bytes: u64::from(function.memory_mib) * MIB,
            file_bytes: u64::from(function.storage_mib()) * MIB,
            user: None,
            reach: None,
        };
        let room = match quarters {
            Some(quarters) => {
                let folders = program.folders.into_iter().chain(self.library_folders()).collect();
                Some(move_in(&mut task, folders, &layers, quarters, function, code)?)
            }
            None => None,
        };
        Ok(Launch { task, room, guard: self.surroundings.program.clone() })
    }

    /// Where the libraries are.
    fn library_folders(&self) -> impl Iterator<Item = PathBuf> {
        self.surroundings.libraries.iter().flat_map(|(_, folders)| std::env::split_paths(folders))
    }

    /// Where processes live; `None` where they are not kept apart at all.
    async fn quarters(&self, code: &CodeStore) -> Result<Option<&Quarters>, LaunchError> {
        if self.surroundings.program.is_none() {
            return Ok(None);
        }
        let find = || async {
            let quarters = Quarters::find()?;
            if let Some(folder) = quarters.unpacked_for_all() {
                code.unpack_in(folder);
            }
            Ok::<_, LaunchError>(quarters)
        };
        self.quarters.get_or_try_init(find).await.map(Some)
    }

    /// Forgets what belongs to code that is not there any more.
    pub(super) fn sweep(&self) {
        if let Some(quarters) = self.quarters.get() {
            quarters.sweep();
        }
    }

    fn environment(
        &self,
        function: &Function,
        own: &Own,
        root: &Path,
        layers: &[(CodeSha256, PathBuf)],
    ) -> Vec<(OsString, OsString)> {
        let mut all = BTreeMap::from([
            ("PATH".to_owned(), self.surroundings.path.clone()),
            ("LANG".to_owned(), "en_US.UTF-8".into()),
            ("TZ".to_owned(), ":UTC".into()),
        ]);
        let libraries = self.surroundings.libraries.iter();
        all.extend(libraries.map(|(name, folders)| ((*name).to_owned(), folders.clone())));
        all.extend(self.surroundings.endpoint.iter().map(|url| ("AWS_ENDPOINT_URL".to_owned(), url.into())));
        // A function may say otherwise in those, but not in what follows.
        all.extend(own.environment.iter().map(|(name, value)| (name.clone(), value.into())));
        let layers: Vec<PathBuf> = layers.iter().map(|(_, folder)| folder.clone()).collect();
        let searches = layers::variables(&layers, &function.runtime, |name| all.get(name).cloned());
        all.extend(searches.into_iter().map(|(name, value)| (name.to_owned(), value)));
        all.extend(variables(function, own, root).into_iter().map(|(name, value)| (name.to_owned(), value)));
        all.into_iter().map(|(name, value)| (name.into(), value)).collect()
    }

    /// The interpreter for a runtime: one of that very name, as `python3.12`, else any of its family. It is asked where it is
    /// itself: what stands on the path may be a script that looks for it each time.
    async fn interpreter(&self, interpreter: &Interpreter, runtime: &str) -> Result<Found, LaunchError> {
        let has_own_users = self.quarters.get().is_some_and(Quarters::has_own_users);
        let mut closed = None;
        for name in [runtime, interpreter.program] {
            if let Some(found) = self.found().get(name) {
                return Ok(found.clone());
            }
            for folder in std::env::split_paths(&self.surroundings.path) {
                let Some(found) = self.probe(&folder.join(name), &interpreter.arguments).await else { continue };
                if has_own_users && !is_open_to_all(&found.program) {
                    closed.get_or_insert(found.program);
                    continue;
                }
                self.found().insert(name.to_owned(), found.clone());
                return Ok(found);
            }
        }
        let Interpreter { program, product, .. } = *interpreter;
        Err(match closed {
            Some(place) => LaunchError::NotForAll { program, product, place: place.display().to_string() },
            None => LaunchError::NoInterpreter { program, product, runtime: runtime.to_owned() },
        })
    }

    fn found(&self) -> MutexGuard<'_, HashMap<String, Found>> {
        self.interpreters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn probe(&self, program: &Path, arguments: &[&str]) -> Option<Found> {
        if !is_executable(program) {
            return None;
        }
        let mut command = Command::new(program);
        command.args(arguments).env_clear().env("PATH", &self.surroundings.path);
        command.stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        let output = tokio::time::timeout(PROBE_MAX, command.output()).await.ok()?.ok()?;
        let told = String::from_utf8(output.stdout).ok()?;
        let mut places = told.lines().map(|line| PathBuf::from(line.trim()));
        let found = Found { program: places.next()?, folders: places.collect() };
        (output.status.success() && is_executable(&found.program)).then_some(found)
    }
}

/// Gives a task a place to live in.
fn move_in(
    task: &mut Task,
    libraries: Vec<PathBuf>,
    layers: &[(CodeSha256, PathBuf)],
    quarters: &Quarters,
    function: &Function,
    code: &CodeStore,
) -> Result<Room, LaunchError> {
    let room = quarters.room()?;
    let mut groups: Vec<u32> = room.user.iter().map(|user| user.id).collect();
    groups.extend(quarters.open_code(&task.folder, function.code.sha256)?);
    for (layer, folder) in layers {
        groups.extend(quarters.open_code(folder, *layer)?);
    }
    task.user = room.user.as_ref().map(|user| User { id: user.id, groups });
    if quarters.is_sandbox() {
        let kept = [code.kept_in(), quarters.scratch()];
        let is_open = |folder: &PathBuf| folder.is_absolute() && !kept.iter().any(|kept| kept.starts_with(folder));
        let read = [task.folder.clone()].into_iter().chain(task.arguments.iter().cloned());
        let read = read.chain(layers.iter().map(|(_, folder)| folder.clone()));
        let read = read.chain(around(&task.program, &kept)).chain(libraries.into_iter().filter(is_open)).collect();
        task.reach = Some(Reach { read, write: vec![room.folder.path().to_owned()] });
    }
    task.environment.push(("TMPDIR".into(), room.folder.path().into()));
    Ok(room)
}

/// Lambda's own variables (AWS Lambda, "Defined runtime environment variables"). A function whose role is none gets
/// placeholders: the access key id tells the account, as that of any caller does here.
fn variables(function: &Function, own: &Own, root: &Path) -> Vec<(&'static str, OsString)> {
    let (name, region) = (function.name.as_str(), function.tenant.region.as_str());
    let [key, secret, token] = match &own.credentials {
        Some(credentials) => {
            let (secret, token) = (&credentials.secret_access_key, &credentials.session_token);
            [credentials.access_key_id.as_str(), secret.expose(), token.expose()]
        }
        None => [function.tenant.account.as_str(), "placeholder", "placeholder"],
    };
    vec![
        ("_HANDLER", (&*function.handler).into()),
        ("LAMBDA_TASK_ROOT", root.into()),
        ("LAMBDA_RUNTIME_DIR", root.parent().unwrap_or(root).into()),
        ("AWS_EXECUTION_ENV", format!("AWS_Lambda_{}", function.runtime).into()),
        ("AWS_LAMBDA_FUNCTION_NAME", name.into()),
        ("AWS_LAMBDA_FUNCTION_VERSION", (&*function.version).into()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", function.memory_mib.to_string().into()),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".into()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{name}").into()),
        ("AWS_LAMBDA_LOG_STREAM_NAME", (&*own.log_stream).into()),
        ("AWS_REGION", region.into()),
        ("AWS_DEFAULT_REGION", region.into()),
        ("AWS_ACCESS_KEY_ID", key.into()),
        ("AWS_SECRET_ACCESS_KEY", secret.into()),
        ("AWS_SESSION_TOKEN", token.into()),
    ]
}

/// Names of variables that a function cannot set (same page).
pub fn is_reserved(name: &str) -> bool {
    matches!(
        name,
        "_HANDLER"
            | "_X_AMZN_TRACE_ID"
            | "AWS_DEFAULT_REGION"
            | "AWS_REGION"
            | "AWS_EXECUTION_ENV"
            | "AWS_LAMBDA_FUNCTION_NAME"
            | "AWS_LAMBDA_FUNCTION_MEMORY_SIZE"
            | "AWS_LAMBDA_FUNCTION_VERSION"
            | "AWS_LAMBDA_INITIALIZATION_TYPE"
            | "AWS_LAMBDA_LOG_GROUP_NAME"
            | "AWS_LAMBDA_LOG_STREAM_NAME"
            | "AWS_LAMBDA_RUNTIME_API"
            | "AWS_ACCESS_KEY"
            | "AWS_ACCESS_KEY_ID"
            | "AWS_SECRET_ACCESS_KEY"
            | "AWS_SESSION_TOKEN"
            | "LAMBDA_TASK_ROOT"
            | "LAMBDA_RUNTIME_DIR"
    )
}

fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}
