//! The two settings of the pre token generation trigger: `PreTokenGeneration`, the older one, and
//! `PreTokenGenerationConfig` (Amazon Cognito API reference, `LambdaConfigType`).

use serde_json::json;

use super::configuration::{Configuration, fill, text};
use super::errors::Error;

const OLDER: [&str; 2] = ["LambdaConfig", "PreTokenGeneration"];
const NEWER: [&str; 3] = ["LambdaConfig", "PreTokenGenerationConfig", "LambdaArn"];

/// Refuses two settings that name two functions.
pub(super) fn check(configuration: &Configuration) -> Result<(), Error> {
    match (text(configuration, &OLDER), text(configuration, &NEWER)) {
        (Some(older), Some(newer)) if older != newer => Err(Error::PreTokenGenerationDiffers),
        _ => Ok(()),
    }
}

/// Shows the function under both settings, whichever was given: they have the same value.
pub(super) fn mirror(configuration: &mut Configuration) {
    if let Some(arn) = text(configuration, &NEWER).map(str::to_owned) {
        fill(configuration, json!({"LambdaConfig": {"PreTokenGeneration": arn}}));
    } else if let Some(arn) = text(configuration, &OLDER).map(str::to_owned) {
        let config = json!({"LambdaVersion": "V1_0", "LambdaArn": arn});
        fill(configuration, json!({"LambdaConfig": {"PreTokenGenerationConfig": config}}));
    }
}
