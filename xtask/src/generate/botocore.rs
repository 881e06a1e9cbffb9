//! Where the service descriptions come from: the botocore package, of the version that the compatibility tests are pinned
//! to, so that every machine generates the same. A newer one is a commit of its own: the pins and what they change.

use anyhow::Context as _;

use super::description::Description;
use crate::project::output;
use crate::python::Python;

/// A Python that has the pinned botocore.
pub(super) struct Botocore {
    python: Python,
}

impl Botocore {
    pub(super) fn find() -> anyhow::Result<Self> {
        Ok(Self { python: Python::ready()? })
    }

    /// The Python.
    pub(super) fn python(&self) -> &Python {
        &self.python
    }

    /// A service's description.
    pub(super) fn description(&self, service: &str, version: &str) -> anyhow::Result<Description> {
        const PRINT: &str = "import json, sys, botocore.loaders\n\
            print(json.dumps(botocore.loaders.Loader().load_service_model(sys.argv[1], 'service-2', sys.argv[2])))";
        let json = output(self.python.program("python").args(["-c", PRINT, service, version]))?;
        serde_json::from_str(&json).with_context(|| format!("the description of {service} {version} reads differently"))
    }
}
