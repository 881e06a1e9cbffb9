//! Parameters: `PutParameter`, `GetParameter`, `GetParameters`, `DeleteParameter`, `DeleteParameters`.

use std::collections::BTreeMap;

use claviger_resources::limits::{SSM_PARAMETER_VERSIONS_MAX, SSM_PARAMETERS_MAX};
use claviger_resources::parameter::{OlderVersion, Parameter, ParameterValue, Version};
use claviger_runtime::vault::SealedFor;
use claviger_store::{Stored, TransactionExt};
use regex::RegexBuilder;
use serde::{Deserialize, Serialize};

use super::bootstrap;
use super::errors::Error;
use super::name::{self, Named};
use super::output::ParameterOutput;
use super::tags::{self, Tag};
use crate::operation::{Access, Context, Operation};

/// Makes a parameter, or a new version of one.
pub struct PutParameter;
/// Shows a parameter with its value.
pub struct GetParameter;
/// Shows several.
pub struct GetParameters;
/// Deletes a parameter.
pub struct DeleteParameter;
/// Deletes several.
pub struct DeleteParameters;

/// Characters of the longest value in the standard tier, and in the others (AWS Systems Manager User Guide, "Managing
/// parameter tiers").
const STANDARD_CHARACTERS_MAX: usize = 4096;
const ADVANCED_CHARACTERS_MAX: usize = 8192;
/// Bytes that a pattern may take when it is compiled.
const PATTERN_BYTES_MAX: usize = 1024 * 1024;

/// The members of `PutParameter`.
#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PutParameterInput {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Its value.
    pub value: String,
    /// `String`, `StringList` or `SecureString`.
    #[serde(rename = "Type")]
    pub kind: Option<String>,
    /// The key that is named for a `SecureString`.
    pub key_id: Option<String>,
    /// Whether it may be there already.
    #[serde(default)]
    pub overwrite: bool,
    /// What values must match.
    pub allowed_pattern: Option<String>,
    /// Its tags.
    #[serde(default)]
    pub tags: Vec<Tag>,
    /// `Standard`, `Advanced` or `Intelligent-Tiering`.
    pub tier: Option<String>,
    /// Policies, which are not served.
    pub policies: Option<String>,
    /// `text`, or what AWS would look for in the value.
    pub data_type: Option<String>,
}

/// What came of it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PutParameterOutput {
    version: u64,
    tier: String,
}

/// The members of `GetParameter`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetParameterInput {
    name: String,
    #[serde(default)]
    with_decryption: bool,
}

/// A parameter.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetParameterOutput {
    parameter: ParameterOutput,
}

/// The members of `GetParameters`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetParametersInput {
    names: Vec<String>,
    #[serde(default)]
    with_decryption: bool,
}

/// Parameters, and names that are none's.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetParametersOutput {
    parameters: Vec<ParameterOutput>,
    invalid_parameters: Vec<String>,
}

/// The members of `DeleteParameter`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteParameterInput {
    name: String,
}

/// The members of `DeleteParameters`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteParametersInput {
    names: Vec<String>,
}

/// The parameters that were deleted, and names that are none's.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeleteParametersOutput {
    deleted_parameters: Vec<String>,
    invalid_parameters: Vec<String>,
}

impl Operation for PutParameter {
    const NAME: &'static str = "PutParameter";
    const ACCESS: Access = Access::Write;
    type Input = PutParameterInput;
    type Output = PutParameterOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let parameter = put(cx, input).await?;
        Ok(PutParameterOutput { version: parameter.latest.number, tier: parameter.latest.tier })
    }
}

impl Operation for GetParameter {
    const NAME: &'static str = "GetParameter";
    const ACCESS: Access = Access::Read;
    type Input = GetParameterInput;
    type Output = GetParameterOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        Ok(GetParameterOutput { parameter: get(cx, &input.name, input.with_decryption).await? })
    }
}

impl Operation for GetParameters {
    const NAME: &'static str = "GetParameters";
    const ACCESS: Access = Access::Read;
    type Input = GetParametersInput;
    type Output = GetParametersOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let mut output = GetParametersOutput { parameters: Vec::new(), invalid_parameters: Vec::new() };
        for name in &input.names {
            match get(cx, name, input.with_decryption).await {
                Ok(parameter) => output.parameters.push(parameter),
                Err(Error::ParameterNotFound(_) | Error::VersionNotFound { .. }) => {
                    output.invalid_parameters.push(name.clone());
                }
                Err(error) => return Err(error),
            }
        }
        Ok(output)
    }
}

impl Operation for DeleteParameter {
    const NAME: &'static str = "DeleteParameter";
    const ACCESS: Access = Access::Write;
    type Input = DeleteParameterInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        let was_there = delete(cx, &input.name).await?;
        if was_there { Ok(()) } else { Err(Error::ParameterNotFound(input.name.clone())) }
    }
}

impl Operation for DeleteParameters {
    const NAME: &'static str = "DeleteParameters";
    const ACCESS: Access = Access::Write;
    type Input = DeleteParametersInput;
    type Output = DeleteParametersOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let mut output = DeleteParametersOutput { deleted_parameters: Vec::new(), invalid_parameters: Vec::new() };
        for name in &input.names {
            let was_there = delete(cx, name).await?;
            let names = if was_there { &mut output.deleted_parameters } else { &mut output.invalid_parameters };
            names.push(name.clone());
        }
        Ok(output)
    }
}

/// Makes a parameter, or a new version of one.
pub async fn put(cx: &mut Context<'_>, input: &PutParameterInput) -> Result<Parameter, Error> {
    let name = Named::parse(cx.tenant, &input.name).name;
    name::check(name)?;
    let found = cx.tx.find::<Parameter>(cx.tenant, "", name).await?;
    if found.is_some() && !input.overwrite {
        return Err(Error::ParameterAlreadyExists);
    }
    if input.overwrite && !input.tags.is_empty() {
        return Err(Error::Validation(
            "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove \
             overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or \
             RemoveTagsFromResource."
                .to_owned(),
        ));
    }
    let before = found.as_ref().map(|found| &found.latest);
    let latest = version(cx, name, input, before)?;
    if let Some(mut found) = found {
        cx.tx.insert(&OlderVersion::of(&found)).await?;
        if let Some(oldest) = latest.number.checked_sub(SSM_PARAMETER_VERSIONS_MAX) {
            let oldest = cx.tx.find::<OlderVersion>(cx.tenant, name, &OlderVersion::id(oldest)).await?;
            if let Some(oldest) = oldest {
                cx.tx.delete(&oldest.record).await?;
            }
        }
        found.latest = latest;
        cx.tx.replace(&found).await?;
        return Ok(found.record);
    }
    if cx.tx.count_of::<Parameter>(cx.tenant, "").await? >= SSM_PARAMETERS_MAX {
        return Err(Error::TooManyParameters);
    }
    let tags: BTreeMap<_, _> = input.tags.iter().cloned().map(Tag::into_pair).collect();
    tags::check(&tags)?;
    let parameter = Parameter { name: name.to_owned(), tenant: cx.tenant.clone(), latest, tags };
    cx.tx.insert(&parameter).await?;
    Ok(parameter)
}

/// A parameter as it is shown, by its name or ARN, perhaps with a version: `/weather/unit:3`.
pub async fn get(cx: &mut Context<'_>, named: &str, with_decryption: bool) -> Result<ParameterOutput, Error> {
    let Named { name, selector } = Named::parse(cx.tenant, named);
    let parameter = find(cx, name).await?.ok_or_else(|| Error::ParameterNotFound(named.to_owned()))?;
    let version = match selector {
        None => parameter.latest.clone(),
        Some(selector) => {
            let missing = || Error::VersionNotFound { name: name.to_owned(), selector: selector.to_owned() };
            let number: u64 = selector.parse().map_err(|_| missing())?;
            if number == parameter.latest.number {
                parameter.latest.clone()
            } else {
                let older = cx.tx.find::<OlderVersion>(cx.tenant, name, &OlderVersion::id(number)).await?;
                older.ok_or_else(missing)?.record.version
            }
        }
    };
    let shown = ParameterOutput::of(&parameter, &version, &cx.services.vault, with_decryption)?;
    Ok(shown.chosen_by(selector))
}

/// Deletes a parameter with all its versions; tells whether it was there.
pub async fn delete(cx: &mut Context<'_>, named: &str) -> Result<bool, Error> {
    let name = Named::parse(cx.tenant, named).name;
    let Some(parameter) = cx.tx.find::<Parameter>(cx.tenant, "", name).await? else { return Ok(false) };
    cx.tx.delete_all::<OlderVersion>(cx.tenant, name).await?;
    Ok(cx.tx.delete(&parameter.record).await?)
}

/// The parameter of this name; that of a bootstrap is there before anyone puts it.
pub(super) async fn find(cx: &mut Context<'_>, name: &str) -> Result<Option<Parameter>, Error> {
    let found = cx.tx.find::<Parameter>(cx.tenant, "", name).await?.map(|found: Stored<_>| found.record);
    Ok(found.or_else(|| (name == bootstrap::NAME).then(|| bootstrap::parameter(cx.tenant))))
}

/// The version that a call makes.
fn version(
    cx: &mut Context<'_>,
    name: &str,
    input: &PutParameterInput,
    before: Option<&Version>,
) -> Result<Version, Error> {
    let kind = match (&input.kind, before) {
        (Some(kind), Some(before)) if *kind != before.kind => {
            let (name, from, to) = (name.to_owned(), before.kind.clone(), kind.clone());
            return Err(Error::TypeChange { name, from, to });
        }
        (Some(kind), _) => kind.clone(),
        (None, Some(before)) => before.kind.clone(),
        (None, None) => {
            return Err(Error::Validation("A parameter type is required when you create a parameter.".to_owned()));
        }
    };
    if input.policies.as_deref().is_some_and(|policies| !policies.is_empty()) {
        return Err(Error::Policies);
    }
    let inherited = |value: &Option<String>, before: Option<&Option<String>>| match value {
        Some(value) => Some(value.clone()).filter(|value| !value.is_empty()),
        None => before.cloned().flatten(),
    };
    let tier = input.tier.clone().or_else(|| before.map(|before| before.tier.clone()));
    let tier = tier.unwrap_or_else(|| "Standard".to_owned());
    check_length(&input.value, &tier)?;
    let allowed_pattern = inherited(&input.allowed_pattern, before.map(|before| &before.allowed_pattern));
    if let Some(pattern) = &allowed_pattern {
        check_pattern(pattern, &input.value)?;
    }
    let is_secure = kind == "SecureString";
    let key_id = inherited(&input.key_id, before.map(|before| &before.key_id));
    if !is_secure && input.key_id.is_some() {
        return Err(Error::Validation("KeyId is required for SecureString type parameter only.".to_owned()));
    }
    let parameter = Parameter {
        name: name.to_owned(),
        tenant: cx.tenant.clone(),
        latest: Version {
            number: before.map_or(1, |before| before.number.saturating_add(1)),
            value: ParameterValue::Plain(String::new()),
            key_id: is_secure.then(|| key_id.unwrap_or_else(|| "alias/aws/ssm".to_owned())),
            description: inherited(&input.description, before.map(|before| &before.description)),
            allowed_pattern,
            tier,
            data_type: input.data_type.clone().unwrap_or_else(|| "text".to_owned()),
            last_modified: cx.now,
            last_modified_user: format!("arn:aws:iam::{}:root", cx.tenant.account),
            kind,
        },
        tags: BTreeMap::new(),
    };
    let arn = parameter.arn();
    let value = if is_secure {
        let sealed = cx.services.vault.seal(SealedFor::Parameter(&arn), input.value.as_bytes(), cx.random)?;
        ParameterValue::Sealed(sealed)
    } else {
        ParameterValue::Plain(input.value.clone())
    };
    Ok(Version { value, ..parameter.latest })
}

fn check_length(value: &str, tier: &str) -> Result<(), Error> {
    let characters = value.chars().count();
    let message = match tier {
        _ if characters == 0 => "Parameter value can't be empty.".to_owned(),
        "Standard" if characters > STANDARD_CHARACTERS_MAX => {
            "Standard tier parameters support a maximum parameter value of 4096 characters. To create a larger parameter \
             value, upgrade the parameter to use the advanced-parameter tier. For more information, see \
             https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html"
                .to_owned()
        }
        _ if characters > ADVANCED_CHARACTERS_MAX => {
            "Advanced tier parameters support a maximum parameter value of 8192 characters.".to_owned()
        }
        _ => return Ok(()),
    };
    Err(Error::Validation(message))
}

fn check_pattern(pattern: &str, value: &str) -> Result<(), Error> {
    let compiled = RegexBuilder::new(&format!("^(?:{pattern})$")).size_limit(PATTERN_BYTES_MAX).build();
    let compiled = compiled.map_err(|_| Error::InvalidPattern(pattern.to_owned()))?;
    if compiled.is_match(value) { Ok(()) } else { Err(Error::PatternMismatch(pattern.to_owned())) }
}
