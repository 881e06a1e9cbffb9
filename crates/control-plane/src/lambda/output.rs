//! A function as callers see it.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use claviger_resources::Timestamp;
use claviger_resources::function::{Function, LATEST, UsedLayer};
use claviger_runtime::vault::{SealedFor, Vault};
use serde::Serialize;
use serde_json::{Value, json};

use super::errors::Error;

/// The configuration of a function.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct FunctionConfiguration {
    function_name: String,
    function_arn: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    runtime: String,
    role: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    handler: String,
    code_size: u64,
    description: String,
    timeout: u32,
    memory_size: u32,
    last_modified: String,
    code_sha256: String,
    version: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    vpc_config: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dead_letter_config: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<Environment>,
    #[serde(rename = "KMSKeyArn", skip_serializing_if = "Option::is_none")]
    kms_key_arn: Option<Value>,
    tracing_config: Value,
    revision_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    layers: Option<Vec<Value>>,
    state: &'static str,
    last_update_status: &'static str,
    package_type: &'static str,
    architectures: Value,
    ephemeral_storage: Value,
    snap_start: Value,
    logging_config: Value,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Environment {
    variables: BTreeMap<String, String>,
}

impl FunctionConfiguration {
    /// The configuration with its environment in clear, under the qualifier that the caller named.
    pub(super) fn of(function: &Function, vault: &Vault, qualifier: Option<&str>) -> Result<Self, Error> {
        let arn = function.arn();
        let qualifier = qualifier.or(Some(&*function.version).filter(|version| *version != LATEST));
        let kept = |member: &str| function.configuration.get(member);
        let environment = match &function.environment {
            None => None,
            Some(sealed) => {
                let opened = vault.open_sealed(SealedFor::FunctionEnvironment(&arn), sealed)?;
                Some(Environment { variables: serde_json::from_slice(opened.expose()).unwrap_or_default() })
            }
        };
        let layer =
            |layer: &UsedLayer| json!({ "Arn": layer.arn, "CodeSize": layer.code.map_or(0, |code| code.bytes) });
        let layers = (!function.layers.is_empty()).then(|| function.layers.iter().map(layer).collect());
        let snap_start = kept("SnapStart").and_then(|given| given.get("ApplyOn")).cloned();
        Ok(Self {
            function_name: function.name.to_string(),
            runtime: function.runtime.clone(),
            role: function.role.clone(),
            handler: function.handler.clone(),
            code_size: function.code.bytes,
            description: function.description.clone(),
            timeout: function.timeout_seconds,
            memory_size: function.memory_mib,
            last_modified: moment(function.last_modified),
            code_sha256: code_sha256(function),
            version: function.version.clone(),
            vpc_config: kept("VpcConfig").cloned(),
            dead_letter_config: kept("DeadLetterConfig").cloned(),
            environment,
            kms_key_arn: kept("KMSKeyArn").filter(|key| *key != "").cloned(),
            tracing_config: kept("TracingConfig").cloned().unwrap_or_else(|| json!({ "Mode": "PassThrough" })),
            revision_id: function.revision_id.clone(),
            layers,
            state: "Active",
            last_update_status: "Successful",
            package_type: "Zip",
            architectures: kept("Architectures").cloned().unwrap_or_else(|| json!(["x86_64"])),
            ephemeral_storage: kept("EphemeralStorage").cloned().unwrap_or_else(|| json!({ "Size": 512 })),
            snap_start: json!({ "ApplyOn": snap_start.unwrap_or_else(|| "None".into()), "OptimizationStatus": "Off" }),
            logging_config: logging(function),
            function_arn: qualifier.map_or_else(|| arn.clone(), |qualifier| format!("{arn}:{qualifier}")),
        })
    }
}

fn logging(function: &Function) -> Value {
    let mut logging = json!({ "LogFormat": "Text", "LogGroup": format!("/aws/lambda/{}", function.name) });
    let given = function.configuration.get("LoggingConfig").and_then(Value::as_object);
    if let (Some(given), Some(logging)) = (given, logging.as_object_mut()) {
        logging.extend(given.iter().map(|(name, value)| (name.clone(), value.clone())));
    }
    logging
}

/// The digest of a function's code, as callers see it.
pub(super) fn code_sha256(function: &Function) -> String {
    STANDARD.encode(function.code.sha256.as_bytes())
}

/// `2024-03-27T09:14:35.000+0000`.
pub(super) fn moment(time: Timestamp) -> String {
    let utc = time.utc();
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}+0000",
        utc.year(),
        u8::from(utc.month()),
        utc.day(),
        utc.hour(),
        utc.minute(),
        utc.second(),
        utc.millisecond()
    )
}
