//! What proxies ask about before they let a request through to a service of their own: `PutAuthorizationPolicy`,
//! `DescribeAuthorizationPolicy`, `ListAuthorizationPolicies`, `DeleteAuthorizationPolicy`.

use claviger_gateway::roles::is_scope;
use claviger_resources::authorization_policy::{AuthorizationPolicy, PolicyTokenUse, RequestSource};
use claviger_resources::limits::AUTHORIZATION_POLICIES_MAX;
use claviger_resources::{PolicyName, UserPoolId};
use claviger_store::{Stored, TransactionExt, policy_tenant};
use serde::{Deserialize, Serialize};

use super::errors::Error;
use super::role_mapping::RoleTableMembers;
use crate::operation::{Access, Context, Operation};

/// Makes a policy, or sets one anew, whole.
pub struct PutAuthorizationPolicy;
/// Shows a policy.
pub struct DescribeAuthorizationPolicy;
/// Lists the policies by name.
pub struct ListAuthorizationPolicies;
/// Deletes a policy: whoever asks about it is refused from then on.
pub struct DeleteAuthorizationPolicy;

/// The members of `PutAuthorizationPolicy`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PutAuthorizationPolicyInput {
    policy_name: String,
    user_pool_ids: Vec<String>,
    #[serde(default)]
    scopes: Vec<String>,
    #[serde(default)]
    token_use: PolicyTokenUse,
    #[serde(default)]
    request_source: RequestSource,
    role_mapping: Option<RoleTableMembers>,
}

/// The members of `DescribeAuthorizationPolicy` and `DeleteAuthorizationPolicy`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyInput {
    policy_name: String,
}

/// The members of `ListAuthorizationPolicies`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListAuthorizationPoliciesInput {
    max_results: Option<usize>,
    next_token: Option<String>,
}

/// A policy as it is shown.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyOutput {
    policy_name: PolicyName,
    user_pool_ids: Vec<UserPoolId>,
    scopes: Vec<String>,
    token_use: PolicyTokenUse,
    request_source: RequestSource,
    #[serde(skip_serializing_if = "Option::is_none")]
    role_mapping: Option<RoleTableMembers>,
    creation_date: f64,
    last_modified_date: f64,
}

/// The answer of `ListAuthorizationPolicies`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListAuthorizationPoliciesOutput {
    policies: Vec<PolicySummary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct PolicySummary {
    policy_name: PolicyName,
    last_modified_date: f64,
}

/// The largest page of policies, and the page when nobody says how large.
const PAGE_MAX: usize = 100;

impl Operation for PutAuthorizationPolicy {
    const NAME: &'static str = "PutAuthorizationPolicy";
    const ACCESS: Access = Access::Write;
    type Input = PutAuthorizationPolicyInput;
    type Output = PolicyOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<PolicyOutput, Error> {
        if let Some(wrong) = input.scopes.iter().find(|scope| !is_scope(scope)) {
            return Err(Error::Scope(wrong.clone()));
        }
        let mut policy = AuthorizationPolicy {
            name: PolicyName::parse(&input.policy_name)?,
            tenant: policy_tenant(),
            pools: input.user_pool_ids.iter().map(|id| UserPoolId::parse(id)).collect::<Result<_, _>>()?,
            scopes: input.scopes.clone(),
            token_use: input.token_use,
            request_source: input.request_source,
            role_table: input.role_mapping.as_ref().map(RoleTableMembers::checked).transpose()?,
            created: cx.now,
            modified: cx.now,
        };
        match stored(cx, policy.name.as_str()).await? {
            Some(before) => {
                policy.created = before.created;
                cx.tx.replace(&Stored { record: policy.clone(), version: before.version }).await?;
            }
            None if cx.tx.count_of::<AuthorizationPolicy>(&policy.tenant, "").await?
                >= AUTHORIZATION_POLICIES_MAX as u64 =>
            {
                return Err(Error::TooManyPolicies);
            }
            None => cx.tx.insert(&policy).await?,
        }
        Ok(policy.into())
    }
}

impl Operation for DescribeAuthorizationPolicy {
    const NAME: &'static str = "DescribeAuthorizationPolicy";
    const ACCESS: Access = Access::Read;
    type Input = PolicyInput;
    type Output = PolicyOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<PolicyOutput, Error> {
        Ok(find(cx, &input.policy_name).await?.into())
    }
}

impl Operation for ListAuthorizationPolicies {
    const NAME: &'static str = "ListAuthorizationPolicies";
    const ACCESS: Access = Access::Read;
    type Input = ListAuthorizationPoliciesInput;
    type Output = ListAuthorizationPoliciesOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let size = input.max_results.unwrap_or(PAGE_MAX);
        // A page begins after the name that the last one ended with.
        let after = input.next_token.as_deref();
        let mut page = cx.tx.list::<AuthorizationPolicy>(&policy_tenant(), "", after, size + 1).await?;
        let more = page.len() > size;
        page.truncate(size);
        let next_token = page.last().filter(|_| more).map(|last| last.name.to_string());
        let policies = page.into_iter().map(|policy| PolicySummary {
            policy_name: policy.record.name,
            last_modified_date: policy.record.modified.fractional_seconds(),
        });
        Ok(ListAuthorizationPoliciesOutput { policies: policies.collect(), next_token })
    }
}

impl Operation for DeleteAuthorizationPolicy {
    const NAME: &'static str = "DeleteAuthorizationPolicy";
    const ACCESS: Access = Access::Write;
    type Input = PolicyInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        let policy = find(cx, &input.policy_name).await?;
        cx.tx.delete(&policy).await?;
        Ok(())
    }
}

async fn stored(cx: &mut Context<'_>, name: &str) -> Result<Option<Stored<AuthorizationPolicy>>, Error> {
    Ok(cx.tx.find(&policy_tenant(), "", name).await?)
}

async fn find(cx: &mut Context<'_>, name: &str) -> Result<AuthorizationPolicy, Error> {
    Ok(stored(cx, name).await?.ok_or_else(|| Error::PolicyNotFound(name.to_owned()))?.record)
}

impl From<AuthorizationPolicy> for PolicyOutput {
    fn from(policy: AuthorizationPolicy) -> Self {
        Self {
            policy_name: policy.name,
            user_pool_ids: policy.pools,
            scopes: policy.scopes,
            token_use: policy.token_use,
            request_source: policy.request_source,
            role_mapping: policy.role_table.map(RoleTableMembers::from),
            creation_date: policy.created.fractional_seconds(),
            last_modified_date: policy.modified.fractional_seconds(),
        }
    }
}
