//! Stack policies: `SetStackPolicy`, `GetStackPolicy`, and what `CreateStack` and `UpdateStack` are given of them.

use claviger_resources::stack::StackResource;
use claviger_resources::stack::policy::StackPolicy;
use claviger_store::{Stored, TransactionExt};
use serde::{Deserialize, Serialize};

use super::find;
use crate::cloudformation::errors::Error;
use crate::cloudformation::lookups;
use crate::operation::{Access, Caller, Context, Operation, Procedure, Step, perform};
use crate::services::Services;

/// Says what updates may do to a stack's resources.
pub struct SetStackPolicy;
/// Shows what they may.
pub struct GetStackPolicy;

/// A stack policy as callers give it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GivenPolicy {
    stack_policy_body: Option<String>,
    #[serde(rename = "StackPolicyURL")]
    stack_policy_url: Option<String>,
}

/// A stack policy for one update alone.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GivenPolicyDuringUpdate {
    stack_policy_during_update_body: Option<String>,
    #[serde(rename = "StackPolicyDuringUpdateURL")]
    stack_policy_during_update_url: Option<String>,
}

/// What an update is given of policies, as text.
#[derive(Default)]
pub(in crate::cloudformation) struct Policies {
    /// What holds for the update itself, whatever the stack's own policy says.
    pub(super) during_update: Option<String>,
    /// What holds after it.
    pub(super) next: Option<String>,
}

/// Bytes of the longest policy (AWS CloudFormation API, `SetStackPolicy`).
const BYTES_MAX: usize = 16_384;

impl GivenPolicy {
    /// The policy's text, when there is one.
    pub(super) async fn text(&self, services: &Services, caller: &Caller) -> Result<Option<String>, Error> {
        match (&self.stack_policy_body, &self.stack_policy_url) {
            (Some(_), Some(_)) => Err(Error::invalid("You cannot specify both StackPolicyURL and StackPolicyBody")),
            (body, url) => text(services, caller, body.as_deref(), url.as_deref()).await,
        }
    }
}

impl GivenPolicyDuringUpdate {
    /// The policy's text, when there is one.
    pub(super) async fn text(&self, services: &Services, caller: &Caller) -> Result<Option<String>, Error> {
        match (&self.stack_policy_during_update_body, &self.stack_policy_during_update_url) {
            (Some(_), Some(_)) => Err(Error::invalid(
                "You cannot specify both StackPolicyDuringUpdateURL and StackPolicyDuringUpdateBody",
            )),
            (body, url) => text(services, caller, body.as_deref(), url.as_deref()).await,
        }
    }
}

async fn text(
    services: &Services,
    caller: &Caller,
    body: Option<&str>,
    url: Option<&str>,
) -> Result<Option<String>, Error> {
    let text = match (body, url) {
        (Some(body), _) => body.to_owned(),
        (None, Some(url)) => lookups::text_at(services, caller, "StackPolicyURL", url, BYTES_MAX).await?,
        (None, None) => return Ok(None),
    };
    read(&text)?;
    Ok(Some(text))
}

fn read(text: &str) -> Result<StackPolicy, Error> {
    StackPolicy::parse(text).map_err(|error| Error::invalid(format!("Error validating stack policy: {error}")))
}

/// Refuses a policy for resources that there are not.
pub(super) fn check_names(policy: Option<&str>, is_there: impl Fn(&str) -> bool) -> Result<(), Error> {
    let Some(policy) = policy.map(read).transpose()? else { return Ok(()) };
    let unknown = policy.named().find(|(_, logical_id)| !is_there(logical_id));
    unknown.map_or(Ok(()), |(name, _)| {
        Err(Error::invalid(format!(
            "Error validating stack policy: Unknown logical id '{name}' in statement {{}} - stack policies can only be \
             applied to logical ids referenced in the template"
        )))
    })
}

/// The members of `SetStackPolicy`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SetStackPolicyInput {
    stack_name: String,
    #[serde(flatten)]
    policy: GivenPolicy,
}

impl Procedure for SetStackPolicy {
    const NAME: &'static str = "SetStackPolicy";
    const ACCESS: Access = Access::Write;
    type Input = SetStackPolicyInput;
    type Output = ();
    type Error = Error;

    async fn run(services: &Services, caller: &Caller, input: Self::Input) -> Result<(), Error> {
        let policy = input.policy.text(services, caller).await?;
        let policy =
            policy.ok_or_else(|| Error::invalid("You must specify either StackPolicyURL or StackPolicyBody"))?;
        perform(services, &caller.tenant(), &Set { stack_name: &input.stack_name, policy }).await
    }
}

struct Set<'a> {
    stack_name: &'a str,
    policy: String,
}

impl Step for Set<'_> {
    const ACCESS: Access = Access::Write;
    type Output = ();
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<(), Error> {
        let mut stack = find(cx, self.stack_name).await?;
        if !stack.is_live() {
            return Err(Error::no_stack(self.stack_name));
        }
        let resources: Vec<Stored<StackResource>> = cx.tx.list_all(cx.tenant, &stack.id).await?;
        check_names(Some(&self.policy), |logical_id| resources.iter().any(|it| it.logical_id == logical_id))?;
        stack.record.policy = Some(self.policy.clone());
        Ok(cx.tx.replace(&stack).await?)
    }
}

/// The members of `GetStackPolicy`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetStackPolicyInput {
    stack_name: String,
}

/// What `GetStackPolicy` answers.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetStackPolicyOutput {
    #[serde(skip_serializing_if = "Option::is_none")]
    stack_policy_body: Option<String>,
}

impl Operation for GetStackPolicy {
    const NAME: &'static str = "GetStackPolicy";
    const ACCESS: Access = Access::Read;
    type Input = GetStackPolicyInput;
    type Output = GetStackPolicyOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let stack = find(cx, &input.stack_name).await?;
        Ok(GetStackPolicyOutput { stack_policy_body: stack.record.policy })
    }
}
