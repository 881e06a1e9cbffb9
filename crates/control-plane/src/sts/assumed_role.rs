//! Roles for a while: `AssumeRole`.

use claviger_resources::random::LOWER_ALPHANUMERIC;
use claviger_resources::role::Role;
use claviger_resources::{AccountId, Region, Tenant, Timestamp};
use claviger_runtime::access_keys::Principal;
use claviger_runtime::temporary_credentials::TemporaryCredentials;
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
        let principal = assumed(cx, &input.role_arn, &input.role_session_name).await?;
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

/// Who bears a role's credentials under this session name. A role that nobody made has an id all the same.
async fn assumed(cx: &mut Context<'_>, role_arn: &str, session_name: &str) -> Result<Principal, Error> {
    let (account, name) = role(role_arn)?;
    let tenant = Tenant { account, region: Region::us_east_1() };
    let made = cx.tx.find::<Role>(&tenant, "", name).await?.filter(|role| role.arn() == role_arn);
    let id = made.map_or_else(|| role_id(role_arn), |role| role.record.id);
    let arn = format!("arn:aws:sts::{account}:assumed-role/{name}/{session_name}");
    Ok(Principal { account, arn, id: format!("{id}:{session_name}") })
}

/// The account and the name of the role of this ARN.
fn role(arn: &str) -> Result<(AccountId, &str), Error> {
    let rest = arn.strip_prefix("arn:aws:iam::").and_then(|rest| rest.split_once(":role/"));
    let (account, path) = rest.ok_or(Error::NoRole)?;
    let account = AccountId::parse(account).map_err(|_| Error::NoRole)?;
    let name = path.rsplit('/').next().filter(|name| !name.is_empty()).ok_or(Error::NoRole)?;
    Ok((account, name))
}

fn is_no_json(text: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(text).is_err()
}

/// The unique id of a role that nobody made, told by its ARN.
fn role_id(role_arn: &str) -> String {
    // FNV-1a over the ARN, twice as wide as an id needs.
    let hash = role_arn.bytes().fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128, |hash, byte| {
        (hash ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
    });
    let digits = (0..17).scan(hash, |rest, _| {
        let digit = LOWER_ALPHANUMERIC.get((*rest % 36) as usize).copied();
        *rest /= 36;
        digit.map(|digit| char::from(digit).to_ascii_uppercase())
    });
    "AROA".chars().chain(digits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_named_by_its_arn() {
        let check = |arn: &str, expected: Option<&str>| {
            assert_eq!(role(arn).ok().map(|(_, name)| name), expected, "{arn}");
        };
        check("arn:aws:iam::111122223333:role/deploy", Some("deploy"));
        check("arn:aws:iam::111122223333:role/a/b/deploy", Some("deploy"));
        check("arn:aws:iam::111122223333:user/deploy", None);
        check("arn:aws:iam::1:role/deploy", None);
        check("arn:aws:iam::111122223333:role/", None);
        check("deploy", None);
    }

    #[test]
    fn a_role_s_id_is_its_own() {
        let id = role_id("arn:aws:iam::111122223333:role/deploy");
        assert_eq!((id.len(), id.starts_with("AROA")), (21, true));
        assert_eq!(id, role_id("arn:aws:iam::111122223333:role/deploy"));
        assert_ne!(id, role_id("arn:aws:iam::111122223333:role/deploys"));
        assert!(id.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()));
    }
}
