//! What may be set of a function, when it is made and later.

use std::collections::BTreeMap;

use claviger_resources::Sealed;
use claviger_resources::function::Function;
use claviger_resources::limits::{
    FUNCTION_ENVIRONMENT_BYTES_MAX, FUNCTION_MEMORY_MIB_MAX, FUNCTION_TIMEOUT_SECONDS_MAX,
};
use claviger_runtime::functions::{is_reserved, is_run_here};
use claviger_runtime::vault::SealedFor;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::errors::Error;
use super::layer;
use crate::operation::Context;
use crate::services::Services;

/// Members that are kept and shown, and decide nothing here.
const KEPT: &[&str] = &[
    "Architectures",
    "DeadLetterConfig",
    "EphemeralStorage",
    "KMSKeyArn",
    "LoggingConfig",
    "SnapStart",
    "TracingConfig",
    "VpcConfig",
];
/// Members that would change what a function is, and are not served.
const REFUSED: &[&str] = &[
    "AcceleratorConfig",
    "CapacityProviderConfig",
    "CodeSigningConfigArn",
    "DurableConfig",
    "FileSystemConfigs",
    "ImageConfig",
    "PublishTo",
    "RuntimeConfig",
    "TenancyConfig",
];
/// The runtimes that Lambda has, deprecated ones included.
const RUNTIMES: &[&str] = &[
    "nodejs16.x",
    "nodejs18.x",
    "nodejs20.x",
    "nodejs22.x",
    "nodejs24.x",
    "nodejs26.x",
    "python3.8",
    "python3.9",
    "python3.10",
    "python3.11",
    "python3.12",
    "python3.13",
    "python3.14",
    "python3.15",
    "provided.al2",
    "provided.al2023",
    "java8.al2",
    "java11",
    "java17",
    "java21",
    "java25",
    "dotnet6",
    "dotnet8",
    "dotnet10",
    "ruby3.2",
    "ruby3.3",
    "ruby3.4",
    "ruby4.0",
];

/// Settings as a call gives them: what it leaves out stays as it is.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Settings {
    pub(super) role: Option<String>,
    pub(super) handler: Option<String>,
    pub(super) runtime: Option<String>,
    description: Option<String>,
    timeout: Option<u32>,
    memory_size: Option<u32>,
    environment: Option<Environment>,
    layers: Option<Vec<String>>,
    #[serde(flatten)]
    others: Map<String, Value>,
    /// The environment, once it is sealed.
    #[serde(skip)]
    sealed: Option<Sealed>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Environment {
    #[serde(default)]
    variables: BTreeMap<String, String>,
}

impl Settings {
    /// Holds the settings to what Lambda demands beyond shapes, and seals the environment for the function with this ARN.
    pub(super) fn prepare(&mut self, services: &Services, arn: &str) -> Result<(), Error> {
        self.check()?;
        if let Some(environment) = self.environment.take() {
            let plain = serde_json::to_vec(&environment.variables).unwrap_or_default();
            let place = SealedFor::FunctionEnvironment(arn);
            self.sealed = Some(services.vault.seal(place, &plain, &mut *services.random())?);
        }
        Ok(())
    }

    fn check(&self) -> Result<(), Error> {
        let is_given = |name: &&&str| self.others.get(**name).is_some_and(|value| *value != Value::Array(Vec::new()));
        if let Some(refused) = REFUSED.iter().find(is_given) {
            return Err(Error::invalid(format!("{refused} is not served here; leave it out.")));
        }
        if let Some(runtime) = &self.runtime {
            if !RUNTIMES.contains(&&**runtime) {
                return Err(Error::invalid(format!(
                    "Value {runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [{}] \
                     or be a valid ARN",
                    RUNTIMES.join(", ")
                )));
            }
            if !is_run_here(runtime) {
                tracing::warn!(runtime, "functions of this runtime are kept, but run only behind a URL");
            }
        }
        layer::check_number(self.layers.as_deref().unwrap_or_default())?;
        at_most("timeout", self.timeout, FUNCTION_TIMEOUT_SECONDS_MAX)?;
        at_most("memorySize", self.memory_size, FUNCTION_MEMORY_MIB_MAX)?;
        self.environment.as_ref().map_or(Ok(()), check_environment)
    }

    /// Takes the settings over.
    pub(super) async fn apply(&self, cx: &mut Context<'_>, function: &mut Function) -> Result<(), Error> {
        if let Some(layers) = &self.layers {
            function.layers = layer::used(cx, layers).await?;
        }
        for (given, place) in [
            (&self.role, &mut function.role),
            (&self.handler, &mut function.handler),
            (&self.runtime, &mut function.runtime),
            (&self.description, &mut function.description),
        ] {
            if let Some(given) = given {
                given.clone_into(place);
            }
        }
        function.timeout_seconds = self.timeout.unwrap_or(function.timeout_seconds);
        function.memory_mib = self.memory_size.unwrap_or(function.memory_mib);
        if let Some(sealed) = &self.sealed {
            function.environment = Some(sealed.clone());
        }
        let kept = self.others.iter().filter(|(name, _)| KEPT.contains(&name.as_str()));
        function.configuration.extend(kept.map(|(name, value)| (name.clone(), value.clone())));
        Ok(())
    }
}

fn at_most(member: &str, value: Option<u32>, maximum: u32) -> Result<(), Error> {
    match value {
        Some(value) if value > maximum => Err(Error::Validation(format!(
            "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: Member must have \
             value less than or equal to {maximum}"
        ))),
        _ => Ok(()),
    }
}

fn check_environment(environment: &Environment) -> Result<(), Error> {
    let reserved: Vec<&str> =
        environment.variables.keys().map(String::as_str).filter(|name| is_reserved(name)).collect();
    if !reserved.is_empty() {
        return Err(Error::invalid(format!(
            "Lambda was unable to configure your environment variables because the environment variables you have provided \
             contains reserved keys that are currently not supported for modification. Reserved keys used in this request: {}",
            reserved.join(", ")
        )));
    }
    let bytes: usize = environment.variables.iter().map(|(name, value)| name.len() + value.len()).sum();
    if bytes > FUNCTION_ENVIRONMENT_BYTES_MAX {
        // AWS repeats the variables; they are nothing to be read in an error.
        return Err(Error::invalid(
            "Lambda was unable to configure your environment variables because the environment variables you have provided \
             exceeded the 4KB limit.",
        ));
    }
    if environment.variables.values().any(|value| value.contains('\0')) {
        return Err(Error::invalid("Environment variables must not contain the character U+0000."));
    }
    Ok(())
}
