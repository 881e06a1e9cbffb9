//! Managed policies of roles: `AttachRolePolicy`, `DetachRolePolicy`, `ListAttachedRolePolicies`.

use claviger_store::TransactionExt;
use serde::{Deserialize, Serialize};

use super::errors::Error;
use super::managed_policy;
use super::role::{RoleInput, find};
use crate::operation::{Access, Context, Operation};

/// Attaches a managed policy to a role.
pub struct AttachRolePolicy;
/// Detaches a managed policy from a role.
pub struct DetachRolePolicy;
/// Lists the managed policies that are attached to a role.
pub struct ListAttachedRolePolicies;

/// Managed policies that a role may have, as AWS raises the quota on request (IAM User Guide, "IAM and AWS STS quotas").
const ATTACHED_MAX: usize = 20;

/// Which policy of which role is meant.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AttachmentInput {
    role_name: String,
    policy_arn: String,
}

/// Attached policies.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListAttachedRolePoliciesOutput {
    attached_policies: Vec<AttachedPolicy>,
    is_truncated: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct AttachedPolicy {
    policy_name: String,
    policy_arn: String,
}

impl Operation for AttachRolePolicy {
    const NAME: &'static str = "AttachRolePolicy";
    const ACCESS: Access = Access::Write;
    type Input = AttachmentInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        attach(cx, &input.role_name, &input.policy_arn).await
    }
}

impl Operation for DetachRolePolicy {
    const NAME: &'static str = "DetachRolePolicy";
    const ACCESS: Access = Access::Write;
    type Input = AttachmentInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        detach(cx, &input.role_name, &input.policy_arn).await
    }
}

impl Operation for ListAttachedRolePolicies {
    const NAME: &'static str = "ListAttachedRolePolicies";
    const ACCESS: Access = Access::Read;
    type Input = RoleInput;
    type Output = ListAttachedRolePoliciesOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let role = find(cx, &input.role_name).await?.record;
        let shown = role.attached.into_iter().map(|arn| AttachedPolicy {
            policy_name: arn.rsplit('/').next().unwrap_or_default().to_owned(),
            policy_arn: arn,
        });
        Ok(ListAttachedRolePoliciesOutput { attached_policies: shown.collect(), is_truncated: false })
    }
}

/// Attaches a managed policy to a role: one of the account's, or any of AWS's.
pub async fn attach(cx: &mut Context<'_>, role: &str, arn: &str) -> Result<(), Error> {
    let mut found = find(cx, role).await?;
    if !arn.starts_with("arn:aws:iam::aws:policy/") && managed_policy::find(cx, arn).await?.is_none() {
        let message = format!("Policy {arn} does not exist or is not attachable.");
        return Err(Error::NoSuchEntity(message));
    }
    found.attached.insert(arn.to_owned());
    if found.attached.len() > ATTACHED_MAX {
        let message = format!("Cannot exceed quota for PoliciesPerRole: {ATTACHED_MAX}");
        return Err(Error::LimitExceeded(message));
    }
    Ok(cx.tx.replace(&found).await?)
}

/// Detaches a managed policy from a role.
pub async fn detach(cx: &mut Context<'_>, role: &str, arn: &str) -> Result<(), Error> {
    let mut found = find(cx, role).await?;
    if !found.attached.remove(arn) {
        return Err(Error::NoSuchEntity(format!("Policy {arn} was not found.")));
    }
    Ok(cx.tx.replace(&found).await?)
}
