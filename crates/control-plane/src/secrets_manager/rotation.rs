//! Rotating secrets by their functions: `RotateSecret`, `CancelRotateSecret`.
//!
//! The function is called four times with the version that is being rotated in (AWS Secrets Manager User Guide, "Rotation
//! functions"): it makes a value for it, sets it in the service that the secret opens, tries it there and labels it as the
//! current one. It does all of this through the API, so no transaction is open meanwhile. The caller waits for it; a function
//! that fails leaves the version behind, and the next rotation goes on with it.

use std::time::Duration;

use bytes::Bytes;
use claviger_resources::function;
use claviger_resources::kept_secret::{CURRENT, KeptSecret, PENDING, Rotation, SecretVersion};
use claviger_runtime::functions::{FunctionError, Invocation, Invoker};
use claviger_store::TransactionExt;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::errors::Error;
use super::secret::{SecretInput, SecretOutput, find_live};
use super::value::{add, random_id};
use crate::operation::{Access, Caller, Context, Operation, Procedure, Step, perform};
use crate::services::Services;

/// Rotates a secret, and says by which function.
pub struct RotateSecret;
/// Switches rotation off.
pub struct CancelRotateSecret;

/// Who calls the function.
const PRINCIPAL: &str = "secretsmanager.amazonaws.com";
/// How long a call is waited for: as long as any function may take.
const CALL_MAX: Duration = Duration::from_mins(15);

/// The members of `RotateSecret`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RotateSecretInput {
    /// Which secret.
    pub secret_id: String,
    /// The id of the version that is rotated in.
    pub client_request_token: Option<String>,
    /// The ARN of the function, unless it is known.
    #[serde(rename = "RotationLambdaARN")]
    pub function: Option<String>,
    /// When to rotate: kept, and not followed.
    #[serde(default)]
    pub rotation_rules: Map<String, Value>,
    /// Whether to rotate now, as unless the caller says otherwise, or only to try the function.
    pub rotate_immediately: Option<bool>,
    /// The role for a partner's secret, which is not served.
    pub external_secret_rotation_role_arn: Option<String>,
}

impl Procedure for RotateSecret {
    const NAME: &'static str = "RotateSecret";
    const ACCESS: Access = Access::Write;
    type Input = RotateSecretInput;
    type Output = SecretOutput;
    type Error = Error;

    async fn run(services: &Services, caller: &Caller, input: RotateSecretInput) -> Result<SecretOutput, Error> {
        rotate(services, caller, &input).await
    }
}

impl Operation for CancelRotateSecret {
    const NAME: &'static str = "CancelRotateSecret";
    const ACCESS: Access = Access::Write;
    type Input = SecretInput;
    type Output = SecretOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let mut secret = find_live(cx, &input.secret_id).await?;
        let rotation = secret.rotation.as_mut().ok_or_else(|| Error::InvalidRequest(NO_FUNCTION.to_owned()))?;
        rotation.enabled = false;
        cx.tx.replace(&secret).await?;
        let version_id = pending(&secret).map(str::to_owned);
        Ok(SecretOutput { version_id, ..SecretOutput::of(&secret) })
    }
}

const NO_FUNCTION: &str = "No Lambda rotation function ARN is associated with this secret.";

/// Rotates a secret. A function that fails is told to the log alone, as AWS has it, which does not wait.
pub async fn rotate(services: &Services, caller: &Caller, input: &RotateSecretInput) -> Result<SecretOutput, Error> {
    let tenant = caller.tenant();
    if input.external_secret_rotation_role_arn.is_some() {
        let message = "Secrets of partners are not served here; leave ExternalSecretRotationRoleArn out.";
        return Err(Error::InvalidParameter(message.to_owned()));
    }
    if input.rotation_rules.contains_key("AutomaticallyAfterDays")
        && input.rotation_rules.contains_key("ScheduleExpression")
    {
        let message = "You can't specify both AutomaticallyAfterDays and ScheduleExpression in RotationRules.";
        return Err(Error::InvalidParameter(message.to_owned()));
    }
    let begun = perform(services, &tenant, &Begin(input)).await?;
    let Some(calls) = begun.calls else { return Ok(begun.output) };
    let mut all_done = true;
    for call in calls {
        if let Err(error) = begun.call(services, call).await {
            tracing::warn!(secret = begun.output.arn, function = begun.function, step = call, %error, "a rotation stopped");
            all_done = false;
            break;
        }
    }
    let is_trial = input.rotate_immediately == Some(false);
    perform(services, &tenant, &End { begun: &begun, all_done, is_trial }).await?;
    Ok(begun.output)
}

/// Keeps how the secret is rotated, and labels the version that is rotated in.
struct Begin<'a>(&'a RotateSecretInput);

/// A rotation under way.
struct Begun {
    output: SecretOutput,
    function: String,
    /// The version that is rotated in.
    version: String,
    /// What the function is called for; `None` when the version was rotated in before.
    calls: Option<&'static [&'static str]>,
}

impl Step for Begin<'_> {
    const ACCESS: Access = Access::Write;
    type Output = Begun;
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<Begun, Error> {
        let input = self.0;
        let mut secret = find_live(cx, &input.secret_id).await?;
        let before = secret.rotation.take();
        let given = input.function.clone().filter(|function| !function.is_empty());
        let known = before.as_ref().map(|rotation| rotation.function.clone());
        let named = given.or(known).ok_or_else(|| Error::InvalidRequest(NO_FUNCTION.to_owned()))?;
        let function = if named.starts_with("arn:") { named } else { function::arn(cx.tenant, &named) };
        let arn = secret.arn();
        let invocation = invocation(&function, &arn, Bytes::new());
        cx.services.functions.admits(&invocation).map_err(|_| Error::FunctionNotInvocable)?;
        let rules = if input.rotation_rules.is_empty() {
            before.map(|rotation| rotation.rules).unwrap_or_default()
        } else {
            input.rotation_rules.clone()
        };
        secret.rotation = Some(Rotation { function: function.clone(), rules, enabled: true });
        // What was begun before is gone on with.
        let version = match (pending(&secret), &input.client_request_token) {
            (Some(pending), _) => pending.to_owned(),
            (None, Some(token)) => token.clone(),
            (None, None) => random_id(cx),
        };
        let is_current = secret.stages.get(CURRENT).is_some_and(|current| *current == version);
        if !is_current {
            if cx.tx.find::<SecretVersion>(cx.tenant, &secret.name, &version).await?.is_none() {
                add(cx, &secret, &version, None).await?;
            }
            secret.label(PENDING, &version);
        }
        cx.tx.replace(&secret).await?;
        let calls: &[_] = if input.rotate_immediately == Some(false) {
            &["testSecret"]
        } else {
            &["createSecret", "setSecret", "testSecret", "finishSecret"]
        };
        let output = SecretOutput { version_id: Some(version.clone()), ..SecretOutput::of(&secret) };
        Ok(Begun { output, function, version, calls: (!is_current).then_some(calls) })
    }
}

impl Begun {
    /// Calls the function for one of its four tasks.
    async fn call(&self, services: &Services, step: &str) -> Result<(), FunctionError> {
        let (arn, token) = (&self.output.arn, &self.version);
        let event = json!({ "Step": step, "SecretId": arn, "ClientRequestToken": token, "RotationToken": token });
        let invocation = invocation(&self.function, arn, event.to_string().into());
        services.functions.call(invocation).await.map(|_| ())
    }
}

/// Takes the label away that a rotation does not need any more.
struct End<'a> {
    begun: &'a Begun,
    all_done: bool,
    is_trial: bool,
}

impl Step for End<'_> {
    const ACCESS: Access = Access::Write;
    type Output = ();
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        let (id, version) = (&self.begun.output.arn, &self.begun.version);
        let mut secret = match find_live(cx, id).await {
            Ok(secret) => secret,
            // It was deleted meanwhile.
            Err(Error::SecretNotFound | Error::MarkedForDeletion) => return Ok(()),
            Err(error) => return Err(error),
        };
        let is_current = secret.stages.get(CURRENT) == Some(version);
        let is_pending = secret.stages.get(PENDING) == Some(version);
        if is_pending && (is_current || self.is_trial) {
            secret.stages.remove(PENDING);
        }
        if self.is_trial && !is_current {
            let version = cx.tx.find::<SecretVersion>(cx.tenant, &secret.name, version).await?;
            if let Some(version) = version.filter(|version| version.value.is_none()) {
                cx.tx.delete(&version.record).await?;
            }
        }
        if self.all_done && is_current {
            secret.last_rotated = Some(cx.now);
        }
        Ok(cx.tx.replace(&secret).await?)
    }
}

/// The version that is being rotated in.
fn pending(secret: &KeptSecret) -> Option<&str> {
    let pending = secret.stages.get(PENDING)?;
    (secret.stages.get(CURRENT) != Some(pending)).then_some(pending)
}

fn invocation<'a>(function: &'a str, secret_arn: &'a str, event: Bytes) -> Invocation<'a> {
    let invoker = Invoker::Service { principal: PRINCIPAL, source_arn: secret_arn };
    Invocation { arn: function, event, duration_max: CALL_MAX, invoker }
}
