//! `cargo xtask compat`: real clients drive the real binary, and the coverage page is made from what they proved.

mod coverage;

use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::generate;
use crate::project::{cargo, command, has_program, root, run as start};
use crate::python::{Python, install_when_changed};
use crate::stages::Stages;

/// Drives the binary with real clients.
#[derive(Default, clap::Args)]
pub(crate) struct Arguments {
    /// Write docs/coverage.md instead of checking that it is up to date
    #[arg(long)]
    write: bool,
    /// Run only the Python tests, with these arguments for pytest
    #[arg(long, num_args = 0.., allow_hyphen_values = true, value_name = "ARGUMENT")]
    python: Option<Vec<String>>,
    /// Run only the JavaScript tests whose file name contains this
    #[arg(long, value_name = "PART")]
    node: Option<String>,
    /// Run only the tutorials whose name contains this
    #[arg(long, value_name = "PART")]
    tutorial: Option<String>,
}

/// Programs that the tests start, beside what the package clients install.
const PROGRAMS: &[(&str, &str)] = &[
    ("python3", "runs boto3, the AWS CLI, requests and PyJWT"),
    ("node", "runs the JavaScript clients; version 20 or newer"),
    ("npm", "installs the JavaScript clients"),
    ("curl", "is one of the clients"),
    ("strace", "shows that writes are synced before they are acknowledged"),
    ("nginx", "asks about requests in front of a service, and is a backend"),
    ("openssl", "makes the certificate of a backend"),
    ("haproxy", "asks about requests in front of a service"),
    ("caddy", "asks about requests in front of a service"),
];

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let mut stages = Stages::default();
    add_stages(&mut stages, arguments)?;
    stages.finish()
}

/// The stages of `compat`, for this command and for `ci`.
pub(crate) fn add_stages(stages: &mut Stages, arguments: &Arguments) -> anyhow::Result<()> {
    check_programs()?;
    let files = Files::new()?;
    let everything = [&arguments.node, &arguments.tutorial].iter().all(|it| it.is_none()) && arguments.python.is_none();
    // With all targets, so that it is the very build of `test`: cargo gives a binary built alone other dependencies.
    stages.run("binary", || start(&mut cargo(&["build", "--workspace", "--all-targets", "--quiet"])));
    if everything || arguments.python.is_some() {
        stages.run("Python clients: install", || Python::ready().map(|_| ()));
        stages.run("Python clients", || files.run_python(arguments.python.as_deref().unwrap_or_default()));
    }
    if everything || arguments.node.is_some() {
        stages.run("JavaScript clients: install", || files.install_node());
        stages.run("JavaScript clients", || files.run_node(arguments.node.as_deref().unwrap_or_default()));
    }
    if everything || arguments.tutorial.is_some() {
        for script in scripts(arguments.tutorial.as_deref().unwrap_or_default())? {
            let name = script.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            stages.run(&format!("tutorial {name}"), || start(files.prepared(&mut Command::new(&script))));
        }
    }
    if everything && stages.all_passed() {
        stages.run("generated files", || generate::run(true));
        stages.run("coverage page", || coverage::update(&files.proofs, arguments.write));
    }
    Ok(())
}

/// Has the Python clients call two nodes in turn that share this database.
pub(crate) fn on_nodes(store: &str) -> anyhow::Result<()> {
    Files::new()?.run_python_on(store)
}

/// Says which program is missing, if one is.
pub(crate) fn check_programs() -> anyhow::Result<()> {
    for (program, purpose) in PROGRAMS {
        if !has_program(program) {
            bail!("`{program}` is not on the path ({purpose}); install it and run this again");
        }
    }
    Ok(())
}

/// The scripts of tutorials: those that can be run by themselves.
fn scripts(part: &str) -> anyhow::Result<Vec<PathBuf>> {
    let folder = root().join("compat/tutorials");
    let mut scripts = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_run = path.extension() == Some(OsStr::new("sh")) && fs::read_to_string(&path)?.starts_with("#!");
        if is_run && name.contains(part) {
            scripts.push(path);
        }
    }
    if scripts.is_empty() {
        bail!("no tutorial has `{part}` in its name; {} has them all", folder.display());
    }
    scripts.sort();
    Ok(scripts)
}

/// Where the tests keep what they install and write.
struct Files {
    /// What passing tests prove, a line each.
    proofs: PathBuf,
    /// The table of forged tokens that the Python tests make and the JavaScript tests try again.
    forgeries: PathBuf,
    node: PathBuf,
}

impl Files {
    fn new() -> anyhow::Result<Self> {
        let kept = root().join("target/compat");
        fs::create_dir_all(&kept).with_context(|| format!("cannot create {}", kept.display()))?;
        let proofs = kept.join("proofs.jsonl");
        fs::write(&proofs, "").with_context(|| format!("cannot write {}", proofs.display()))?;
        Ok(Self { proofs, forgeries: kept.join("forgeries.json"), node: root().join("compat/node") })
    }

    fn install_node(&self) -> anyhow::Result<()> {
        install_when_changed(&self.node.join("package-lock.json"), &self.node.join("node_modules/installed"), || {
            start(command("npm", &["ci", "--no-audit", "--no-fund", "--ignore-scripts"]).current_dir(&self.node))
        })
    }

    fn run_python(&self, arguments: &[String]) -> anyhow::Result<()> {
        let mut pytest = Python::ready()?.program("python");
        let folder = root().join("compat/python");
        start(self.prepared(&mut pytest).args(["-m", "pytest"]).args(arguments).current_dir(folder))
    }

    fn run_node(&self, part: &str) -> anyhow::Result<()> {
        let mut tests: Vec<_> = fs::read_dir(&self.node)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
        tests.retain(|path| {
            let name = path.file_name().map(OsStr::to_string_lossy).unwrap_or_default();
            name.ends_with(".test.js") && name.contains(part)
        });
        tests.sort();
        let mut node = command("node", &["--test", "--test-reporter=spec"]);
        start(self.prepared(&mut node).args(tests).current_dir(&self.node))
    }

    /// Runs the Python tests against nodes that share this database.
    fn run_python_on(&self, store: &str) -> anyhow::Result<()> {
        let mut pytest = Python::ready()?.program("python");
        self.prepared(&mut pytest).env("CLAVIGER_NODES_ON", store).env_remove("CLAVIGER_PROOFS");
        start(pytest.args(["-m", "pytest"]).current_dir(root().join("compat/python")))
    }

    /// Tells the tests where things are, and keeps the AWS settings of whoever runs them out.
    fn prepared<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("AWS_") {
                command.env_remove(name);
            }
        }
        let none = self.node.join("no-such-file");
        command
            .env("CLAVIGER_BINARY", root().join("target/debug/claviger"))
            .env("CLAVIGER_PROOFS", &self.proofs)
            .env("CLAVIGER_FORGERIES", &self.forgeries)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("NODE_NO_WARNINGS", "1")
            .env("AWS_CONFIG_FILE", &none)
            .env("AWS_SHARED_CREDENTIALS_FILE", &none)
            .env("AWS_EC2_METADATA_DISABLED", "true")
    }
}
