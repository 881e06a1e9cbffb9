//! Where the service descriptions come from: the botocore package, of one fixed version so that every machine generates
//! the same.

use std::path::PathBuf;

use anyhow::{Context as _, bail};

use super::description::Description;
use crate::project::{command, output, root, run};

/// The version the committed tables come from. A newer one is a commit of its own: this line and what it changes.
const VERSION: &str = "1.43.11";

/// A Python that has the right botocore.
pub(super) struct Botocore {
    python: PathBuf,
}

impl Botocore {
    /// The botocore of the Python on the path when its version fits, else one installed into the project's `.venv`.
    pub(super) fn find() -> anyhow::Result<Self> {
        let environment = root().join(".venv");
        let own = environment.join("bin/python3");
        for python in [PathBuf::from("python3"), own.clone()] {
            if version(&python).is_some_and(|version| version == VERSION) {
                return Ok(Self { python });
            }
        }
        eprintln!("botocore {VERSION} is not installed; installing it into .venv");
        if !own.exists() {
            let mut venv = command("python3", &["-m", "venv"]);
            run(venv.arg(&environment)).context("no virtual environment: Python 3 with its `venv` module is needed")?;
        }
        let package = format!("botocore=={VERSION}");
        run(&mut command(&own, &["-m", "pip", "install", "--quiet", "--disable-pip-version-check", &package]))
            .with_context(|| format!("no botocore {VERSION}: install it with `pip install {package}` and run again"))?;
        match version(&own) {
            Some(version) if version == VERSION => Ok(Self { python: own }),
            found => bail!("pip installed botocore {found:?} instead of {VERSION}"),
        }
    }

    /// A service's description.
    pub(super) fn description(&self, service: &str, version: &str) -> anyhow::Result<Description> {
        const PRINT: &str = "import json, sys, botocore.loaders\n\
            print(json.dumps(botocore.loaders.Loader().load_service_model(sys.argv[1], 'service-2', sys.argv[2])))";
        let json = output(&mut command(&self.python, &["-c", PRINT, service, version]))?;
        serde_json::from_str(&json).with_context(|| format!("the description of {service} {version} reads differently"))
    }
}

fn version(python: &PathBuf) -> Option<String> {
    let output = command(python, &["-c", "import botocore; print(botocore.__version__)"]).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
