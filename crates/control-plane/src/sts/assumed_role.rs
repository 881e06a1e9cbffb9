//! Roles for a while: `AssumeRole`.

use claviger_gateway::policy::Policy;
use claviger_resources::role::Role;
use claviger_resources::{Region, Tenant, Timestamp};
use claviger_runtime::temporary_credentials::{Lineage, Origin, TemporaryCredentials, assumed, role};
use claviger_store::TransactionExt;
use serde::{Deserialize, Serialize};

use super::credentials::Credentials;
use super::errors::Error;
use crate::operation::{Access, Caller, Context, Procedure, Step, perform};
use crate::services::Services;

/// Gives temporary credentials of a role.
pub struct AssumeRole;

/// How long they are good, unless the caller says, in seconds (AWS STS API, `AssumeRole`).
const DURATION_SECONDS: i64 = 60 * 60;
/// Characters of the longest session policy, of which `PackedPolicySize` is a percentage.
const POLICY_CHARACTERS_MAX: usize = 2048;
/// Characters of all policies that narrow one session, which its token holds.
const POLICIES_CHARACTERS_MAX: usize = 2 * POLICY_CHARACTERS_MAX;
/// The path of the roles of this server's own: to assume one is to have no more than it allows.
const OWN_ROLES: &str = "claviger/";
/// Roles of ours that narrow one session.
const ROLES_MAX: usize = 8;

/// The members of `AssumeRole`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AssumeRoleInput {
    role_arn: String,
    role_session_name: String,
    policy: Option<String>,
    duration_seconds: Option<i64>,
    token_code: Option<String>,
    source_identity: Option<String>,
    #[serde(default)]
    policy_arns: Vec<serde::de::IgnoredAny>,
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

impl Procedure for AssumeRole {
    const NAME: &'static str = "AssumeRole";
    const ACCESS: Access = Access::Read;
    type Input = AssumeRoleInput;
    type Output = AssumeRoleOutput;
    type Error = Error;

    async fn run(services: &Services, caller: &Caller, input: Self::Input) -> Result<Self::Output, Error> {
        let policy = input.policy.as_deref();
        if policy.is_some_and(|policy| !policy.trim_start().starts_with('{') || is_no_json(policy)) {
            return Err(Error::MalformedPolicy);
        }
        if input.token_code.is_some() {
            return Err(Error::MultiFactor);
        }
        let lineage = narrowed(caller.lineage.clone(), &input)?;
        let made = perform(services, &caller.tenant(), &FindRole(&input.role_arn)).await?;
        let principal = assumed(&input.role_arn, &input.role_session_name, made).ok_or(Error::NoRole)?;
        let seconds = input.duration_seconds.unwrap_or(DURATION_SECONDS);
        let expires = Timestamp::from_seconds(services.clock.now().seconds().saturating_add(seconds));
        let mut random = services.random();
        let given = TemporaryCredentials::issue(&services.vault, &mut *random, &principal, lineage, expires)?;
        Ok(AssumeRoleOutput {
            credentials: given.into(),
            assumed_role_user: AssumedRoleUser { assumed_role_id: principal.id, arn: principal.arn },
            packed_policy_size: policy.map(|policy| (policy.len() * 100).div_ceil(POLICY_CHARACTERS_MAX).min(100)),
            source_identity: input.source_identity,
        })
    }
}

/// Finds the id of the role with this ARN, when somebody made it.
struct FindRole<'a>(&'a str);

impl Step for FindRole<'_> {
    const ACCESS: Access = Access::Read;
    type Output = Option<String>;
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<Option<String>, Error> {
        let (account, name) = role(self.0).ok_or(Error::NoRole)?;
        let tenant = Tenant { account, region: Region::us_east_1() };
        let made = cx.tx.find::<Role>(&tenant, "", name).await?.filter(|role| role.arn() == self.0);
        Ok(made.map(|role| role.record.id))
    }
}

/// The caller's rights as its session has them: narrowed by a role of ours, and by a session policy. Roles of IAM narrow
/// nothing, because deploy tools assume those of bootstraps that nobody ran. Where everybody may do everything, nothing is.
fn narrowed(mut lineage: Lineage, input: &AssumeRoleInput) -> Result<Lineage, Error> {
    if lineage.origin == Origin::Unchecked {
        return Ok(lineage);
    }
    if !input.policy_arns.is_empty() {
        return Err(Error::PolicyArns);
    }
    if let Some(policy) = &input.policy {
        Policy::parse(policy).map_err(|error| Error::SessionPolicy(error.to_string()))?;
        lineage.policies.push(policy.clone());
    }
    let own = input.role_arn.split_once(":role/").and_then(|(_, path)| path.strip_prefix(OWN_ROLES));
    if let Some(name) = own.filter(|name| !lineage.roles.iter().any(|known| known == name)) {
        lineage.roles.push(name.to_owned());
    }
    let characters: usize = lineage.policies.iter().map(String::len).sum();
    if characters > POLICIES_CHARACTERS_MAX || lineage.roles.len() > ROLES_MAX {
        return Err(Error::PackedPolicyTooLarge);
    }
    Ok(lineage)
}

fn is_no_json(text: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(text).is_err()
}
