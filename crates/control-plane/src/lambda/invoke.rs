//! Calling a function: `Invoke`.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use claviger_resources::limits::{ASYNCHRONOUS_EVENT_BYTES_MAX, EVENT_BYTES_MAX};
use claviger_runtime::functions::{Invocation, Invoker, Wishes};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::errors::Error;
use super::reference::Named;
use crate::operation::{Access, Caller, Procedure};
use crate::services::Services;

/// Calls a function.
pub struct Invoke;

/// How long a caller is kept waiting: longer than any function may take.
const DURATION_MAX: Duration = Duration::from_mins(20);
/// Bytes of what a caller may hand on about itself (AWS Lambda API, `Invoke`).
const CLIENT_CONTEXT_BYTES_MAX: usize = 3583;

/// The members of `Invoke`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct InvokeInput {
    function_name: String,
    #[serde(default)]
    invocation_type: InvocationType,
    log_type: Option<String>,
    client_context: Option<String>,
    payload: Option<String>,
    qualifier: Option<String>,
}

/// Whether the caller waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
enum InvocationType {
    #[default]
    RequestResponse,
    Event,
    DryRun,
}

/// What came of the call; what is not the payload travels in headers.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct InvokeOutput {
    status_code: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    function_error: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    log_result: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    executed_version: Option<String>,
}

impl Procedure for Invoke {
    const NAME: &'static str = "Invoke";
    const ACCESS: Access = Access::Write;
    type Input = InvokeInput;
    type Output = InvokeOutput;
    type Error = Error;

    async fn run(services: &Services, caller: &Caller, input: InvokeInput) -> Result<InvokeOutput, Error> {
        let tenant = caller.tenant();
        let named = Named::parse(&tenant, &input.function_name, input.qualifier.as_deref(), Self::NAME)?;
        let arn = named.qualified_arn(&tenant);
        let functions = &services.functions;
        if !functions.has(&arn) {
            return Err(Error::FunctionNotFound(arn));
        }
        let event = event(&input)?;
        let wishes = Wishes {
            log_tail: input.log_type.as_deref() == Some("Tail"),
            client_context: input.client_context.as_deref().map(client_context).transpose()?,
        };
        let invocation = Invocation { arn: &arn, event, duration_max: DURATION_MAX, invoker: Invoker::Caller };
        let invoked = match input.invocation_type {
            InvocationType::DryRun => return Ok(InvokeOutput { status_code: 204, ..InvokeOutput::default() }),
            InvocationType::Event => {
                functions.submit(invocation, wishes).map_err(Error::Call)?;
                return Ok(InvokeOutput { status_code: 202, ..InvokeOutput::default() });
            }
            InvocationType::RequestResponse => functions.invoke(invocation, wishes).await.map_err(Error::Call)?,
        };
        let (function_error, payload) = match invoked.result {
            Ok(payload) => (None, payload),
            Err(failure) => (Some("Unhandled"), failure.json),
        };
        Ok(InvokeOutput {
            status_code: 200,
            function_error,
            log_result: (!invoked.log_tail.is_empty()).then(|| STANDARD.encode(&invoked.log_tail)),
            payload: Some(STANDARD.encode(&payload)),
            executed_version: Some(invoked.version),
        })
    }
}

/// The event, which is an empty object when there is none.
fn event(input: &InvokeInput) -> Result<Bytes, Error> {
    // That it is base64 is the protocol's doing.
    let event = STANDARD.decode(input.payload.as_deref().unwrap_or_default()).unwrap_or_default();
    let bytes_max = match input.invocation_type {
        InvocationType::Event => ASYNCHRONOUS_EVENT_BYTES_MAX,
        InvocationType::RequestResponse | InvocationType::DryRun => EVENT_BYTES_MAX,
    };
    if event.len() > bytes_max {
        return Err(Error::EventTooLarge(bytes_max));
    }
    if event.trim_ascii().is_empty() {
        return Ok(Bytes::from_static(b"{}"));
    }
    serde_json::from_slice::<IgnoredAny>(&event)
        .map_err(|error| Error::InvalidContent(format!("Could not parse payload into json: {error}")))?;
    Ok(event.into())
}

/// What the caller hands on about itself: JSON, as base64.
fn client_context(text: &str) -> Result<String, Error> {
    let decoded = STANDARD.decode(text).ok().filter(|decoded| decoded.len() <= CLIENT_CONTEXT_BYTES_MAX);
    let decoded = decoded.and_then(|decoded| String::from_utf8(decoded).ok());
    decoded
        .filter(|text| serde_json::from_str::<IgnoredAny>(text).is_ok())
        .ok_or_else(|| Error::InvalidContent("Client context must be a valid Base64-encoded JSON object.".to_owned()))
}
