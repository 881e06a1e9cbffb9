//! Custom resources of CDK's `Provider`. The function that such a template names only calls two others, the user's, and has a
//! state machine wait between; for that it wants an SDK that no language brings along. So what it does is done here.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use claviger_resources::function::{Function, FunctionReference};
use claviger_resources::stack::StackResource;
use claviger_runtime::functions::{Functions, Invocation, Invoker, Wishes};
use claviger_runtime::vault::SealedFor;
use claviger_store::{Stored, Transaction, TransactionExt};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::failure::HandlerFailure;
use super::handler::Preparation;
use crate::cloudformation::answers::{Answer, Status};
use crate::cloudformation::engine::State;

/// The handler of that function.
const HANDLER: &str = "framework.onEvent";
/// Its variables that name the user's functions, and the state machine.
const ON_EVENT: &str = "USER_ON_EVENT_FUNCTION_ARN";
const IS_COMPLETE: &str = "USER_IS_COMPLETE_FUNCTION_ARN";
const WAITER: &str = "WAITER_STATE_MACHINE_ARN";
/// The id of what could not be made, by which its deletion is known to be needless.
const CREATE_FAILED: &str = "AWSCDK::CustomResourceProviderFramework::CREATE_FAILED";
/// How long a call may take: as long as any function runs.
const CALL_MAX: Duration = Duration::from_mins(15);
/// Resources of a stack read at a time.
const PAGE: usize = 500;

/// The user's functions behind a resource.
pub(super) struct Provider {
    on_event: String,
    is_complete: Option<(String, Rhythm)>,
}

/// How often the second function is asked whether all is done; what is not said is as the CDK has it.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "PascalCase", default)]
struct Rhythm {
    interval_seconds: u64,
    max_attempts: u32,
    backoff_rate: f64,
}

impl Default for Rhythm {
    fn default() -> Self {
        Self { interval_seconds: 5, max_attempts: 360, backoff_rate: 1.0 }
    }
}

type Members = Map<String, Value>;

impl Provider {
    /// The user's functions, if it is the CDK's own that a resource names.
    pub(super) async fn of(preparation: &Preparation<'_>, token: &str) -> Result<Option<Self>, HandlerFailure> {
        let Some(reference) = FunctionReference::parse(token) else { return Ok(None) };
        let services = preparation.services;
        let unreadable = |error: &dyn std::fmt::Display| HandlerFailure::unsupported(format!("{token}: {error}"));
        let mut tx = services.store.read().await.map_err(|error| unreadable(&error))?;
        let tenant = preparation.caller.tenant();
        let found = tx.find::<Function>(&tenant, "", reference.name).await.map_err(|error| unreadable(&error))?;
        let Some(function) = found.filter(|function| function.handler == HANDLER) else { return Ok(None) };
        let Some(sealed) = &function.environment else { return Ok(None) };
        let opened = services.vault.open_sealed(SealedFor::FunctionEnvironment(&function.arn()), sealed);
        let opened = opened.map_err(|error| unreadable(&error))?;
        let mut variables: BTreeMap<String, String> = serde_json::from_slice(opened.expose()).unwrap_or_default();
        let Some(on_event) = variables.remove(ON_EVENT) else { return Ok(None) };
        let is_complete = match variables.remove(IS_COMPLETE) {
            Some(asked) => {
                let waiter = variables.remove(WAITER).unwrap_or_default();
                let rhythm = rhythm(preparation, &mut *tx, &waiter).await.map_err(|error| unreadable(&error))?;
                Some((asked, rhythm))
            }
            None => None,
        };
        Ok(Some(Self { on_event, is_complete }))
    }

    /// Does what a request asks, and answers as that function would.
    pub(super) async fn answer(self, functions: Arc<Functions>, request: Members) -> Answer {
        let id = text(&request, "PhysicalResourceId").map(str::to_owned);
        let is_creation = text(&request, "RequestType") == Some("Create");
        if text(&request, "RequestType") == Some("Delete") && id.as_deref() == Some(CREATE_FAILED) {
            return Answer { status: Status::Success, reason: None, physical_resource_id: id, data: Map::new() };
        }
        match self.carry_out(&functions, request).await {
            Ok(event) => Answer {
                status: Status::Success,
                reason: None,
                physical_resource_id: text(&event, "PhysicalResourceId").map(str::to_owned),
                data: data(&event),
            },
            Err((reason, made)) => {
                let marked = || is_creation.then(|| CREATE_FAILED.to_owned());
                let physical_resource_id = made.or(id).or_else(marked);
                Answer { status: Status::Failed, reason: Some(reason), physical_resource_id, data: Map::new() }
            }
        }
    }

    /// What came of it, or why it failed and the id of what was made all the same.
    async fn carry_out(self, functions: &Functions, request: Members) -> Result<Members, (String, Option<String>)> {
        let answered = ask(functions, &self.on_event, &request).await.map_err(|reason| (reason, None))?;
        let event = merged(request, answered).map_err(|reason| (reason, None))?;
        let Some((asked, rhythm)) = self.is_complete else { return Ok(event) };
        let made = text(&event, "PhysicalResourceId").map(str::to_owned);
        let mut pause = Duration::from_secs(rhythm.interval_seconds);
        for _ in 0..=rhythm.max_attempts {
            let answered = ask(functions, &asked, &event).await.map_err(|reason| (reason, made.clone()))?;
            let more = data(&answered);
            if answered.get("IsComplete") == Some(&Value::Bool(true)) {
                return Ok(completed(event, answered));
            }
            if !more.is_empty() {
                return Err((r#"Error: "Data" is not allowed if "IsComplete" is "False""#.to_owned(), made));
            }
            tokio::time::sleep(pause).await;
            pause = pause.mul_f64(rhythm.backoff_rate.clamp(1.0, 2.0));
        }
        Err(("Operation timed out".to_owned(), made))
    }
}

/// What the state machine of this ARN says of how often to ask; it stands in the resource's own stack.
async fn rhythm(
    preparation: &Preparation<'_>,
    tx: &mut dyn Transaction,
    waiter: &str,
) -> Result<Rhythm, Box<dyn std::error::Error + Send + Sync>> {
    let stack = preparation.resource.place.stack;
    let mut after: Option<String> = None;
    loop {
        let page: Vec<Stored<StackResource>> = tx.list(&stack.tenant, &stack.id, after.as_deref(), PAGE).await?;
        for physical in page.iter().filter_map(|resource| resource.current.as_ref()) {
            if physical.id == waiter {
                let state = State::open(preparation.services, &stack.id, physical)?;
                return Ok(written(state.properties.get("DefinitionString").unwrap_or(&Value::Null)));
            }
        }
        if page.len() < PAGE {
            return Ok(Rhythm::default());
        }
        after = page.last().map(|resource| resource.logical_id.clone());
    }
}

/// The first retry of the state that a definition begins with.
fn written(definition: &Value) -> Rhythm {
    let definition: Option<Value> = definition.as_str().and_then(|text| serde_json::from_str(text).ok());
    let retry = definition.as_ref().and_then(|definition| {
        let begin = definition.get("StartAt")?.as_str()?;
        definition.get("States")?.get(begin)?.get("Retry")?.get(0)
    });
    retry.and_then(|retry| Rhythm::deserialize(retry).ok()).unwrap_or_default()
}

/// Calls one of the user's functions with a request, as it came or with what has been said of it since.
async fn ask(functions: &Functions, arn: &str, request: &Members) -> Result<Members, String> {
    let event = Bytes::from(Value::Object(request.clone()).to_string());
    let invocation = Invocation { arn, event, duration_max: CALL_MAX, invoker: Invoker::Caller };
    let invoked = functions.invoke(invocation, Wishes::default()).await.map_err(|error| format!("Error: {error}"))?;
    match invoked.result {
        Ok(answer) => match serde_json::from_slice(&answer) {
            Ok(Value::Object(members)) => Ok(members),
            Ok(Value::Null) => Ok(Map::new()),
            _ => {
                let answer = String::from_utf8_lossy(&answer);
                Err(format!("Error: return values from user-handlers must be JSON objects. got: \"{answer}\""))
            }
        },
        Err(failure) => {
            let name = FunctionReference::parse(arn).map_or(arn, |reference| reference.name);
            let told: Value = serde_json::from_slice(&failure.json).unwrap_or_default();
            let lines = told.get("trace").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
            let trace: String = lines.skip(1).flat_map(|line| ["\n", line]).collect();
            let message = if failure.message.is_empty() { "error" } else { &failure.message };
            let prefix = if trace.is_empty() { "Error: " } else { "" };
            Err(format!("{prefix}{message}\n\nLogs: /aws/lambda/{name}\n{trace}"))
        }
    }
}

/// A request with what the first function says of it.
fn merged(request: Members, answered: Members) -> Result<Members, String> {
    let before = text(&request, "PhysicalResourceId").map(str::to_owned);
    let given = text(&answered, "PhysicalResourceId").filter(|id| !id.is_empty()).map(str::to_owned);
    let id = given.clone().or_else(|| before.clone());
    if text(&request, "RequestType") == Some("Delete") && id != before {
        return Err(format!(
            "Error: DELETE: cannot change the physical resource ID from \"{}\" to \"{}\" during deletion",
            before.unwrap_or_default(),
            given.unwrap_or_default()
        ));
    }
    let id = id.or_else(|| text(&request, "RequestId").map(str::to_owned)).unwrap_or_default();
    let mut event = request;
    event.extend(answered);
    event.insert("PhysicalResourceId".to_owned(), id.into());
    Ok(event)
}

/// What came of a request, with what the second function says.
fn completed(mut event: Members, mut answered: Members) -> Members {
    let mut all = data(&event);
    all.extend(data(&answered));
    answered.insert("Data".to_owned(), all.into());
    event.extend(answered);
    event
}

fn data(event: &Members) -> Members {
    event.get("Data").and_then(Value::as_object).cloned().unwrap_or_default()
}

fn text<'a>(members: &'a Members, name: &str) -> Option<&'a str> {
    members.get(name).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn members(value: Value) -> Members {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn the_id_is_the_one_given_else_the_one_before_else_the_request_s() {
        let check = |request: Value, answered: Value, expected: &str| {
            let event = merged(members(request), members(answered)).unwrap();
            assert_eq!(text(&event, "PhysicalResourceId"), Some(expected));
        };
        let creation = || json!({"RequestType": "Create", "RequestId": "request"});
        let update = || json!({"RequestType": "Update", "RequestId": "request", "PhysicalResourceId": "before"});
        check(creation(), json!({}), "request");
        check(creation(), json!({"PhysicalResourceId": "given"}), "given");
        check(update(), json!({}), "before");
        check(update(), json!({"PhysicalResourceId": ""}), "before");
        check(update(), json!({"PhysicalResourceId": "given"}), "given");
    }

    #[test]
    fn a_deletion_changes_no_id() {
        let deletion = || members(json!({"RequestType": "Delete", "PhysicalResourceId": "before"}));
        assert!(merged(deletion(), members(json!({"PhysicalResourceId": "before"}))).is_ok());
        assert_eq!(
            merged(deletion(), members(json!({"PhysicalResourceId": "given"}))).unwrap_err(),
            "Error: DELETE: cannot change the physical resource ID from \"before\" to \"given\" during deletion"
        );
    }

    #[test]
    fn what_the_second_function_says_comes_beside_what_the_first_said() {
        let event = members(json!({"PhysicalResourceId": "storms", "Data": {"A": 1, "B": 1}}));
        let done = completed(event, members(json!({"IsComplete": true, "Data": {"B": 2}})));
        assert_eq!(done["Data"], json!({"A": 1, "B": 2}));
        assert_eq!(done["PhysicalResourceId"], "storms");
    }

    #[test]
    fn a_state_machine_says_how_often_to_ask() {
        let check = |definition: Value, expected: Rhythm| assert_eq!(written(&definition), expected);
        let retry = json!({"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 3, "BackoffRate": 1});
        let definition = json!({"StartAt": "ask", "States": {"ask": {"Retry": [retry]}}}).to_string();
        check(definition.into(), Rhythm { interval_seconds: 1, max_attempts: 3, backoff_rate: 1.0 });
        for nothing in [Value::Null, json!({}), json!("{"), json!("{}"), json!(r#"{"StartAt": "ask", "States": {}}"#)] {
            check(nothing, Rhythm::default());
        }
    }
}
