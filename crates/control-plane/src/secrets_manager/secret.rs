//! Secrets: `CreateSecret`, `DescribeSecret`, `UpdateSecret`, `DeleteSecret`, `RestoreSecret`.

use std::collections::BTreeMap;

use claviger_resources::kept_secret::{KeptSecret, SecretVersion};
use claviger_resources::limits::SECRETS_MAX;
use claviger_resources::random::text;
use claviger_resources::{Tenant, Timestamp};
use claviger_store::{Stored, TransactionExt};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::errors::Error;
use super::tags::{self, Tag};
use super::value::{self, PlainValue};
use crate::operation::{Access, Context, Operation, Step};

/// Makes a secret.
pub struct CreateSecret;
/// Tells what is known of a secret beside its value.
pub struct DescribeSecret;
/// Changes a secret, or its value.
pub struct UpdateSecret;
/// Schedules the deletion of a secret, or deletes it at once.
pub struct DeleteSecret;
/// Takes a deletion back.
pub struct RestoreSecret;

/// Letters of what ends an ARN, and how many there are (AWS Secrets Manager User Guide, "What's in a secret?").
const SUFFIX_LETTERS: &[u8; 52] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const SUFFIX_LENGTH: usize = 6;
/// Days until a deletion is done (AWS Secrets Manager API, `DeleteSecret`).
const RECOVERY_DAYS: i64 = 30;
const RECOVERY_DAYS_MIN: i64 = 7;
const DAY_MILLISECONDS: i64 = 24 * 60 * 60 * 1000;

/// The members of `CreateSecret`.
#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateSecretInput {
    /// Its name.
    pub name: String,
    /// The id of its first version, under which a call may be sent again.
    pub client_request_token: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// The key that is named for it.
    pub kms_key_id: Option<String>,
    /// Its value, when it is a text.
    pub secret_string: Option<String>,
    /// Its value, when it is bytes, in base64.
    pub secret_binary: Option<String>,
    /// Its tags.
    #[serde(default)]
    pub tags: Vec<Tag>,
    /// Replicas, which are not served.
    #[serde(default)]
    pub add_replica_regions: Vec<Value>,
    /// The kind of a partner's secret, which is not served.
    #[serde(rename = "Type")]
    pub kind: Option<String>,
    /// A secret of another account, which is not served.
    #[serde(rename = "CrossAccountPrimaryARN")]
    pub cross_account_primary: Option<String>,
}

/// Which secret is meant.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SecretInput {
    pub(super) secret_id: String,
}

/// The members of `UpdateSecret`.
#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateSecretInput {
    /// Which secret.
    pub secret_id: String,
    /// The id of the version that a new value makes.
    pub client_request_token: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// The key that is named for it.
    pub kms_key_id: Option<String>,
    /// Its new value, when it is a text.
    pub secret_string: Option<String>,
    /// Its new value, when it is bytes, in base64.
    pub secret_binary: Option<String>,
    /// The kind of a partner's secret, which is not served.
    #[serde(rename = "Type")]
    pub kind: Option<String>,
}

/// The members of `DeleteSecret`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteSecretInput {
    /// Which secret.
    pub secret_id: String,
    /// Days in which it can be restored.
    pub recovery_window_in_days: Option<i64>,
    /// Whether it goes at once.
    #[serde(default)]
    pub force_delete_without_recovery: bool,
}

/// A secret by its names, and the version that was made.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct SecretOutput {
    #[serde(rename = "ARN")]
    pub(super) arn: String,
    pub(super) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) version_id: Option<String>,
}

/// When a deletion is done.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteSecretOutput {
    #[serde(rename = "ARN")]
    arn: String,
    name: String,
    deletion_date: f64,
}

/// What is known of a secret beside its value.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeSecretOutput {
    #[serde(flatten)]
    known: SecretEntry,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    version_ids_to_stages: BTreeMap<String, Vec<String>>,
}

/// What lists tell, too.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SecretEntry {
    #[serde(rename = "ARN")]
    arn: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kms_key_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rotation_enabled: Option<bool>,
    #[serde(rename = "RotationLambdaARN", skip_serializing_if = "Option::is_none")]
    rotation_function: Option<String>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    rotation_rules: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_rotated_date: Option<f64>,
    last_changed_date: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted_date: Option<f64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<Tag>,
    created_date: f64,
}

impl Operation for CreateSecret {
    const NAME: &'static str = "CreateSecret";
    const ACCESS: Access = Access::Write;
    type Input = CreateSecretInput;
    type Output = SecretOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        create(cx, input).await
    }
}

impl Operation for DescribeSecret {
    const NAME: &'static str = "DescribeSecret";
    const ACCESS: Access = Access::Read;
    type Input = SecretInput;
    type Output = DescribeSecretOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let secret = find(cx, &input.secret_id).await?;
        Ok(DescribeSecretOutput { known: SecretEntry::of(&secret), version_ids_to_stages: stages(&secret) })
    }
}

impl Operation for UpdateSecret {
    const NAME: &'static str = "UpdateSecret";
    const ACCESS: Access = Access::Write;
    type Input = UpdateSecretInput;
    type Output = SecretOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        update(cx, input).await
    }
}

impl Operation for DeleteSecret {
    const NAME: &'static str = "DeleteSecret";
    const ACCESS: Access = Access::Write;
    type Input = DeleteSecretInput;
    type Output = DeleteSecretOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        delete(cx, input).await
    }
}

impl Operation for RestoreSecret {
    const NAME: &'static str = "RestoreSecret";
    const ACCESS: Access = Access::Write;
    type Input = SecretInput;
    type Output = SecretOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let mut secret = find(cx, &input.secret_id).await?;
        if secret.deletion.take().is_some() {
            cx.tx.replace(&secret).await?;
        }
        Ok(SecretOutput::of(&secret))
    }
}

/// Makes a secret.
pub async fn create(cx: &mut Context<'_>, input: &CreateSecretInput) -> Result<SecretOutput, Error> {
    check_name(&input.name)?;
    check_served(input.kind.as_deref())?;
    if !input.add_replica_regions.is_empty() || input.cross_account_primary.is_some() {
        let message =
            "Replicas of secrets are not served here; leave AddReplicaRegions and CrossAccountPrimaryARN out.";
        return Err(Error::InvalidParameter(message.to_owned()));
    }
    let tags: BTreeMap<_, _> = input.tags.iter().cloned().map(Tag::into_pair).collect();
    tags::check(&tags)?;
    let value = PlainValue::given(input.secret_string.as_deref(), input.secret_binary.as_deref())?;
    if let Some(found) = cx.tx.find::<KeptSecret>(cx.tenant, "", &input.name).await? {
        match found.deletion {
            Some(deletion) if deletion <= cx.now => remove(cx, &found).await?,
            Some(_) => return Err(Error::NameScheduled),
            None => return made_before(cx, found.record, input, value.as_ref()).await,
        }
    }
    if cx.tx.count_of::<KeptSecret>(cx.tenant, "").await? >= SECRETS_MAX {
        return Err(Error::TooManySecrets);
    }
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let mut secret = KeptSecret {
        name: input.name.clone(),
        tenant: cx.tenant.clone(),
        suffix: text(cx.random, SUFFIX_LETTERS, SUFFIX_LENGTH),
        created: cx.now,
        last_changed: cx.now,
        description: given(&input.description),
        kms_key_id: given(&input.kms_key_id),
        tags,
        policy: None,
        stages: BTreeMap::new(),
        deletion: None,
        rotation: None,
        last_rotated: None,
    };
    let version_id = match value {
        Some(value) => Some(value::put(cx, &mut secret, input.client_request_token.as_deref(), &value, &[]).await?),
        None => None,
    };
    cx.tx.insert(&secret).await?;
    Ok(SecretOutput { version_id, ..SecretOutput::of(&secret) })
}

/// Changes a secret, or its value.
pub async fn update(cx: &mut Context<'_>, input: &UpdateSecretInput) -> Result<SecretOutput, Error> {
    check_served(input.kind.as_deref())?;
    let value = PlainValue::given(input.secret_string.as_deref(), input.secret_binary.as_deref())?;
    let mut secret = find_live(cx, &input.secret_id).await?;
    if let Some(description) = &input.description {
        secret.description = Some(description.clone()).filter(|text| !text.is_empty());
    }
    if let Some(key) = &input.kms_key_id {
        secret.kms_key_id = Some(key.clone()).filter(|text| !text.is_empty());
    }
    secret.last_changed = cx.now;
    let version_id = match value {
        Some(value) => Some(value::put(cx, &mut secret, input.client_request_token.as_deref(), &value, &[]).await?),
        None => None,
    };
    cx.tx.replace(&secret).await?;
    Ok(SecretOutput { version_id, ..SecretOutput::of(&secret) })
}

/// Schedules the deletion of a secret, or deletes it at once.
pub async fn delete(cx: &mut Context<'_>, input: &DeleteSecretInput) -> Result<DeleteSecretOutput, Error> {
    if input.force_delete_without_recovery {
        if input.recovery_window_in_days.is_some() {
            let message = "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.";
            return Err(Error::InvalidParameter(message.to_owned()));
        }
        let (arn, name) = match find(cx, &input.secret_id).await {
            Ok(secret) => {
                remove(cx, &secret).await?;
                (secret.arn(), secret.record.name)
            }
            // One that is not there is as gone as it was to be (AWS Secrets Manager API, `DeleteSecret`).
            Err(Error::SecretNotFound) => {
                let name = name_in(cx.tenant, &input.secret_id).unwrap_or(&input.secret_id).to_owned();
                (format!("{}{name}", arn_prefix(cx.tenant)), name)
            }
            Err(error) => return Err(error),
        };
        return Ok(DeleteSecretOutput { arn, name, deletion_date: cx.now.fractional_seconds() });
    }
    let days = input.recovery_window_in_days.unwrap_or(RECOVERY_DAYS);
    if !(RECOVERY_DAYS_MIN..=RECOVERY_DAYS).contains(&days) {
        let message = "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).";
        return Err(Error::InvalidParameter(message.to_owned()));
    }
    let mut secret = find(cx, &input.secret_id).await?;
    if secret.deletion.is_some() {
        return Err(Error::AlreadyScheduled);
    }
    let deletion = Timestamp::from_milliseconds(cx.now.milliseconds().saturating_add(days * DAY_MILLISECONDS));
    secret.deletion = Some(deletion);
    cx.tx.replace(&secret).await?;
    let (arn, deletion_date) = (secret.arn(), deletion.fractional_seconds());
    Ok(DeleteSecretOutput { arn, name: secret.record.name, deletion_date })
}

/// The secret of this name or ARN, also while its deletion is scheduled.
pub(super) async fn find(cx: &mut Context<'_>, id: &str) -> Result<Stored<KeptSecret>, Error> {
    let whole = name_in(cx.tenant, id).ok_or(Error::SecretNotFound)?;
    // An ARN may leave its last letters out, and a name may look as if it had them.
    let short = whole.len().checked_sub(SUFFIX_LENGTH + 1).and_then(|end| whole.get(..end));
    for name in short.into_iter().chain([whole]) {
        let found = cx.tx.find::<KeptSecret>(cx.tenant, "", name).await?;
        if let Some(found) = found.filter(|found| name == whole || found.arn() == id) {
            return kept(found, cx.now);
        }
    }
    Err(Error::SecretNotFound)
}

/// Finds the ARN of the secret with this name or ARN.
pub(crate) struct SecretArn<'a>(pub(crate) &'a str);

impl Step for SecretArn<'_> {
    const ACCESS: Access = Access::Read;
    type Output = String;
    type Error = Error;

    async fn run(&self, cx: &mut Context<'_>) -> Result<String, Error> {
        Ok(find(cx, self.0).await?.arn())
    }
}

/// The same, when its deletion is not scheduled.
pub(super) async fn find_live(cx: &mut Context<'_>, id: &str) -> Result<Stored<KeptSecret>, Error> {
    let secret = find(cx, id).await?;
    if secret.deletion.is_some() { Err(Error::MarkedForDeletion) } else { Ok(secret) }
}

/// The labels of every version that has one.
pub(super) fn stages(secret: &KeptSecret) -> BTreeMap<String, Vec<String>> {
    let mut stages: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (stage, version) in &secret.stages {
        stages.entry(version.clone()).or_default().push(stage.clone());
    }
    stages
}

impl SecretOutput {
    /// A secret by its names.
    pub(super) fn of(secret: &KeptSecret) -> Self {
        Self { arn: secret.arn(), name: secret.name.clone(), version_id: None }
    }
}

impl SecretEntry {
    pub(super) fn of(secret: &KeptSecret) -> Self {
        let rotation = secret.rotation.as_ref();
        Self {
            arn: secret.arn(),
            name: secret.name.clone(),
            description: secret.description.clone(),
            kms_key_id: secret.kms_key_id.clone(),
            rotation_enabled: rotation.map(|rotation| rotation.enabled),
            rotation_function: rotation.map(|rotation| rotation.function.clone()),
            rotation_rules: rotation.map(|rotation| rotation.rules.clone()).unwrap_or_default(),
            last_rotated_date: secret.last_rotated.map(Timestamp::fractional_seconds),
            last_changed_date: secret.last_changed.fractional_seconds(),
            deleted_date: secret.deletion.map(Timestamp::fractional_seconds),
            tags: Tag::all(&secret.tags),
            created_date: secret.created.fractional_seconds(),
        }
    }
}

/// A call that was sent again is answered as the first time.
async fn made_before(
    cx: &mut Context<'_>,
    secret: KeptSecret,
    input: &CreateSecretInput,
    value: Option<&PlainValue>,
) -> Result<SecretOutput, Error> {
    let exists = || Error::SecretExists(input.name.clone());
    let (token, value) = input.client_request_token.as_deref().zip(value).ok_or_else(exists)?;
    let version = cx.tx.find::<SecretVersion>(cx.tenant, &secret.name, token).await?.ok_or_else(exists)?;
    if PlainValue::of(&cx.services.vault, &secret, &version)?.as_ref() != Some(value) {
        return Err(exists());
    }
    Ok(SecretOutput { version_id: Some(token.to_owned()), ..SecretOutput::of(&secret) })
}

/// Deletes a secret with all its versions.
async fn remove(cx: &mut Context<'_>, secret: &KeptSecret) -> Result<(), Error> {
    cx.tx.delete_all::<SecretVersion>(cx.tenant, &secret.name).await?;
    cx.tx.delete(secret).await?;
    Ok(())
}

/// A secret, unless its time is over.
fn kept(secret: Stored<KeptSecret>, now: Timestamp) -> Result<Stored<KeptSecret>, Error> {
    if secret.deletion.is_some_and(|deletion| deletion <= now) { Err(Error::SecretNotFound) } else { Ok(secret) }
}

fn arn_prefix(tenant: &Tenant) -> String {
    format!("arn:aws:secretsmanager:{}:{}:secret:", tenant.region, tenant.account)
}

/// What an id says of the name; `None` for the ARN of anything that is not this tenant's.
fn name_in<'a>(tenant: &Tenant, id: &'a str) -> Option<&'a str> {
    if id.starts_with("arn:") { id.strip_prefix(&*arn_prefix(tenant)) } else { Some(id) }
}

fn check_name(name: &str) -> Result<(), Error> {
    let is_allowed = |character: char| character.is_ascii_alphanumeric() || "-/_+=.@!".contains(character);
    if name.chars().all(is_allowed) {
        return Ok(());
    }
    Err(Error::Validation(
        "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!",
    ))
}

fn check_served(kind: Option<&str>) -> Result<(), Error> {
    if kind.is_none_or(str::is_empty) {
        return Ok(());
    }
    Err(Error::InvalidParameter("Secrets of partners are not served here; leave Type out.".to_owned()))
}
