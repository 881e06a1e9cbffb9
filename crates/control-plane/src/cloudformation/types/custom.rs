//! Custom resources: a function of the user's makes, changes and deletes them, and tells what came of it at a URL that it
//! is given (AWS CloudFormation, "Custom resource request and response reference").

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use claviger_resources::random;
use claviger_runtime::functions::{FunctionError, Functions, Invocation, Invoker, Wishes};
use serde::Serialize;
use serde_json::{Map, Value};

use super::failure::HandlerFailure;
use super::handler::{Change, Current, Desired, Handler, Made, Preparation, Subject, Work};
use super::provider::Provider;
use super::sdk_call::SdkCalls;
use crate::cloudformation::answers::{Answer, Status};

/// A resource that a function of the user's stands behind.
pub(super) struct CustomResource;

/// How long a function has to answer when the template does not say (AWS CloudFormation, `ServiceTimeout`).
const TIMEOUT: Duration = Duration::from_hours(1);
/// How long a call of the function may take: as long as any function runs.
const CALL_MAX: Duration = Duration::from_mins(15);
/// Characters of the longest physical id.
const ID_MAX: usize = 1_024;

/// What the function is told.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Message<'a> {
    request_type: &'static str,
    #[serde(rename = "ResponseURL")]
    response_url: &'a str,
    stack_id: String,
    request_id: &'a str,
    resource_type: &'a str,
    logical_resource_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    physical_resource_id: Option<&'a str>,
    resource_properties: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    old_resource_properties: Option<Value>,
    service_token: &'a str,
}

/// Properties as functions get them: every number and boolean is text.
fn as_texts(value: Value) -> Value {
    match value {
        Value::Bool(_) | Value::Number(_) => Value::String(value.to_string()),
        Value::Array(values) => values.into_iter().map(as_texts).collect(),
        Value::Object(members) => members.into_iter().map(|(name, value)| (name, as_texts(value))).collect(),
        other => other,
    }
}

fn properties(of: &Map<String, Value>) -> Value {
    as_texts(Value::Object(of.clone()))
}

fn text<'a>(properties: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    properties.get(name).and_then(Value::as_str)
}

/// How long the function has to answer.
fn timeout(properties: &Map<String, Value>) -> Duration {
    let seconds = properties.get("ServiceTimeout");
    let seconds = seconds.and_then(|it| it.as_u64().or_else(|| it.as_str()?.parse().ok()));
    seconds.map_or(TIMEOUT, Duration::from_secs).min(TIMEOUT)
}

/// Asks the function, and waits for its answer.
async fn ask(preparation: &Preparation<'_>, change: &Change<'_>) -> Result<Made, HandlerFailure> {
    let (request_type, now, before) = match change {
        Change::Create(desired) => ("Create", desired.properties, None),
        Change::Update(current, desired) => ("Update", desired.properties, Some(*current)),
        Change::Delete(current) => ("Delete", &current.properties, Some(*current)),
    };
    let token = text(now, "ServiceToken").ok_or_else(|| {
        HandlerFailure::unsupported("Properties validation failed: #: required key [ServiceToken] not found")
    })?;
    if before.is_some_and(|it| text(&it.properties, "ServiceToken") != Some(token)) {
        return Err(HandlerFailure::unsupported("Modifying service token is not allowed."));
    }
    if !token.starts_with("arn:") || token.split(':').nth(2) != Some("lambda") {
        return Err(HandlerFailure::unsupported(format!(
            "Invalid service token: {token}. Claviger calls the functions of AWS Lambda; topics of Amazon SNS are not served."
        )));
    }
    let services = preparation.services;
    let endpoint = services.settings.endpoint.as_deref().ok_or_else(|| {
        HandlerFailure::unsupported("Custom resources need the server's own URL, for their functions to answer at")
    })?;
    let Subject { place, resource_type } = preparation.resource;
    let waiting = services.stacks.answers().wait(&mut *services.random());
    let url = format!("{endpoint}{}", waiting.path());
    let id = random::uuid(&mut *services.random());
    let message = Message {
        request_type,
        response_url: &url,
        stack_id: place.stack.arn(),
        request_id: &id,
        resource_type,
        logical_resource_id: place.logical_id,
        physical_resource_id: before.map(|it| it.id.as_str()),
        resource_properties: properties(now),
        old_resource_properties: match change {
            Change::Update(current, _) => Some(properties(&current.properties)),
            _ => None,
        },
        service_token: token,
    };
    let event = serde_json::to_vec(&message).map_err(|error| HandlerFailure::unsupported(error.to_string()))?;
    // The function may have been made by the step before.
    services.catch_up().await.map_err(|error| HandlerFailure::unsupported(error.to_string()))?;
    let functions = Arc::clone(&services.functions);
    let provider = Provider::of(preparation, token).await?;
    let answered = async {
        if let Some(provider) = provider {
            let request = serde_json::from_slice(&event).map_err(|error| error.to_string())?;
            return Ok(provider.answer(functions, request).await);
        }
        // The function may answer first and go on with other things; nobody waits for those.
        let mut call = tokio::spawn(call(functions, token.to_owned(), event.into()));
        let answer = waiting.answer();
        tokio::pin!(answer);
        tokio::select! {
            biased;
            answer = &mut answer => Ok(answer),
            outcome = &mut call => match outcome {
                Ok(Ok(())) => Ok(answer.await),
                Ok(Err(reason)) => Err(reason),
                Err(_) => Err("its call was broken off".to_owned()),
            },
        }
    };
    let answer = match tokio::time::timeout(timeout(now), answered).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(reason)) => {
            let message = format!("The function {token} did not answer: {reason} (RequestId: {id})");
            return Err(HandlerFailure::unsupported(message));
        }
        Err(_) => {
            return Err(HandlerFailure::unsupported(format!(
                "CloudFormation did not receive a response from your Custom Resource. Please check your logs for requestId \
                 [{id}]."
            )));
        }
    };
    made(answer, before, &id)
}

/// Calls the function; why it failed, as it or the server says.
async fn call(functions: Arc<Functions>, arn: String, event: Bytes) -> Result<(), String> {
    let invocation = Invocation { arn: &arn, event, duration_max: CALL_MAX, invoker: Invoker::Caller };
    let invoked = functions.invoke(invocation, Wishes::default()).await;
    match invoked.map(|it| it.result) {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(failure)) => Err(failure.to_string()),
        Err(error @ FunctionError::NotFound(_)) => Err(format!("Function not found: {error}")),
        Err(error) => Err(error.to_string()),
    }
}

fn made(answer: Answer, before: Option<&Current>, request_id: &str) -> Result<Made, HandlerFailure> {
    let id = answer.physical_resource_id.filter(|id| !id.is_empty() && id.chars().count() <= ID_MAX);
    let id = id.or_else(|| before.map(|it| it.id.clone()));
    if answer.status == Status::Failed {
        let reason = answer.reason.as_deref().unwrap_or("See the details in CloudWatch Log Stream");
        let failure = HandlerFailure::unsupported(format!(
            "Received response status [FAILED] from custom resource. Message returned: {reason} (RequestId: {request_id})"
        ));
        // What it made before it failed is deleted when the creation is undone.
        return Err(match (before, id) {
            (None, Some(id)) => failure.leaving(Made::id(id)),
            _ => failure,
        });
    }
    let id = id.ok_or_else(|| HandlerFailure::unsupported("Invalid PhysicalResourceId"))?;
    Ok(Made { reference: Some(id.clone()), id, attributes: answer.data })
}

#[async_trait]
impl Handler for CustomResource {
    async fn prepare(&self, preparation: &mut Preparation<'_>, change: &Change<'_>) -> Result<(), HandlerFailure> {
        let properties = match change {
            Change::Create(desired) | Change::Update(_, desired) => desired.properties,
            Change::Delete(current) => &current.properties,
        };
        if SdkCalls::of(properties).is_none() {
            preparation.prepared.made = Some(ask(preparation, change).await?);
        }
        Ok(())
    }

    fn is_slow(&self) -> bool {
        true
    }

    async fn create(&self, work: &mut Work<'_, '_>, desired: &Desired<'_>) -> Result<Made, HandlerFailure> {
        match SdkCalls::of(desired.properties) {
            Some(calls) => calls.create(work, desired.logical_id).await,
            None => work.prepared.made(),
        }
    }

    async fn update(
        &self,
        work: &mut Work<'_, '_>,
        current: &Current,
        desired: &Desired<'_>,
    ) -> Result<Made, HandlerFailure> {
        match SdkCalls::of(desired.properties) {
            Some(calls) => calls.update(work, current).await,
            None => work.prepared.made(),
        }
    }

    async fn delete(&self, work: &mut Work<'_, '_>, current: &Current) -> Result<(), HandlerFailure> {
        match SdkCalls::of(&current.properties) {
            Some(calls) => calls.delete(work, current).await,
            // The function has said that it is gone.
            None => Ok(()),
        }
    }
}
