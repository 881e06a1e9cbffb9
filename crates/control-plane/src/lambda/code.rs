//! Code as it comes with a call: a zip, taken to disk before any transaction begins.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use claviger_resources::function::Code;
use claviger_resources::limits::FUNCTION_ZIP_BYTES_MAX;
use serde::Deserialize;

use super::errors::Error;
use crate::services::Services;

/// Where a function's code is said to be.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct FunctionCode {
    zip_file: Option<String>,
    s3_bucket: Option<String>,
    s3_key: Option<String>,
    image_uri: Option<String>,
}

/// Takes a zip to disk. Its text is given up on the way.
pub(super) async fn keep(services: &Services, code: &mut FunctionCode) -> Result<Code, Error> {
    if code.image_uri.is_some() {
        return Err(Error::invalid(
            "Container images are not run here; start the image yourself and name its URL with --function ARN=URL.",
        ));
    }
    let is_in_s3 = code.s3_bucket.is_some() || code.s3_key.is_some();
    let Some(text) = code.zip_file.take() else {
        return Err(Error::invalid(if is_in_s3 {
            "Code in S3 is not served here; send it with the call, as ZipFile."
        } else {
            "Please provide a source for function code."
        }));
    };
    if is_in_s3 {
        return Err(Error::invalid("Please do not provide other FunctionCode parameters when providing a ZipFile."));
    }
    // That it is base64 was checked with the shape.
    let zip = STANDARD.decode(&text).unwrap_or_default();
    drop(text);
    if zip.is_empty() {
        return Err(Error::invalid("Uploaded file must be a non-empty zip"));
    }
    if zip.len() > FUNCTION_ZIP_BYTES_MAX {
        return Err(Error::invalid(format!("Zipped size must be smaller than {FUNCTION_ZIP_BYTES_MAX} bytes")));
    }
    let store = services.functions.code().ok_or(Error::NotRun)?;
    store.keep(zip.into()).await.map_err(Error::of_code)
}
