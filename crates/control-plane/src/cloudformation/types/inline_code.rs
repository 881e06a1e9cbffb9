//! Code that a template has as text: one file in a zip, beside the module by which functions answer CloudFormation.

use std::io::{Cursor, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::failure::HandlerFailure;

/// What a function answers CloudFormation with, for Node.js (AWS CloudFormation, "cfn-response module").
const NODE: &str = include_str!("cfn-response.js");
/// The same for Python.
const PYTHON: &str = include_str!("cfnresponse.py");

/// A zip of the text, in base64.
pub(super) fn zip(text: &str, runtime: &str) -> Result<String, HandlerFailure> {
    let files = match runtime {
        _ if runtime.starts_with("nodejs") => [("index.js", text), ("cfn-response.js", NODE)],
        _ if runtime.starts_with("python") => [("index.py", text), ("cfnresponse.py", PYTHON)],
        _ => {
            return Err(HandlerFailure::unsupported(format!(
                "#/Code/ZipFile: code can be written into a template for nodejs and python only, not for {runtime}"
            )));
        }
    };
    let written = || -> Result<Vec<u8>, Box<dyn std::error::Error>> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in files {
            zip.start_file(name, SimpleFileOptions::default().unix_permissions(0o644))?;
            zip.write_all(content.as_bytes())?;
        }
        Ok(zip.finish()?.into_inner())
    };
    let zip = written().map_err(|error| HandlerFailure::unsupported(format!("#/Code/ZipFile: {error}")))?;
    Ok(STANDARD.encode(zip))
}
