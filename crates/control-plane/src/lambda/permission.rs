//! The resource policy of a function: `AddPermission`, `RemovePermission`, `GetPolicy`.

use claviger_resources::AccountId;
use claviger_resources::function::{Function, Permission, Principal};
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
        let mut function = named.find(cx).await?;
        check_revision(input.revision_id.as_deref(), &function.policy_revision_id)?;
        if function.permissions.iter().any(|permission| permission.statement_id == input.statement_id) {
            return Err(Error::StatementExists(input.statement_id.clone()));
        }
        let permission = permission(input)?;
        let statement = permission.to_json(&function.arn()).to_string();
        function.permissions.push(permission);
        let bytes = policy(&function).to_string().len();
        if bytes > FUNCTION_POLICY_BYTES_MAX {
            return Err(Error::PolicyLengthExceeded(bytes));
        }
        function.policy_revision_id = revision_id(cx);
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
        let mut function = named.find(cx).await?;
        if function.permissions.is_empty() {
            return Err(Error::NotFound("No policy is associated with the given resource.".to_owned()));
        }
        let place = function.permissions.iter().position(|permission| permission.statement_id == input.statement_id);
        let Some(place) = place else {
            let message = format!("Statement {} is not found in resource policy.", input.statement_id);
            return Err(Error::NotFound(message));
        };
        check_revision(input.revision_id.as_deref(), &function.policy_revision_id)?;
        function.permissions.remove(place);
        function.policy_revision_id = if function.permissions.is_empty() { String::new() } else { revision_id(cx) };
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
        let function = named.find(cx).await?;
        if function.permissions.is_empty() {
            return Err(Error::NotFound("The resource you requested does not exist.".to_owned()));
        }
        let revision_id = function.policy_revision_id.clone();
        Ok(GetPolicyOutput { policy: policy(&function).to_string(), revision_id })
    }
}

fn policy(function: &Function) -> Value {
    let arn = function.arn();
    let statements: Vec<Value> = function.permissions.iter().map(|permission| permission.to_json(&arn)).collect();
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
