//! Code as a call brings it, or names it as an object of S3: a zip, taken to disk before any transaction begins.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use claviger_aws_protocol::failure::Failure;
use claviger_resources::function::Code;
use claviger_resources::limits::FUNCTION_ZIP_BYTES_MAX;
use serde::Deserialize;

use super::errors::Error;
use crate::operation::Caller;
use crate::s3;
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
pub(super) async fn keep(services: &Services, caller: &Caller, code: &mut FunctionCode) -> Result<Code, Error> {
    if code.image_uri.is_some() {
        return Err(Error::invalid(
            "Container images are not run here; start the image yourself and name its URL with --function ARN=URL.",
        ));
    }
    let zip: Bytes = match (code.zip_file.take(), &code.s3_bucket, &code.s3_key) {
        // That it is base64 was checked with the shape.
        (Some(text), None, None) => STANDARD.decode(&text).unwrap_or_default().into(),
        (Some(_), ..) => {
            let message = "Please do not provide other FunctionCode parameters when providing a ZipFile.";
            return Err(Error::invalid(message));
        }
        (None, Some(bucket), Some(key)) => in_s3(services, caller, bucket, key).await?,
        (None, ..) => return Err(Error::invalid("Please provide a source for function code.")),
    };
    if zip.is_empty() {
        return Err(Error::invalid("Uploaded file must be a non-empty zip"));
    }
    if zip.len() > FUNCTION_ZIP_BYTES_MAX {
        return Err(Error::invalid(format!("Zipped size must be smaller than {FUNCTION_ZIP_BYTES_MAX} bytes")));
    }
    let store = services.functions.code().ok_or(Error::NotRun)?;
    store.keep(zip).await.map_err(Error::of_code)
}

/// A zip that is an object. S3's refusal is told in Lambda's words.
async fn in_s3(services: &Services, caller: &Caller, bucket: &str, key: &str) -> Result<Bytes, Error> {
    s3::code::read(services, caller, bucket, key, FUNCTION_ZIP_BYTES_MAX).await.map_err(|error| match error {
        s3::Error::EntityTooLarge => {
            Error::invalid(format!("Zipped size must be smaller than {FUNCTION_ZIP_BYTES_MAX} bytes"))
        }
        error => {
            let failure = Failure::from(error);
            let (code, message) = (failure.code, failure.message);
            let message = format!("Error occurred while GetObject. S3 Error Code: {code}. S3 Error Message: {message}");
            Error::invalid(message)
        }
    })
}
