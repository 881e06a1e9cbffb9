//! Resource policies of secrets, which are kept and not enforced: `PutResourcePolicy`, `GetResourcePolicy`,
//! `DeleteResourcePolicy`, `ValidateResourcePolicy`.

use claviger_store::TransactionExt;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::errors::Error;
use super::secret::{SecretInput, SecretOutput, find, find_live};
use crate::operation::{Access, Context, Operation};

/// Gives a secret a policy.
pub struct PutResourcePolicy;
/// Shows the policy of a secret.
pub struct GetResourcePolicy;
/// Takes the policy of a secret away.
pub struct DeleteResourcePolicy;
/// Tells whether a policy could be put.
pub struct ValidateResourcePolicy;

/// The members of `PutResourcePolicy`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PutResourcePolicyInput {
    /// Which secret.
    pub secret_id: String,
    /// The policy.
    pub resource_policy: String,
    /// Whether a policy that lets everyone in is refused.
    #[serde(default)]
    pub block_public_policy: bool,
}

/// The members of `ValidateResourcePolicy`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ValidateResourcePolicyInput {
    secret_id: Option<String>,
    resource_policy: String,
}

/// A secret and its policy.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetResourcePolicyOutput {
    #[serde(flatten)]
    secret: SecretOutput,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_policy: Option<String>,
}

/// What a look at a policy found.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ValidateResourcePolicyOutput {
    policy_validation_passed: bool,
    validation_errors: Vec<ValidationError>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ValidationError {
    check_name: &'static str,
    error_message: String,
}

impl Operation for PutResourcePolicy {
    const NAME: &'static str = "PutResourcePolicy";
    const ACCESS: Access = Access::Write;
    type Input = PutResourcePolicyInput;
    type Output = SecretOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        put(cx, input).await
    }
}

impl Operation for GetResourcePolicy {
    const NAME: &'static str = "GetResourcePolicy";
    const ACCESS: Access = Access::Read;
    type Input = SecretInput;
    type Output = GetResourcePolicyOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let secret = find_live(cx, &input.secret_id).await?;
        Ok(GetResourcePolicyOutput { secret: SecretOutput::of(&secret), resource_policy: secret.record.policy })
    }
}

impl Operation for DeleteResourcePolicy {
    const NAME: &'static str = "DeleteResourcePolicy";
    const ACCESS: Access = Access::Write;
    type Input = SecretInput;
    type Output = SecretOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        delete(cx, &input.secret_id).await
    }
}

impl Operation for ValidateResourcePolicy {
    const NAME: &'static str = "ValidateResourcePolicy";
    const ACCESS: Access = Access::Read;
    type Input = ValidateResourcePolicyInput;
    type Output = ValidateResourcePolicyOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        if let Some(id) = &input.secret_id {
            find(cx, id).await?;
        }
        let is_public = lets_everyone_in(&parse(&input.resource_policy)?);
        let error = |error: Error| ValidationError { check_name: "ACCESS", error_message: error.to_string() };
        let validation_errors: Vec<_> = is_public.then(|| error(Error::PublicPolicy)).into_iter().collect();
        Ok(ValidateResourcePolicyOutput { policy_validation_passed: !is_public, validation_errors })
    }
}

/// Gives a secret a policy.
pub async fn put(cx: &mut Context<'_>, input: &PutResourcePolicyInput) -> Result<SecretOutput, Error> {
    let policy = parse(&input.resource_policy)?;
    if input.block_public_policy && lets_everyone_in(&policy) {
        return Err(Error::PublicPolicy);
    }
    let mut secret = find_live(cx, &input.secret_id).await?;
    secret.policy = Some(input.resource_policy.clone());
    cx.tx.replace(&secret).await?;
    Ok(SecretOutput::of(&secret))
}

/// Takes the policy of a secret away.
pub async fn delete(cx: &mut Context<'_>, secret_id: &str) -> Result<SecretOutput, Error> {
    let mut secret = find_live(cx, secret_id).await?;
    secret.policy = None;
    cx.tx.replace(&secret).await?;
    Ok(SecretOutput::of(&secret))
}

fn parse(policy: &str) -> Result<Value, Error> {
    serde_json::from_str(policy).ok().filter(Value::is_object).ok_or(Error::MalformedPolicy)
}

/// Whether a statement allows something to everyone, under no condition.
fn lets_everyone_in(policy: &Value) -> bool {
    let statements = match policy.get("Statement") {
        Some(Value::Array(statements)) => statements.as_slice(),
        Some(statement) => std::slice::from_ref(statement),
        None => &[],
    };
    let is_anyone = |principal: &Value| match principal {
        Value::Array(principals) => principals.iter().any(|principal| principal == "*"),
        one => one == "*",
    };
    statements.iter().any(|statement| {
        let allows = statement.get("Effect").is_some_and(|effect| effect == "Allow");
        let principal = statement.get("Principal");
        let anyone = principal.is_some_and(|principal| is_anyone(principal.get("AWS").unwrap_or(principal)));
        allows && anyone && statement.get("Condition").is_none()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_lets_everyone_in_when_it_says_so_under_no_condition() {
        let check = |policy: &str, expected: Option<bool>| {
            assert_eq!(parse(policy).ok().as_ref().map(lets_everyone_in), expected, "{policy}");
        };
        check(r#"{"Statement": [{"Effect": "Allow", "Principal": "*"}]}"#, Some(true));
        check(r#"{"Statement": {"Effect": "Allow", "Principal": {"AWS": "*"}}}"#, Some(true));
        check(r#"{"Statement": [{"Effect": "Allow", "Principal": {"AWS": ["a", "*"]}}]}"#, Some(true));
        check(r#"{"Statement": [{"Effect": "Deny", "Principal": "*"}]}"#, Some(false));
        check(r#"{"Statement": [{"Effect": "Allow", "Principal": {"Service": "a"}}]}"#, Some(false));
        check(r#"{"Statement": [{"Effect": "Allow", "Principal": "*", "Condition": {}}]}"#, Some(false));
        check("{}", Some(false));
        check("[]", None);
        check("{", None);
    }
}
