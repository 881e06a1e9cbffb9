//! What a function's process is started with: the program that its runtime needs, and an environment in which nothing of
//! the server's own stands but `PATH`.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use claviger_resources::function::{Function, LATEST};
use tokio::process::Command;

use super::code::{CodeError, CodeStore};

/// Our own client of the Runtime API for Node.js.
const NODE_CLIENT: &str = include_str!("clients/node.cjs");
/// The same for Python.
const PYTHON_CLIENT: &str = include_str!("clients/python.py");
/// How long an interpreter may take to say where it is.
const PROBE_MAX: Duration = Duration::from_secs(10);

/// What functions are told about the node.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// Where interpreters are looked for.
    pub path: OsString,
    /// The server's own URL, for the SDKs in functions.
    pub endpoint: Option<String>,
}

/// Prepares the processes of functions.
pub(super) struct Launcher {
    surroundings: Surroundings,
    /// The interpreters that were found, by the name that was looked for.
    interpreters: Mutex<HashMap<String, PathBuf>>,
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
    #[error("its code cannot be had: {0}")]
    Code(#[from] CodeError),
    #[error("Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]")]
    NoBootstrap,
}

/// A family of runtimes and what runs it.
enum Family {
    Node,
    Python,
    Provided,
}

/// A program that runs functions, and how it is asked where it is.
struct Interpreter {
    program: &'static str,
    product: &'static str,
    arguments: [&'static str; 2],
}

const NODE: Interpreter = Interpreter { program: "node", product: "Node.js", arguments: ["-p", "process.execPath"] };
const PYTHON: Interpreter =
    Interpreter { program: "python3", product: "Python 3", arguments: ["-c", "import sys; print(sys.executable)"] };

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
        Self { surroundings, interpreters: Mutex::default() }
    }

    /// The command that starts a process of a function.
    pub(super) async fn command(
        &self,
        function: &Function,
        environment: &BTreeMap<String, String>,
        code: &CodeStore,
    ) -> Result<Command, LaunchError> {
        let root = code.unpacked(function.code.sha256).await?;
        let runtime = &*function.runtime;
        let mut command = match Family::of(runtime).ok_or_else(|| LaunchError::Runtime(runtime.to_owned()))? {
            Family::Node => {
                let client = code.companion("node-client.cjs", NODE_CLIENT).await?;
                let mut command = Command::new(self.interpreter(&NODE, runtime).await?);
                command.arg(client);
                command
            }
            Family::Python => {
                let client = code.companion("python_client.py", PYTHON_CLIENT).await?;
                let mut command = Command::new(self.interpreter(&PYTHON, runtime).await?);
                command.arg(client);
                command
            }
            Family::Provided => {
                let bootstrap = root.join("bootstrap");
                if !is_executable(&bootstrap) {
                    return Err(LaunchError::NoBootstrap);
                }
                Command::new(bootstrap)
            }
        };
        command
            .current_dir(&root)
            .env_clear()
            .env("PATH", &self.surroundings.path)
            .env("LANG", "en_US.UTF-8")
            .env("TZ", ":UTC")
            .envs(self.surroundings.endpoint.iter().map(|url| ("AWS_ENDPOINT_URL", url)))
            // A function may say otherwise in those, but not in what follows.
            .envs(environment)
            .envs(variables(function, &root))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Ok(command)
    }

    /// The interpreter for a runtime: one of that very name, as `python3.12`, else any of its family. It is asked where it is
    /// itself: what stands on the path may be a script that looks for it each time.
    async fn interpreter(&self, interpreter: &Interpreter, runtime: &str) -> Result<PathBuf, LaunchError> {
        for name in [runtime, interpreter.program] {
            if let Some(found) = self.found().get(name) {
                return Ok(found.clone());
            }
            if let Some(found) = self.probe(name, &interpreter.arguments).await {
                self.found().insert(name.to_owned(), found.clone());
                return Ok(found);
            }
        }
        let Interpreter { program, product, .. } = *interpreter;
        Err(LaunchError::NoInterpreter { program, product, runtime: runtime.to_owned() })
    }

    fn found(&self) -> MutexGuard<'_, HashMap<String, PathBuf>> {
        self.interpreters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn probe(&self, name: &str, arguments: &[&str]) -> Option<PathBuf> {
        let program = std::env::split_paths(&self.surroundings.path).map(|folder| folder.join(name));
        let program = program.into_iter().find(|program| is_executable(program))?;
        let mut command = Command::new(program);
        command.args(arguments).env_clear().env("PATH", &self.surroundings.path);
        command.stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        let output = tokio::time::timeout(PROBE_MAX, command.output()).await.ok()?.ok()?;
        let found = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim());
        (output.status.success() && is_executable(&found)).then_some(found)
    }
}

/// Lambda's own variables (AWS Lambda, "Defined runtime environment variables"). Credentials are placeholders: the access
/// key id tells the account, as that of any caller does here.
fn variables(function: &Function, root: &Path) -> Vec<(&'static str, OsString)> {
    let (name, region) = (function.name.as_str(), function.tenant.region.as_str());
    vec![
        ("_HANDLER", (&*function.handler).into()),
        ("LAMBDA_TASK_ROOT", root.into()),
        ("LAMBDA_RUNTIME_DIR", root.parent().unwrap_or(root).into()),
        ("AWS_EXECUTION_ENV", format!("AWS_Lambda_{}", function.runtime).into()),
        ("AWS_LAMBDA_FUNCTION_NAME", name.into()),
        ("AWS_LAMBDA_FUNCTION_VERSION", LATEST.into()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", function.memory_mib.to_string().into()),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".into()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{name}").into()),
        ("AWS_LAMBDA_LOG_STREAM_NAME", format!("[{LATEST}]{}", function.revision_id).into()),
        ("AWS_REGION", region.into()),
        ("AWS_DEFAULT_REGION", region.into()),
        ("AWS_ACCESS_KEY_ID", function.tenant.account.as_str().into()),
        ("AWS_SECRET_ACCESS_KEY", "placeholder".into()),
        ("AWS_SESSION_TOKEN", "placeholder".into()),
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
