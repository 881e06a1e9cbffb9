//! The resource policy of a function: `AddPermission`, `RemovePermission`, `GetPolicy`.

use claviger_resources::AccountId;
use claviger_resources::function::{Function, LATEST, Permission, Policy, Principal};
use claviger_resources::limits::FUNCTION_POLICY_BYTES_MAX;
use claviger_store::TransactionExt;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::errors::Error;
use super::function::{FunctionInput, revision_id};
use super::reference::{Named, check_revision};
use crate::operation::{Access, Context, Operation};

/// Lets somebody use a function.
pub struct AddPermission;
/// Takes such a permission back.
pub struct RemovePermission;
/// Shows the policy that the permissions make up.
pub struct GetPolicy;

/// The members of `AddPermission`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AddPermissionInput {
    function_name: String,
    statement_id: String,
    action: String,
    principal: String,
    source_arn: Option<String>,
    source_account: Option<String>,
    event_source_token: Option<String>,
    #[serde(rename = "PrincipalOrgID")]
    principal_org_id: Option<String>,
    function_url_auth_type: Option<String>,
    invoked_via_function_url: Option<bool>,
    qualifier: Option<String>,
    revision_id: Option<String>,
}

/// The members of `RemovePermission`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RemovePermissionInput {
    function_name: String,
    statement_id: String,
    qualifier: Option<String>,
    revision_id: Option<String>,
}

/// The statement that a permission became, as JSON text.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AddPermissionOutput {
    statement: String,
}

/// A policy, as JSON text.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetPolicyOutput {
    policy: String,
    revision_id: String,
}

impl Operation for AddPermission {
    const NAME: &'static str = "AddPermission";
    const ACCESS: Access = Access::Write;
    type Input = AddPermissionInput;
    type Output = AddPermissionOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let named = Named::parse(cx.tenant, &input.function_name, input.qualifier.as_deref(), Self::NAME)?;
        if named.qualifier.as_deref() == Some(LATEST) {
            return Err(Error::invalid("We currently do not support adding policies for $LATEST."));
        }
        let (mut function, _) = named.resolve(cx).await?;
        let mut policy = policy(&function, named.own_qualifier());
        check_revision(input.revision_id.as_deref(), &policy.revision_id)?;
        if policy.permissions.iter().any(|permission| permission.statement_id == input.statement_id) {
            return Err(Error::StatementExists(input.statement_id.clone()));
        }
        let permission = permission(input)?;
        let arn = named.qualified_arn(cx.tenant);
        let statement = permission.to_json(&arn).to_string();
        policy.permissions.push(permission);
        let bytes = document(&policy, &arn).to_string().len();
        if bytes > FUNCTION_POLICY_BYTES_MAX {
            return Err(Error::PolicyLengthExceeded(bytes));
        }
        policy.revision_id = revision_id(cx);
        keep(&mut function, named.own_qualifier(), policy);
        cx.tx.replace(&function).await?;
        Ok(AddPermissionOutput { statement })
    }
}

impl Operation for RemovePermission {
    const NAME: &'static str = "RemovePermission";
    const ACCESS: Access = Access::Write;
    type Input = RemovePermissionInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        let named = Named::parse(cx.tenant, &input.function_name, input.qualifier.as_deref(), Self::NAME)?;
        let (mut function, _) = named.resolve(cx).await?;
        let mut policy = policy(&function, named.own_qualifier());
        if policy.permissions.is_empty() {
            return Err(Error::NotFound("No policy is associated with the given resource.".to_owned()));
        }
        let place = policy.permissions.iter().position(|permission| permission.statement_id == input.statement_id);
        let Some(place) = place else {
            let message = format!("Statement {} is not found in resource policy.", input.statement_id);
            return Err(Error::NotFound(message));
        };
        check_revision(input.revision_id.as_deref(), &policy.revision_id)?;
        policy.permissions.remove(place);
        policy.revision_id = revision_id(cx);
        keep(&mut function, named.own_qualifier(), policy);
        cx.tx.replace(&function).await?;
        Ok(())
    }
}

impl Operation for GetPolicy {
    const NAME: &'static str = "GetPolicy";
    const ACCESS: Access = Access::Read;
    type Input = FunctionInput;
    type Output = GetPolicyOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let named = Named::parse(cx.tenant, &input.function_name, input.qualifier.as_deref(), Self::NAME)?;
        let (function, _) = named.resolve(cx).await?;
        let policy = policy(&function, named.own_qualifier());
        if policy.permissions.is_empty() {
            return Err(Error::NotFound("The resource you requested does not exist.".to_owned()));
        }
        let text = document(&policy, &named.qualified_arn(cx.tenant)).to_string();
        Ok(GetPolicyOutput { policy: text, revision_id: policy.revision_id })
    }
}

/// The policy of the function itself, or of a version or an alias.
fn policy(function: &Function, qualifier: Option<&str>) -> Policy {
    match qualifier {
        Some(qualifier) => function.qualified.policies.get(qualifier).cloned().unwrap_or_default(),
        None => Policy { permissions: function.permissions.clone(), revision_id: function.policy_revision_id.clone() },
    }
}

/// Takes such a policy over; one without statements is none.
fn keep(function: &mut Function, qualifier: Option<&str>, policy: Policy) {
    let policy = Some(policy).filter(|policy| !policy.permissions.is_empty());
    match (qualifier, policy) {
        (Some(qualifier), Some(policy)) => drop(function.qualified.policies.insert(qualifier.to_owned(), policy)),
        (Some(qualifier), None) => drop(function.qualified.policies.remove(qualifier)),
        (None, policy) => {
            let policy = policy.unwrap_or_default();
            (function.permissions, function.policy_revision_id) = (policy.permissions, policy.revision_id);
        }
    }
}

fn document(policy: &Policy, arn: &str) -> Value {
    let statements: Vec<Value> = policy.permissions.iter().map(|permission| permission.to_json(arn)).collect();
    json!({ "Version": "2012-10-17", "Id": "default", "Statement": statements })
}

fn permission(input: &AddPermissionInput) -> Result<Permission, Error> {
    Ok(Permission {
        statement_id: input.statement_id.clone(),
        action: input.action.clone(),
        principal: principal(&input.principal)?,
        source_arn: input.source_arn.clone(),
        source_account: input.source_account.clone(),
        event_source_token: input.event_source_token.clone(),
        principal_org_id: input.principal_org_id.clone(),
        function_url_auth_type: input.function_url_auth_type.clone(),
        invoked_via_function_url: input.invoked_via_function_url,
    })
}

/// A service by its name, an account by its number, anyone by a `*`, everything else by its ARN.
fn principal(text: &str) -> Result<Principal, Error> {
    if text == "*" {
        return Ok(Principal::Anyone);
    }
    if AccountId::parse(text).is_ok() {
        return Ok(Principal::Aws(format!("arn:aws:iam::{text}:root")));
    }
    if text.starts_with("arn:") {
        return Ok(Principal::Aws(text.to_owned()));
    }
    let is_service = [".amazonaws.com", ".amazonaws.com.cn", ".amazon.com"].iter().any(|suffix| text.ends_with(suffix));
    if is_service {
        return Ok(Principal::Service(text.to_owned()));
    }
    Err(Error::invalid("The provided principal was invalid. Please check the principal and try again."))
}
