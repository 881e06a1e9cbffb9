//! Roles for a while: `AssumeRole`.

use claviger_resources::role::Role;
use claviger_resources::{Region, Tenant, Timestamp};
use claviger_runtime::access_keys::Principal;
use claviger_runtime::temporary_credentials::{TemporaryCredentials, assumed, role};
use claviger_store::TransactionExt;
use serde::{Deserialize, Serialize};

use super::credentials::Credentials;
use super::errors::Error;
use crate::operation::{Access, Context, Operation};

/// Gives temporary credentials of a role.
pub struct AssumeRole;

/// How long they are good, unless the caller says, in seconds (AWS STS API, `AssumeRole`).
const DURATION_SECONDS: i64 = 60 * 60;
/// Characters of the longest session policy, of which `PackedPolicySize` is a percentage.
const POLICY_CHARACTERS_MAX: usize = 2048;

/// The members of `AssumeRole`. A session policy is read and not enforced, as all policies of roles.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AssumeRoleInput {
    role_arn: String,
    role_session_name: String,
    policy: Option<String>,
    duration_seconds: Option<i64>,
    token_code: Option<String>,
    source_identity: Option<String>,
}

/// The credentials, and who bears them.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AssumeRoleOutput {
    credentials: Credentials,
    assumed_role_user: AssumedRoleUser,
    #[serde(skip_serializing_if = "Option::is_none")]
    packed_policy_size: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_identity: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AssumedRoleUser {
    assumed_role_id: String,
    arn: String,
}

impl Operation for AssumeRole {
    const NAME: &'static str = "AssumeRole";
    const ACCESS: Access = Access::Read;
    type Input = AssumeRoleInput;
    type Output = AssumeRoleOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let policy = input.policy.as_deref();
        if policy.is_some_and(|policy| !policy.trim_start().starts_with('{') || is_no_json(policy)) {
            return Err(Error::MalformedPolicy);
        }
        if input.token_code.is_some() {
            return Err(Error::MultiFactor);
        }
        let principal = principal(cx, &input.role_arn, &input.role_session_name).await?;
        let seconds = input.duration_seconds.unwrap_or(DURATION_SECONDS);
        let expires = Timestamp::from_seconds(cx.now.seconds().saturating_add(seconds));
        let given = TemporaryCredentials::issue(&cx.services.vault, cx.random, &principal, expires)?;
        Ok(AssumeRoleOutput {
            credentials: given.into(),
            assumed_role_user: AssumedRoleUser { assumed_role_id: principal.id, arn: principal.arn },
            packed_policy_size: policy.map(|policy| (policy.len() * 100).div_ceil(POLICY_CHARACTERS_MAX).min(100)),
            source_identity: input.source_identity.clone(),
        })
    }
}

/// Who bears a role's credentials under this session name.
async fn principal(cx: &mut Context<'_>, role_arn: &str, session_name: &str) -> Result<Principal, Error> {
    let (account, name) = role(role_arn).ok_or(Error::NoRole)?;
    let tenant = Tenant { account, region: Region::us_east_1() };
    let made = cx.tx.find::<Role>(&tenant, "", name).await?.filter(|role| role.arn() == role_arn);
    assumed(role_arn, session_name, made.map(|role| role.record.id)).ok_or(Error::NoRole)
}

fn is_no_json(text: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(text).is_err()
}
