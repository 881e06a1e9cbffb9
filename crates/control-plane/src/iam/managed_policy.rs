//! Managed policies of an account: `CreatePolicy`, `GetPolicy`, `GetPolicyVersion`, `ListPolicies`, `DeletePolicy`. Each has one
//! version.

use claviger_resources::role::{ManagedPolicy, Role};
use claviger_store::{Stored, TransactionExt};
use serde::{Deserialize, Serialize};

use super::document::{check, date, encoded, unique_id};
use super::errors::Error;
use super::global;
use super::role_tags::Tag;
use crate::operation::{Access, Context, Operation};

/// Makes a managed policy.
pub struct CreatePolicy;
/// Shows a managed policy without its document.
pub struct GetPolicy;
/// Shows the document of a managed policy.
pub struct GetPolicyVersion;
/// Lists managed policies.
pub struct ListPolicies;
/// Deletes a managed policy.
pub struct DeletePolicy;

/// Managed policies that an account may have (IAM User Guide, "IAM and AWS STS quotas").
const POLICIES_MAX: u64 = 5000;
/// Policies on a page unless the caller says otherwise (IAM API, `ListPolicies`).
const PAGE_MAX: usize = 100;
/// The one version of a policy.
const VERSION: &str = "v1";

/// The members of `CreatePolicy`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreatePolicyInput {
    /// Its name.
    pub policy_name: String,
    /// What its ARN has before the name.
    pub path: Option<String>,
    /// What it allows.
    pub policy_document: String,
    /// What it is for.
    pub description: Option<String>,
    /// Its tags.
    #[serde(default)]
    pub tags: Vec<Tag>,
}

/// Which policy is meant.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyInput {
    policy_arn: String,
}

/// Which version of which policy is meant.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetPolicyVersionInput {
    policy_arn: String,
    version_id: String,
}

/// The members of `ListPolicies`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListPoliciesInput {
    scope: Option<String>,
    #[serde(default)]
    only_attached: bool,
    path_prefix: Option<String>,
    marker: Option<String>,
    max_items: Option<usize>,
}

/// A policy as callers see it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyOutput {
    policy: ShownPolicy,
}

/// The document of a policy.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetPolicyVersionOutput {
    policy_version: ShownVersion,
}

/// A page of policies.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListPoliciesOutput {
    policies: Vec<ShownPolicy>,
    is_truncated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    marker: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ShownPolicy {
    policy_name: String,
    policy_id: String,
    arn: String,
    path: String,
    default_version_id: &'static str,
    attachment_count: usize,
    permissions_boundary_usage_count: u32,
    is_attachable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    create_date: i64,
    update_date: i64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<Tag>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ShownVersion {
    document: String,
    version_id: &'static str,
    is_default_version: bool,
    create_date: i64,
}

impl Operation for CreatePolicy {
    const NAME: &'static str = "CreatePolicy";
    const ACCESS: Access = Access::Write;
    type Input = CreatePolicyInput;
    type Output = PolicyOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let policy = create(cx, input).await?;
        Ok(PolicyOutput { policy: ShownPolicy::of(&policy, 0) })
    }
}

impl Operation for GetPolicy {
    const NAME: &'static str = "GetPolicy";
    const ACCESS: Access = Access::Read;
    type Input = PolicyInput;
    type Output = PolicyOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let policy = known(cx, &input.policy_arn).await?;
        let attached = attachments(cx, &input.policy_arn).await?;
        Ok(PolicyOutput { policy: ShownPolicy::of(&policy, attached) })
    }
}

impl Operation for GetPolicyVersion {
    const NAME: &'static str = "GetPolicyVersion";
    const ACCESS: Access = Access::Read;
    type Input = GetPolicyVersionInput;
    type Output = GetPolicyVersionOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let policy = known(cx, &input.policy_arn).await?;
        if input.version_id != VERSION {
            let GetPolicyVersionInput { policy_arn, version_id } = input;
            let message = format!("Policy {policy_arn} version {version_id} does not exist or is not attachable.");
            return Err(Error::NoSuchEntity(message));
        }
        let policy_version = ShownVersion {
            document: encoded(&policy.document),
            version_id: VERSION,
            is_default_version: true,
            create_date: date(policy.created),
        };
        Ok(GetPolicyVersionOutput { policy_version })
    }
}

impl Operation for ListPolicies {
    const NAME: &'static str = "ListPolicies";
    const ACCESS: Access = Access::Read;
    type Input = ListPoliciesInput;
    type Output = ListPoliciesOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let size = input.max_items.unwrap_or(PAGE_MAX);
        let prefix = input.path_prefix.as_deref().unwrap_or("/");
        let (mut page, mut is_truncated) = (Vec::new(), false);
        // Those of AWS are not kept here.
        let is_listed = input.scope.as_deref() != Some("AWS");
        for policy in cx.tx.list_all::<ManagedPolicy>(&global(cx.tenant), "").await? {
            let is_after = input.marker.as_ref().is_none_or(|marker| policy.name > *marker);
            if !is_listed || !is_after || !policy.path.starts_with(prefix) {
                continue;
            }
            let attached = attachments(cx, &policy.arn()).await?;
            if input.only_attached && attached == 0 {
                continue;
            }
            if page.len() == size {
                is_truncated = true;
                break;
            }
            page.push(ShownPolicy { tags: Vec::new(), ..ShownPolicy::of(&policy, attached) });
        }
        let marker = page.last().filter(|_| is_truncated).map(|last| last.policy_name.clone());
        Ok(ListPoliciesOutput { policies: page, is_truncated, marker })
    }
}

impl Operation for DeletePolicy {
    const NAME: &'static str = "DeletePolicy";
    const ACCESS: Access = Access::Write;
    type Input = PolicyInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        delete(cx, &input.policy_arn).await
    }
}

/// Makes a managed policy.
pub async fn create(cx: &mut Context<'_>, input: &CreatePolicyInput) -> Result<ManagedPolicy, Error> {
    check(&input.policy_document)?;
    let tenant = global(cx.tenant);
    let name = &input.policy_name;
    if cx.tx.find::<ManagedPolicy>(&tenant, "", name).await?.is_some() {
        return Err(Error::AlreadyExists { what: "A policy", name: name.clone() });
    }
    if cx.tx.count_of::<ManagedPolicy>(&tenant, "").await? >= POLICIES_MAX {
        let message = format!("Cannot exceed quota for PoliciesPerAccount: {POLICIES_MAX}");
        return Err(Error::LimitExceeded(message));
    }
    let policy = ManagedPolicy {
        name: name.clone(),
        tenant,
        path: input.path.clone().unwrap_or_else(|| "/".to_owned()),
        id: unique_id("ANPA", cx.random),
        created: cx.now,
        document: input.policy_document.clone(),
        description: input.description.clone(),
        tags: input.tags.iter().cloned().map(Tag::into_pair).collect(),
    };
    cx.tx.insert(&policy).await?;
    Ok(policy)
}

/// Deletes a managed policy that is attached to nothing.
pub async fn delete(cx: &mut Context<'_>, arn: &str) -> Result<(), Error> {
    let policy = known(cx, arn).await?;
    if attachments(cx, arn).await? > 0 {
        return Err(Error::DeleteConflict("Cannot delete a policy attached to entities."));
    }
    cx.tx.delete(&policy.record).await?;
    Ok(())
}

/// The managed policy of this ARN, when the account has it.
pub async fn find(cx: &mut Context<'_>, arn: &str) -> Result<Option<Stored<ManagedPolicy>>, Error> {
    let name = arn.rsplit('/').next().unwrap_or_default();
    let found = cx.tx.find::<ManagedPolicy>(&global(cx.tenant), "", name).await?;
    Ok(found.filter(|policy| policy.arn() == arn))
}

async fn known(cx: &mut Context<'_>, arn: &str) -> Result<Stored<ManagedPolicy>, Error> {
    find(cx, arn).await?.ok_or_else(|| Error::NoSuchEntity(format!("Policy {arn} was not found.")))
}

/// How many roles a policy is attached to.
async fn attachments(cx: &mut Context<'_>, arn: &str) -> Result<usize, Error> {
    let roles = cx.tx.list_all::<Role>(&global(cx.tenant), "").await?;
    Ok(roles.iter().filter(|role| role.attached.contains(arn)).count())
}

impl ShownPolicy {
    fn of(policy: &ManagedPolicy, attachment_count: usize) -> Self {
        Self {
            policy_name: policy.name.clone(),
            policy_id: policy.id.clone(),
            arn: policy.arn(),
            path: policy.path.clone(),
            default_version_id: VERSION,
            attachment_count,
            permissions_boundary_usage_count: 0,
            is_attachable: true,
            description: policy.description.clone(),
            create_date: date(policy.created),
            update_date: date(policy.created),
            tags: Tag::all(&policy.tags),
        }
    }
}
