//! Templates on disk: read, looked through for what is wrong with them, and handed to the server.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use claviger_cloudformation_template::{Template, limits};

use super::api::Api;

/// A template on disk.
pub(super) struct Source {
    path: PathBuf,
    text: String,
    template: Template,
}

impl Source {
    /// Reads a template; what is wrong with its form is told with the line.
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("cannot read the template {}", path.display()))?;
        let template = Template::parse(&text).map_err(|error| {
            let line = error.line.map(|line| format!(":{line}")).unwrap_or_default();
            anyhow::anyhow!("{}{line}: {}", path.display(), error.message)
        })?;
        Ok(Self { path: path.to_owned(), text, template })
    }

    /// Where a resource is defined: file and line.
    pub(super) fn place_of(&self, logical_id: &str) -> String {
        let line = self.template.line_of(logical_id).map(|line| format!(":{line}")).unwrap_or_default();
        format!("{}{line}", self.path.display())
    }

    /// The names of its parameters.
    pub(super) fn parameters(&self) -> Vec<String> {
        self.template.summary().parameters.into_iter().map(|parameter| parameter.name.clone()).collect()
    }

    /// How a call names the template: by its text, or, when that is too long for a call, by its place in S3.
    pub(super) async fn parameter(&self, api: &Api) -> anyhow::Result<(String, String)> {
        if self.text.len() <= limits::TEMPLATE_BODY_BYTES_MAX {
            return Ok(("TemplateBody".to_owned(), self.text.clone()));
        }
        let bucket = format!("claviger-templates-{}", api.region());
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        let key: String = name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).collect();
        // It is there already but for the first time.
        api.put(&format!("/{bucket}"), bytes::Bytes::new()).await?;
        let status = api.put(&format!("/{bucket}/{key}"), self.text.clone().into()).await?;
        if !status.is_success() {
            bail!("the template could not be put into the bucket {bucket}: the server answered {status}");
        }
        Ok(("TemplateURL".to_owned(), format!("https://{bucket}.s3.amazonaws.com/{key}")))
    }
}
