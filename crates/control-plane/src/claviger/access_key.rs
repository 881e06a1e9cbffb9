//! Access keys of the control plane: `CreateAccessKey`, `ListAccessKeys`, `RotateAccessKey`, `RevokeAccessKey`.

use claviger_resources::access_key::{AccessKey, AccessKeyStatus};
use claviger_resources::limits::ACCESS_KEYS_MAX;
use claviger_resources::{AccessKeyId, AccountId, Random, RoleName, Secret, Timestamp};
use claviger_runtime::access_keys::NewKey;
use claviger_runtime::vault::Vault;
use claviger_store::{Name, Namespace, Stored, Transaction, TransactionExt};
use serde::{Deserialize, Serialize};

use super::errors::Error;
use crate::operation::{Access, Context, Operation};

/// Makes a key, and shows its secret this once.
pub struct CreateAccessKey;
/// Lists the keys of an account, those that were revoked among them.
pub struct ListAccessKeys;
/// Makes a key that is to take another's place, and gives that one a time to end.
pub struct RotateAccessKey;
/// Ends a key, and every session that was made with it.
pub struct RevokeAccessKey;

/// The members of `CreateAccessKey`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateAccessKeyInput {
    role_name: String,
    user_name: Option<String>,
    description: Option<String>,
    account_id: Option<String>,
    expires_in_seconds: Option<i64>,
}

/// The members of `ListAccessKeys`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListAccessKeysInput {
    account_id: Option<String>,
    max_results: Option<usize>,
    next_token: Option<String>,
}

/// The members of `RotateAccessKey`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RotateAccessKeyInput {
    access_key_id: String,
    grace_seconds: Option<i64>,
}

/// The members of `RevokeAccessKey`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RevokeAccessKeyInput {
    access_key_id: String,
}

/// A key that was made, with its secret.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct NewAccessKeyOutput {
    access_key: NewAccessKey,
}

/// A key with its secret, which cannot be printed by accident.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct NewAccessKey {
    secret_access_key: String,
    #[serde(flatten)]
    shown: AccessKeyShown,
}

/// The answer of `ListAccessKeys`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListAccessKeysOutput {
    access_keys: Vec<AccessKeyShown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

/// The answer of `RevokeAccessKey`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct RevokeAccessKeyOutput {
    access_key: AccessKeyShown,
}

/// A key as it is shown.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AccessKeyShown {
    access_key_id: AccessKeyId,
    account_id: String,
    user_name: String,
    role_name: RoleName,
    status: AccessKeyStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    creation_date: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration_date: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rotated_from: Option<AccessKeyId>,
}

/// What a key is to be.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The account in which it calls.
    pub account: AccountId,
    /// The role in which it does.
    pub role: RoleName,
    /// Whose it is; the role's name when nothing is said.
    pub user_name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// When it ends by itself.
    pub expires: Option<Timestamp>,
    /// The key that it is to replace.
    pub rotated_from: Option<AccessKeyId>,
}

/// The largest page of keys, and the page when nobody says how large.
const PAGE_MAX: usize = 100;

impl Operation for CreateAccessKey {
    const NAME: &'static str = "CreateAccessKey";
    const ACCESS: Access = Access::Write;
    type Input = CreateAccessKeyInput;
    type Output = NewAccessKeyOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<NewAccessKeyOutput, Error> {
        let roles = &cx.services.roles;
        if roles.policy(&input.role_name).is_none() {
            let known: Vec<&str> = roles.names().map(RoleName::as_str).collect();
            return Err(Error::NoRole { name: input.role_name.clone(), known: known.join(", ") });
        }
        let wanted = Wanted {
            account: account(cx, input.account_id.as_deref())?,
            role: RoleName::parse(&input.role_name)?,
            user_name: input.user_name.clone(),
            description: input.description.clone(),
            expires: input.expires_in_seconds.map(|seconds| later(cx.now, seconds)),
            rotated_from: None,
        };
        let (key, secret) = create(cx.tx, &cx.services.vault, cx.random, cx.now, wanted).await?;
        Ok(NewAccessKeyOutput::new(key, &secret))
    }
}

impl Operation for ListAccessKeys {
    const NAME: &'static str = "ListAccessKeys";
    const ACCESS: Access = Access::Read;
    type Input = ListAccessKeysInput;
    type Output = ListAccessKeysOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let tenant = AccessKey::tenant_of(account(cx, input.account_id.as_deref())?);
        let size = input.max_results.unwrap_or(PAGE_MAX);
        // A page begins after the id that the last one ended with.
        let mut page = cx.tx.list::<AccessKey>(&tenant, "", input.next_token.as_deref(), size + 1).await?;
        let more = page.len() > size;
        page.truncate(size);
        let next_token = page.last().filter(|_| more).map(|last| last.id.to_string());
        Ok(ListAccessKeysOutput { access_keys: page.into_iter().map(|key| key.record.into()).collect(), next_token })
    }
}

impl Operation for RotateAccessKey {
    const NAME: &'static str = "RotateAccessKey";
    const ACCESS: Access = Access::Write;
    type Input = RotateAccessKeyInput;
    type Output = NewAccessKeyOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<NewAccessKeyOutput, Error> {
        let mut old = find(cx, &input.access_key_id).await?;
        if !old.is_good(cx.now) {
            return Err(Error::AccessKeyEnded(input.access_key_id.clone()));
        }
        if let Some(seconds) = input.grace_seconds {
            let ends = later(cx.now, seconds);
            old.expires = Some(old.expires.map_or(ends, |expires| expires.min(ends)));
            cx.tx.replace(&old).await?;
        }
        let lifetime = old.expires.filter(|_| input.grace_seconds.is_none());
        let AccessKey { id, tenant, user_name, role, description, created, .. } = old.record;
        let wanted = Wanted {
            account: tenant.account,
            role,
            user_name: Some(user_name),
            description,
            // A key that ends by itself is followed by one that lives as long.
            expires: lifetime.map(|ends| later(cx.now, ends.seconds().saturating_sub(created.seconds()))),
            rotated_from: Some(id),
        };
        let (key, secret) = create(cx.tx, &cx.services.vault, cx.random, cx.now, wanted).await?;
        Ok(NewAccessKeyOutput::new(key, &secret))
    }
}

impl Operation for RevokeAccessKey {
    const NAME: &'static str = "RevokeAccessKey";
    const ACCESS: Access = Access::Write;
    type Input = RevokeAccessKeyInput;
    type Output = RevokeAccessKeyOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let mut key = find(cx, &input.access_key_id).await?;
        key.status = AccessKeyStatus::Inactive;
        cx.tx.replace(&key).await?;
        Ok(RevokeAccessKeyOutput { access_key: key.record.into() })
    }
}

/// Makes a key. Where there are as many as there may be, one that has ended makes room.
pub async fn create(
    tx: &mut dyn Transaction,
    vault: &Vault,
    random: &mut dyn Random,
    now: Timestamp,
    wanted: Wanted,
) -> Result<(AccessKey, Secret<String>), Error> {
    let tenant = AccessKey::tenant_of(wanted.account);
    if tx.count_of::<AccessKey>(&tenant, "").await? >= ACCESS_KEYS_MAX as u64 {
        let keys = tx.list::<AccessKey>(&tenant, "", None, ACCESS_KEYS_MAX).await?;
        let oldest = keys.iter().filter(|key| !key.is_good(now)).min_by_key(|key| key.created);
        tx.delete(&oldest.ok_or(Error::TooManyAccessKeys)?.record).await?;
    }
    let new = NewKey::generate(vault, random, wanted.account).map_err(|error| Error::NewKey(error.to_string()))?;
    let key = AccessKey {
        id: new.id,
        tenant,
        user_name: wanted.user_name.unwrap_or_else(|| wanted.role.to_string()),
        role: wanted.role,
        description: wanted.description,
        sealed: new.sealed,
        status: AccessKeyStatus::Active,
        created: now,
        expires: wanted.expires,
        rotated_from: wanted.rotated_from,
    };
    tx.insert(&key).await?;
    Ok((key, new.secret))
}

/// The account that a call is about: its caller's own unless it names another.
fn account(cx: &Context<'_>, named: Option<&str>) -> Result<AccountId, Error> {
    Ok(named.map(AccountId::parse).transpose()?.unwrap_or(cx.tenant.account))
}

async fn find(cx: &mut Context<'_>, id: &str) -> Result<Stored<AccessKey>, Error> {
    let key = cx.tx.find_named(&Name::new(Namespace::AccessKeyId, id)).await?;
    key.ok_or_else(|| Error::AccessKeyNotFound(id.to_owned()))
}

fn later(now: Timestamp, seconds: i64) -> Timestamp {
    Timestamp::from_milliseconds(now.milliseconds().saturating_add(seconds.saturating_mul(1_000)))
}

impl NewAccessKeyOutput {
    /// A key, with the secret that is shown this once.
    pub fn new(key: AccessKey, secret: &Secret<String>) -> Self {
        Self { access_key: NewAccessKey { secret_access_key: secret.expose().clone(), shown: key.into() } }
    }
}

impl From<AccessKey> for AccessKeyShown {
    fn from(key: AccessKey) -> Self {
        Self {
            access_key_id: key.id,
            account_id: key.tenant.account.to_string(),
            user_name: key.user_name,
            role_name: key.role,
            status: key.status,
            description: key.description,
            creation_date: key.created.fractional_seconds(),
            expiration_date: key.expires.map(Timestamp::fractional_seconds),
            rotated_from: key.rotated_from,
        }
    }
}
