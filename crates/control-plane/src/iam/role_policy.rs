//! Policies of a role's own: `PutRolePolicy`, `GetRolePolicy`, `ListRolePolicies`, `DeleteRolePolicy`.

use claviger_store::TransactionExt;
use serde::{Deserialize, Serialize};

use super::document::{check, encoded};
use super::errors::Error;
use super::role::{RoleInput, find};
use crate::operation::{Access, Context, Operation};

/// Gives a role a policy of its own, or another in its place.
pub struct PutRolePolicy;
/// Shows a policy of a role's own.
pub struct GetRolePolicy;
/// Lists the policies of a role's own.
pub struct ListRolePolicies;
/// Takes a policy of its own from a role.
pub struct DeleteRolePolicy;

/// Characters of all policies of a role's own (IAM User Guide, "IAM and AWS STS quotas").
const CHARACTERS_MAX: usize = 10_240;

/// The members of `PutRolePolicy`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PutRolePolicyInput {
    role_name: String,
    policy_name: String,
    policy_document: String,
}

/// Which policy is meant.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RolePolicyInput {
    role_name: String,
    policy_name: String,
}

/// A policy as callers see it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetRolePolicyOutput {
    role_name: String,
    policy_name: String,
    policy_document: String,
}

/// The names of policies.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListRolePoliciesOutput {
    policy_names: Vec<String>,
    is_truncated: bool,
}

impl Operation for PutRolePolicy {
    const NAME: &'static str = "PutRolePolicy";
    const ACCESS: Access = Access::Write;
    type Input = PutRolePolicyInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        put(cx, &input.role_name, &input.policy_name, &input.policy_document).await
    }
}

impl Operation for GetRolePolicy {
    const NAME: &'static str = "GetRolePolicy";
    const ACCESS: Access = Access::Read;
    type Input = RolePolicyInput;
    type Output = GetRolePolicyOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let role = find(cx, &input.role_name).await?;
        let document = role.policies.get(&input.policy_name).ok_or_else(|| missing(&input.policy_name))?;
        Ok(GetRolePolicyOutput {
            role_name: input.role_name.clone(),
            policy_name: input.policy_name.clone(),
            policy_document: encoded(document),
        })
    }
}

impl Operation for ListRolePolicies {
    const NAME: &'static str = "ListRolePolicies";
    const ACCESS: Access = Access::Read;
    type Input = RoleInput;
    type Output = ListRolePoliciesOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let role = find(cx, &input.role_name).await?.record;
        Ok(ListRolePoliciesOutput { policy_names: role.policies.into_keys().collect(), is_truncated: false })
    }
}

impl Operation for DeleteRolePolicy {
    const NAME: &'static str = "DeleteRolePolicy";
    const ACCESS: Access = Access::Write;
    type Input = RolePolicyInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        delete(cx, &input.role_name, &input.policy_name).await
    }
}

/// Gives a role a policy of its own, or another in its place.
pub async fn put(cx: &mut Context<'_>, role: &str, name: &str, document: &str) -> Result<(), Error> {
    check(document)?;
    let mut found = find(cx, role).await?;
    found.policies.insert(name.to_owned(), document.to_owned());
    // White space does not count.
    let count = |document: &String| document.chars().filter(|character| !character.is_whitespace()).count();
    if found.policies.values().map(count).sum::<usize>() > CHARACTERS_MAX {
        let message = format!("Maximum policy size of {CHARACTERS_MAX} bytes exceeded for role {role}");
        return Err(Error::LimitExceeded(message));
    }
    Ok(cx.tx.replace(&found).await?)
}

/// Takes a policy of its own from a role.
pub async fn delete(cx: &mut Context<'_>, role: &str, name: &str) -> Result<(), Error> {
    let mut found = find(cx, role).await?;
    if found.policies.remove(name).is_none() {
        return Err(missing(name));
    }
    Ok(cx.tx.replace(&found).await?)
}

fn missing(name: &str) -> Error {
    Error::NoSuchEntity(format!("The role policy with name {name} cannot be found."))
}
