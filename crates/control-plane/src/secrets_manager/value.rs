//! Values of secrets: `GetSecretValue`, `BatchGetSecretValue`, `PutSecretValue`, and what templates refer to.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use claviger_resources::Secret;
use claviger_resources::kept_secret::{CURRENT, KeptSecret, SecretValue, SecretVersion};
use claviger_resources::limits::{SECRET_LABELS_MAX, SECRET_VERSIONS_MAX};
use claviger_runtime::vault::{SealedFor, Vault};
use claviger_store::{Stored, TransactionExt};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::errors::Error;
use super::filter::{Filter, FilterInput};
use super::secret::{find_live, stages};
use super::secret_list::{self, Order};
use crate::operation::{Access, Context, Operation};

/// Shows a value.
pub struct GetSecretValue;
/// Shows several.
pub struct BatchGetSecretValue;
/// Gives a secret a new value.
pub struct PutSecretValue;

/// Values on a page unless the caller says otherwise (AWS Secrets Manager API, `BatchGetSecretValue`).
const PAGE_MAX: usize = 20;

/// The members of `GetSecretValue`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetSecretValueInput {
    secret_id: String,
    version_id: Option<String>,
    version_stage: Option<String>,
}

/// The members of `BatchGetSecretValue`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct BatchGetSecretValueInput {
    secret_id_list: Option<Vec<String>>,
    filters: Option<Vec<FilterInput>>,
    max_results: Option<usize>,
    next_token: Option<String>,
}

/// The members of `PutSecretValue`.
#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PutSecretValueInput {
    secret_id: String,
    client_request_token: Option<String>,
    secret_string: Option<String>,
    secret_binary: Option<String>,
    #[serde(default)]
    version_stages: Vec<String>,
}

/// A value. It holds a secret, so it cannot be printed.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct SecretValueOutput {
    #[serde(rename = "ARN")]
    arn: String,
    name: String,
    version_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_binary: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_string: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    version_stages: Vec<String>,
    created_date: f64,
}

/// Values, and why others are not there.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct BatchGetSecretValueOutput {
    secret_values: Vec<SecretValueOutput>,
    errors: Vec<NotShown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

/// Why a value is not there.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct NotShown {
    secret_id: String,
    error_code: &'static str,
    message: String,
}

/// The version that was made.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PutSecretValueOutput {
    #[serde(rename = "ARN")]
    arn: String,
    name: String,
    version_id: String,
    version_stages: Vec<String>,
}

/// A value in clear.
pub(super) enum PlainValue {
    Text(Secret<Vec<u8>>),
    Binary(Secret<Vec<u8>>),
}

/// A value that a template refers to (AWS CloudFormation User Guide, "Get a secret or secret value from Secrets Manager"):
/// `{{resolve:secretsmanager:secret-id:SecretString:json-key:version-stage:version-id}}`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ValueReference<'a> {
    /// The secret's name or ARN.
    pub secret_id: &'a str,
    /// The member of the value that is meant; `None` for all of it.
    pub json_key: Option<&'a str>,
    /// The label of the version.
    pub version_stage: Option<&'a str>,
    /// The id of the version.
    pub version_id: Option<&'a str>,
}

impl Operation for GetSecretValue {
    const NAME: &'static str = "GetSecretValue";
    const ACCESS: Access = Access::Read;
    type Input = GetSecretValueInput;
    type Output = SecretValueOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let secret = find_live(cx, &input.secret_id).await?;
        show(cx, &secret, input.version_id.as_deref(), input.version_stage.as_deref()).await
    }
}

impl Operation for BatchGetSecretValue {
    const NAME: &'static str = "BatchGetSecretValue";
    const ACCESS: Access = Access::Read;
    type Input = BatchGetSecretValueInput;
    type Output = BatchGetSecretValueOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let refuse = |message: &str| Err(Error::InvalidParameter(message.to_owned()));
        let (ids, next_token) = match (&input.secret_id_list, &input.filters) {
            (Some(_), None) if input.max_results.is_some() => {
                return refuse(
                    "'Filters' not specified. 'Filters' must also be specified when 'MaxResults' is provided.",
                );
            }
            (Some(ids), None) => (ids.clone(), None),
            (None, Some(filters)) => {
                let filters: Vec<_> = filters.iter().map(Filter::parse).collect();
                let size = input.max_results.unwrap_or(PAGE_MAX);
                let (page, next_token) =
                    secret_list::page(cx, &filters, Order::default(), false, input.next_token.as_deref(), size).await?;
                (page.into_iter().map(|secret| secret.arn()).collect(), next_token)
            }
            _ => return refuse("Either 'SecretIdList' or 'Filters' must be provided, but not both."),
        };
        let mut output = BatchGetSecretValueOutput { secret_values: Vec::new(), errors: Vec::new(), next_token };
        for id in ids {
            let shown = match find_live(cx, &id).await {
                Ok(secret) => show(cx, &secret, None, None).await,
                Err(error) => Err(error),
            };
            match shown {
                Ok(value) => output.secret_values.push(value),
                Err(error @ (Error::Store(_) | Error::Vault(_))) => return Err(error),
                Err(error) => {
                    let (error_code, message) = (error.code(), error.to_string());
                    output.errors.push(NotShown { secret_id: id, error_code, message });
                }
            }
        }
        Ok(output)
    }
}

impl Operation for PutSecretValue {
    const NAME: &'static str = "PutSecretValue";
    const ACCESS: Access = Access::Write;
    type Input = PutSecretValueInput;
    type Output = PutSecretValueOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let value = PlainValue::given(input.secret_string.as_deref(), input.secret_binary.as_deref())?;
        let none = || Error::InvalidRequest("You must provide either SecretString or SecretBinary.".to_owned());
        let value = value.ok_or_else(none)?;
        let mut secret = find_live(cx, &input.secret_id).await?;
        let token = input.client_request_token.as_deref();
        let version_id = put(cx, &mut secret, token, &value, &input.version_stages).await?;
        cx.tx.replace(&secret).await?;
        let version_stages = secret.stages_of(&version_id);
        Ok(PutSecretValueOutput { arn: secret.arn(), name: secret.record.name, version_id, version_stages })
    }
}

/// Reads one value, or one member of it.
pub async fn read(cx: &mut Context<'_>, reference: &ValueReference<'_>) -> Result<Secret<String>, Error> {
    let secret = find_live(cx, reference.secret_id).await?;
    let version = chosen(cx, &secret, reference.version_id, reference.version_stage).await?;
    let Some(PlainValue::Text(value)) = PlainValue::of(&cx.services.vault, &secret, &version)? else {
        let message = "Secrets Manager secret does not have a SecretString.";
        return Err(Error::InvalidRequest(message.to_owned()));
    };
    let Some(key) = reference.json_key else {
        return Ok(Secret::new(String::from_utf8_lossy(value.expose()).into_owned()));
    };
    let refuse = |message: &str| Error::InvalidRequest(message.to_owned());
    let members: Value =
        serde_json::from_slice(value.expose()).map_err(|_| refuse("Could not parse SecretString JSON"))?;
    match members.get(key) {
        Some(Value::String(text)) => Ok(Secret::new(text.clone())),
        Some(other) => Ok(Secret::new(other.to_string())),
        None => Err(refuse("Could not find a value associated with JSONKey in SecretString")),
    }
}

/// Gives a secret a value: a version of its own, unless it is the one of a call that is sent again. The caller writes the
/// secret.
pub(super) async fn put(
    cx: &mut Context<'_>,
    secret: &mut KeptSecret,
    token: Option<&str>,
    value: &PlainValue,
    labels: &[String],
) -> Result<String, Error> {
    let id = token.map_or_else(|| random_id(cx), str::to_owned);
    if let Some(mut found) = cx.tx.find::<SecretVersion>(cx.tenant, &secret.name, &id).await? {
        match PlainValue::of(&cx.services.vault, secret, &found)? {
            Some(before) if before == *value => return Ok(id),
            Some(_) => return Err(Error::VersionExists { token: id, arn: secret.arn() }),
            None => {
                found.value = Some(value.sealed(cx, secret, &id)?);
                cx.tx.replace(&found).await?;
            }
        }
    } else {
        let value = Some(value.sealed(cx, secret, &id)?);
        add(cx, secret, &id, value).await?;
    }
    if labels.is_empty() || !secret.stages.contains_key(CURRENT) {
        secret.label(CURRENT, &id);
    }
    for label in labels {
        secret.label(label, &id);
    }
    if secret.stages.len() > SECRET_LABELS_MAX {
        return Err(Error::TooManyLabels);
    }
    secret.last_changed = cx.now;
    Ok(id)
}

/// Adds a version, and removes what was there too long: of versions without a label the newest stay.
pub(super) async fn add(
    cx: &mut Context<'_>,
    secret: &KeptSecret,
    id: &str,
    value: Option<SecretValue>,
) -> Result<(), Error> {
    let labelled = stages(secret);
    let mut others: Vec<_> = cx.tx.list_all::<SecretVersion>(cx.tenant, &secret.name).await?;
    others.retain(|version| !labelled.contains_key(&version.id));
    others.sort_by_key(|version| version.created);
    let beyond = others.len().saturating_sub(SECRET_VERSIONS_MAX - 1);
    for version in others.iter().take(beyond) {
        cx.tx.delete(&version.record).await?;
    }
    let (secret, tenant) = (secret.name.clone(), cx.tenant.clone());
    Ok(cx.tx.insert(&SecretVersion { secret, id: id.to_owned(), tenant, created: cx.now, value }).await?)
}

/// An id for a version.
pub(super) fn random_id(cx: &mut Context<'_>) -> String {
    let mut bytes = [0; 16];
    cx.random.fill(&mut bytes);
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

async fn show(
    cx: &mut Context<'_>,
    secret: &KeptSecret,
    id: Option<&str>,
    stage: Option<&str>,
) -> Result<SecretValueOutput, Error> {
    let version = chosen(cx, secret, id, stage).await?;
    let value = PlainValue::of(&cx.services.vault, secret, &version)?;
    let (secret_string, secret_binary) = match &value {
        Some(PlainValue::Text(text)) => (Some(String::from_utf8_lossy(text.expose()).into_owned()), None),
        Some(PlainValue::Binary(bytes)) => (None, Some(STANDARD.encode(bytes.expose()))),
        None => (None, None),
    };
    Ok(SecretValueOutput {
        arn: secret.arn(),
        name: secret.name.clone(),
        secret_binary,
        secret_string,
        version_stages: secret.stages_of(&version.id),
        created_date: version.created.fractional_seconds(),
        version_id: version.record.id,
    })
}

/// The version that a call chooses; without a word the current one. It has a value.
async fn chosen(
    cx: &mut Context<'_>,
    secret: &KeptSecret,
    id: Option<&str>,
    stage: Option<&str>,
) -> Result<Stored<SecretVersion>, Error> {
    let missing = || match (id, stage) {
        (Some(id), _) => Error::ValueNotFound { what: "VersionId", which: id.to_owned() },
        (None, stage) => Error::ValueNotFound { what: "staging label", which: stage.unwrap_or(CURRENT).to_owned() },
    };
    let id = match id {
        Some(id) => id,
        None => secret.stages.get(stage.unwrap_or(CURRENT)).ok_or_else(missing)?,
    };
    let version = cx.tx.find::<SecretVersion>(cx.tenant, &secret.name, id).await?.ok_or_else(missing)?;
    if stage.is_some_and(|stage| secret.stages.get(stage).is_none_or(|labelled| labelled != id)) {
        let message = "You provided a VersionStage that is not associated to the provided VersionId.";
        return Err(Error::InvalidRequest(message.to_owned()));
    }
    if version.value.is_some() { Ok(version) } else { Err(missing()) }
}

impl PlainValue {
    /// The value that a call gives.
    pub(super) fn given(text: Option<&str>, binary: Option<&str>) -> Result<Option<Self>, Error> {
        match (text, binary) {
            (Some(_), Some(_)) => {
                let message =
                    "You can't specify both a binary secret value and a string secret value in the same secret.";
                Err(Error::InvalidParameter(message.to_owned()))
            }
            (Some(text), None) => Ok(Some(Self::Text(Secret::new(text.as_bytes().to_vec())))),
            // That it is base64 is the protocol's doing.
            (None, Some(bytes)) => Ok(Some(Self::Binary(Secret::new(STANDARD.decode(bytes).unwrap_or_default())))),
            (None, None) => Ok(None),
        }
    }

    /// The value of a version.
    pub(super) fn of(vault: &Vault, secret: &KeptSecret, version: &SecretVersion) -> Result<Option<Self>, Error> {
        let place = secret.place_of(&version.id);
        let open = |sealed| vault.open_sealed(SealedFor::SecretVersion(&place), sealed);
        Ok(match &version.value {
            None => None,
            Some(SecretValue::Text(sealed)) => Some(Self::Text(open(sealed)?)),
            Some(SecretValue::Binary(sealed)) => Some(Self::Binary(open(sealed)?)),
        })
    }

    fn sealed(&self, cx: &mut Context<'_>, secret: &KeptSecret, id: &str) -> Result<SecretValue, Error> {
        let place = secret.place_of(id);
        let (plain, kind): (_, fn(_) -> _) = match self {
            Self::Text(plain) => (plain, SecretValue::Text),
            Self::Binary(plain) => (plain, SecretValue::Binary),
        };
        Ok(kind(cx.services.vault.seal(SealedFor::SecretVersion(&place), plain.expose(), cx.random)?))
    }
}

impl PartialEq for PlainValue {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(one), Self::Text(other)) | (Self::Binary(one), Self::Binary(other)) => {
                verify_slices_are_equal(one.expose(), other.expose()).is_ok()
            }
            _ => false,
        }
    }
}
