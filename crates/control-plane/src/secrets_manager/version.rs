//! Versions of secrets and their staging labels: `ListSecretVersionIds`, `UpdateSecretVersionStage`.

use claviger_resources::kept_secret::{CURRENT, PREVIOUS, SecretVersion};
use claviger_resources::limits::SECRET_LABELS_MAX;
use claviger_store::TransactionExt;
use serde::{Deserialize, Serialize};

use super::errors::Error;
use super::secret::{SecretOutput, find, find_live};
use crate::operation::{Access, Context, Operation};

/// Lists the versions of a secret.
pub struct ListSecretVersionIds;
/// Moves a label from one version to another, or takes it away.
pub struct UpdateSecretVersionStage;

/// Versions on a page unless the caller says otherwise (AWS Secrets Manager API, `ListSecretVersionIds`).
const PAGE_MAX: usize = 100;

/// The members of `ListSecretVersionIds`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListSecretVersionIdsInput {
    secret_id: String,
    #[serde(default)]
    include_deprecated: bool,
    max_results: Option<usize>,
    next_token: Option<String>,
}

/// The members of `UpdateSecretVersionStage`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UpdateSecretVersionStageInput {
    secret_id: String,
    version_stage: String,
    remove_from_version_id: Option<String>,
    move_to_version_id: Option<String>,
}

/// A page of versions.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListSecretVersionIdsOutput {
    #[serde(flatten)]
    secret: SecretOutput,
    versions: Vec<VersionEntry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct VersionEntry {
    version_id: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    version_stages: Vec<String>,
    created_date: f64,
    kms_key_ids: [String; 1],
}

impl Operation for ListSecretVersionIds {
    const NAME: &'static str = "ListSecretVersionIds";
    const ACCESS: Access = Access::Read;
    type Input = ListSecretVersionIdsInput;
    type Output = ListSecretVersionIdsOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let secret = find(cx, &input.secret_id).await?;
        let key = secret.kms_key_id.clone().unwrap_or_else(|| "DefaultEncryptionKey".to_owned());
        let after = input.next_token.as_deref();
        let size = input.max_results.unwrap_or(PAGE_MAX);
        let mut page = Vec::new();
        // There are no more than a hundred beyond those with labels.
        for version in cx.tx.list_all::<SecretVersion>(cx.tenant, &secret.name).await? {
            let version_stages = secret.stages_of(&version.id);
            let is_shown = input.include_deprecated || !version_stages.is_empty();
            if is_shown && after.is_none_or(|after| *version.id > *after) {
                page.push(VersionEntry {
                    version_stages,
                    created_date: version.created.fractional_seconds(),
                    kms_key_ids: [key.clone()],
                    version_id: version.record.id,
                });
            }
        }
        let more = page.len() > size;
        page.truncate(size);
        let next_token = page.last().filter(|_| more).map(|last| last.version_id.clone());
        Ok(ListSecretVersionIdsOutput { secret: SecretOutput::of(&secret), versions: page, next_token })
    }
}

impl Operation for UpdateSecretVersionStage {
    const NAME: &'static str = "UpdateSecretVersionStage";
    const ACCESS: Access = Access::Write;
    type Input = UpdateSecretVersionStageInput;
    type Output = SecretOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let mut secret = find_live(cx, &input.secret_id).await?;
        let stage = &*input.version_stage;
        let (from, to) = (input.remove_from_version_id.as_deref(), input.move_to_version_id.as_deref());
        let refuse = |message: String| Err(Error::InvalidParameter(message));
        for id in [from, to].into_iter().flatten() {
            if cx.tx.find::<SecretVersion>(cx.tenant, &secret.name, id).await?.is_none() {
                return Err(Error::ValueNotFound { what: "VersionId", which: id.to_owned() });
            }
        }
        let has = secret.stages.get(stage).cloned();
        if let Some(from) = from
            && has.as_deref() != Some(from)
        {
            return refuse(format!(
                "The parameter RemoveFromVersionId is not valid. Staging label {stage} is not attached to version {from}."
            ));
        }
        match (&has, to) {
            // It stays where it is.
            (Some(has), Some(to)) if has == to => {}
            (Some(has), Some(_)) if from.is_none() => {
                return refuse(format!(
                    "The parameter RemoveFromVersionId can't be empty. Staging label {stage} is currently attached to \
                     version {has}, so you must explicitly reference that version in RemoveFromVersionId."
                ));
            }
            (_, Some(to)) => secret.label(stage, to),
            (_, None) if from.is_none() => {
                return refuse("You must specify MoveToVersionId, RemoveFromVersionId, or both.".to_owned());
            }
            (_, None) if stage == CURRENT => {
                return refuse(format!(
                    "You can only move staging label {CURRENT} to a different secret version. It can't be completely \
                     removed."
                ));
            }
            (_, None) => {
                secret.stages.remove(stage);
            }
        }
        // A version is not both in use and the one before.
        if stage == CURRENT && secret.stages.get(PREVIOUS) == secret.stages.get(CURRENT) {
            secret.stages.remove(PREVIOUS);
        }
        if secret.stages.len() > SECRET_LABELS_MAX {
            return Err(Error::TooManyLabels);
        }
        secret.last_changed = cx.now;
        cx.tx.replace(&secret).await?;
        Ok(SecretOutput::of(&secret))
    }
}
