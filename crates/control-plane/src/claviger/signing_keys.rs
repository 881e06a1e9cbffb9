//! The keys that a user pool signs with: `DescribeSigningKeys`, `RotateSigningKeys`, `RetireSigningKey`,
//! `UpdateSigningKeyPolicy`.

use claviger_resources::signing_key::{
    KeyPurpose, PUBLICATION_SECONDS, SigningAlgorithm, SigningKeyRecord, SigningKeys,
};
use claviger_resources::user_pool::UserPool;
use claviger_resources::{Timestamp, UserPoolId};
use claviger_runtime::signing_keys::PrivateKeys;
use claviger_store::{Name, Namespace, Stored, Transaction, TransactionExt};
use serde::{Deserialize, Serialize};

use super::errors::Error;
use crate::operation::{Access, Caller, Context, Operation};
use crate::services::Services;

/// Shows a pool's keys, what each of them does, and what was chosen for them.
pub struct DescribeSigningKeys;
/// Publishes a new pair of keys and lets it sign after a while, or at once.
pub struct RotateSigningKeys;
/// Takes a key away at once: whatever it has signed is refused from then on.
pub struct RetireSigningKey;
/// Chooses what keys are made from now on, and how often.
pub struct UpdateSigningKeyPolicy;

/// The members of `DescribeSigningKeys`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeSigningKeysInput {
    user_pool_id: String,
}

/// The members of `RotateSigningKeys`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RotateSigningKeysInput {
    user_pool_id: String,
    publication_seconds: Option<i64>,
    #[serde(skip)]
    made: Option<PrivateKeys>,
}

/// The members of `RetireSigningKey`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RetireSigningKeyInput {
    user_pool_id: String,
    key_id: String,
    #[serde(skip)]
    made: Option<PrivateKeys>,
}

/// The members of `UpdateSigningKeyPolicy`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateSigningKeyPolicyInput {
    user_pool_id: String,
    algorithm: Option<SigningAlgorithm>,
    rotation_days: Option<u32>,
}

/// What all of them answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct SigningKeysShown {
    user_pool_id: UserPoolId,
    algorithm: SigningAlgorithm,
    /// 0 when keys are replaced only when somebody asks.
    rotation_days: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_rotation: Option<f64>,
    keys: Vec<KeyShown>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct KeyShown {
    key_id: String,
    token_use: TokenUse,
    algorithm: SigningAlgorithm,
    status: Status,
    creation_date: f64,
    signs_from: f64,
    /// When the last token that it has signed is dead, and it goes.
    #[serde(skip_serializing_if = "Option::is_none")]
    retires_at: Option<f64>,
}

#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "UPPERCASE")]
enum TokenUse {
    Access,
    Id,
}

/// What a key does.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "UPPERCASE")]
enum Status {
    /// It is published and will sign.
    Pending,
    /// It signs.
    Signing,
    /// It signs no more, and verifies what it has signed.
    Verifying,
}

impl Operation for DescribeSigningKeys {
    const NAME: &'static str = "DescribeSigningKeys";
    const ACCESS: Access = Access::Read;
    type Input = DescribeSigningKeysInput;
    type Output = SigningKeysShown;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<SigningKeysShown, Error> {
        let keys = find(cx.tx, &input.user_pool_id).await?;
        Ok(SigningKeysShown::new(keys.record, cx.now))
    }
}

impl Operation for RotateSigningKeys {
    const NAME: &'static str = "RotateSigningKeys";
    const ACCESS: Access = Access::Write;
    type Input = RotateSigningKeysInput;
    type Output = SigningKeysShown;
    type Error = Error;

    async fn prepare(services: &Services, _: &Caller, input: &mut Self::Input) -> Result<(), Error> {
        input.made = Some(make(services, &input.user_pool_id).await?);
        Ok(())
    }

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<SigningKeysShown, Error> {
        let mut keys = find(cx.tx, &input.user_pool_id).await?;
        let seconds = input.publication_seconds.unwrap_or(PUBLICATION_SECONDS);
        let signs_from = Timestamp::from_milliseconds(cx.now.milliseconds().saturating_add(seconds * 1_000));
        let pair = pair(cx, &keys, input.made.as_ref())?;
        keys.rotate(pair, signs_from)?;
        keep(cx, keys).await
    }
}

impl Operation for RetireSigningKey {
    const NAME: &'static str = "RetireSigningKey";
    const ACCESS: Access = Access::Write;
    type Input = RetireSigningKeyInput;
    type Output = SigningKeysShown;
    type Error = Error;

    async fn prepare(services: &Services, _: &Caller, input: &mut Self::Input) -> Result<(), Error> {
        input.made = Some(make(services, &input.user_pool_id).await?);
        Ok(())
    }

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<SigningKeysShown, Error> {
        let mut keys = find(cx.tx, &input.user_pool_id).await?;
        if !keys.remove(&input.key_id) {
            return Err(Error::SigningKeyNotFound(input.key_id.clone()));
        }
        if !keys.can_sign(cx.now) {
            let pair = pair(cx, &keys, input.made.as_ref())?;
            let now = cx.now;
            keys.rotate(pair, now)?;
        }
        keep(cx, keys).await
    }
}

impl Operation for UpdateSigningKeyPolicy {
    const NAME: &'static str = "UpdateSigningKeyPolicy";
    const ACCESS: Access = Access::Write;
    type Input = UpdateSigningKeyPolicyInput;
    type Output = SigningKeysShown;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<SigningKeysShown, Error> {
        let mut keys = find(cx.tx, &input.user_pool_id).await?;
        if let Some(algorithm) = input.algorithm {
            keys.policy.algorithm = algorithm;
        }
        if let Some(days) = input.rotation_days {
            keys.policy.rotation_days = Some(days).filter(|days| *days > 0);
        }
        keep(cx, keys).await
    }
}

/// A new pair of private keys of the kind that was chosen for the pool, made while no transaction is open.
async fn make(services: &Services, pool: &str) -> Result<PrivateKeys, Error> {
    let mut tx = services.store.read().await?;
    let algorithm = find(&mut *tx, pool).await?.policy.algorithm;
    drop(tx);
    Ok(PrivateKeys::make(algorithm).await?)
}

fn pair(cx: &mut Context<'_>, keys: &SigningKeys, made: Option<&PrivateKeys>) -> Result<Vec<SigningKeyRecord>, Error> {
    let Some(made) = made else { return Ok(Vec::new()) };
    Ok(made.records(&keys.pool, &cx.services.vault, cx.random, cx.now)?)
}

async fn keep(cx: &mut Context<'_>, keys: Stored<SigningKeys>) -> Result<SigningKeysShown, Error> {
    cx.tx.replace(&keys).await?;
    Ok(SigningKeysShown::new(keys.record, cx.now))
}

/// The keys of the user pool with this id, in whatever account and region.
async fn find(tx: &mut dyn Transaction, pool: &str) -> Result<Stored<SigningKeys>, Error> {
    let name = Name::new(Namespace::UserPoolId, pool);
    let found = tx.find_named::<UserPool>(&name).await?.ok_or_else(|| Error::UserPoolNotFound(pool.to_owned()))?;
    let keys = tx.find::<SigningKeys>(&found.tenant, "", pool).await?;
    keys.ok_or_else(|| Error::NoSigningKeysYet(pool.to_owned()))
}

impl SigningKeysShown {
    fn new(keys: SigningKeys, now: Timestamp) -> Self {
        let next_rotation = keys.rotation_due().map(Timestamp::fractional_seconds);
        let shown = keys.keys.iter().map(|key| KeyShown::new(&keys, key, now)).collect();
        Self {
            algorithm: keys.policy.algorithm,
            rotation_days: keys.policy.rotation_days.unwrap_or_default(),
            next_rotation,
            keys: shown,
            user_pool_id: keys.pool,
        }
    }
}

impl KeyShown {
    fn new(keys: &SigningKeys, key: &SigningKeyRecord, now: Timestamp) -> Self {
        let status = if key.signs_from > now {
            Status::Pending
        } else if keys.signer(key.purpose, now).is_some_and(|signer| signer.kid == key.kid) {
            Status::Signing
        } else {
            Status::Verifying
        };
        Self {
            key_id: key.kid.clone(),
            token_use: match key.purpose {
                KeyPurpose::Access => TokenUse::Access,
                KeyPurpose::Id => TokenUse::Id,
            },
            algorithm: key.algorithm,
            status,
            creation_date: key.created.fractional_seconds(),
            signs_from: key.signs_from.fractional_seconds(),
            retires_at: key.retires.map(Timestamp::fractional_seconds),
        }
    }
}
