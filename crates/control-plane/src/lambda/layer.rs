//! Layers: `PublishLayerVersion`, `GetLayerVersion`, `GetLayerVersionByArn`, `ListLayers`, `ListLayerVersions`,
//! `DeleteLayerVersion`.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use claviger_resources::Tenant;
use claviger_resources::function::{Code, UsedLayer};
use claviger_resources::layer::{self, Layer, LayerVersion};
use claviger_store::{Stored, TransactionExt};
use serde::{Deserialize, Serialize};

use super::code::{self, FunctionCode};
use super::errors::Error;
use super::output::moment;
use crate::operation::{Access, Caller, Context, Operation};
use crate::services::Services;

/// Makes a version of a layer.
pub struct PublishLayerVersion;
/// Shows a version of a layer.
pub struct GetLayerVersion;
/// The same, by its ARN.
pub struct GetLayerVersionByArn;
/// Lists layers.
pub struct ListLayers;
/// Lists the versions of a layer.
pub struct ListLayerVersions;
/// Deletes a version of a layer.
pub struct DeleteLayerVersion;

/// Layers, or versions of one, on a page of a list (AWS Lambda API, `ListLayers`).
const PAGE_MAX: usize = 50;
/// Versions of a layer that are kept; AWS names no bound.
const VERSIONS_MAX: usize = 500;
/// Layers that a function may use (AWS Lambda, "Lambda quotas").
const USED_MAX: usize = 5;

/// The members of `PublishLayerVersion`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PublishLayerVersionInput {
    layer_name: String,
    content: FunctionCode,
    description: Option<String>,
    license_info: Option<String>,
    #[serde(default)]
    compatible_runtimes: Vec<String>,
    #[serde(default)]
    compatible_architectures: Vec<String>,
    /// The content, once it is on disk.
    #[serde(skip)]
    kept: Option<Code>,
}

/// Which version of which layer is meant.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct LayerVersionInput {
    layer_name: String,
    version_number: u64,
}

/// The same, by its ARN.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct LayerVersionArnInput {
    arn: String,
}

/// The members of `ListLayers` and `ListLayerVersions`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListLayersInput {
    layer_name: Option<String>,
    compatible_runtime: Option<String>,
    compatible_architecture: Option<String>,
    marker: Option<String>,
    max_items: Option<usize>,
}

/// A version of a layer with its content, as callers see it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct LayerVersionOutput {
    content: LayerContent,
    layer_arn: String,
    #[serde(flatten)]
    item: LayerVersionItem,
}

/// What is known of the content; it is nowhere that callers could fetch it from.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct LayerContent {
    #[serde(rename = "CodeSha256")]
    code_sha256: String,
    code_size: u64,
}

/// A version of a layer in a list.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct LayerVersionItem {
    layer_version_arn: String,
    version: u64,
    description: String,
    created_date: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    compatible_runtimes: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    license_info: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    compatible_architectures: Vec<String>,
}

/// A layer in a list.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct LayerItem {
    layer_name: String,
    layer_arn: String,
    latest_matching_version: LayerVersionItem,
}

/// A page of layers.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListLayersOutput {
    layers: Vec<LayerItem>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_marker: Option<String>,
}

/// A page of versions of a layer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListLayerVersionsOutput {
    layer_versions: Vec<LayerVersionItem>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_marker: Option<String>,
}

impl Operation for PublishLayerVersion {
    const NAME: &'static str = "PublishLayerVersion";
    const ACCESS: Access = Access::Write;
    type Input = PublishLayerVersionInput;
    type Output = LayerVersionOutput;
    type Error = Error;

    async fn prepare(services: &Services, caller: &Caller, input: &mut Self::Input) -> Result<(), Error> {
        own_name(&caller.tenant(), &input.layer_name, Self::NAME)?;
        input.kept = Some(code::keep(services, caller, &mut input.content).await?);
        Ok(())
    }

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let name = own_name(cx.tenant, &input.layer_name, Self::NAME)?;
        let version = LayerVersion {
            code: input.kept.ok_or(Error::NotRun)?,
            description: input.description.clone().unwrap_or_default(),
            created: cx.now,
            license: input.license_info.clone(),
            runtimes: input.compatible_runtimes.clone(),
            architectures: input.compatible_architectures.clone(),
        };
        if let Some(mut layer) = cx.tx.find::<Layer>(cx.tenant, "", name).await? {
            if layer.versions.len() >= VERSIONS_MAX {
                let message = format!("A layer has at most {VERSIONS_MAX} versions here; delete those nobody needs.");
                return Err(Error::invalid(message));
            }
            layer.versions_made += 1;
            let number = layer.versions_made;
            let output = LayerVersionOutput::of(&layer, number, &version);
            layer.versions.insert(number, version);
            cx.tx.replace(&layer).await?;
            return Ok(output);
        }
        let mut layer =
            Layer { name: name.to_owned(), tenant: cx.tenant.clone(), versions_made: 1, versions: BTreeMap::new() };
        let output = LayerVersionOutput::of(&layer, 1, &version);
        layer.versions.insert(1, version);
        cx.tx.insert(&layer).await?;
        Ok(output)
    }
}

impl Operation for GetLayerVersion {
    const NAME: &'static str = "GetLayerVersion";
    const ACCESS: Access = Access::Read;
    type Input = LayerVersionInput;
    type Output = LayerVersionOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let name = own_name(cx.tenant, &input.layer_name, Self::NAME)?;
        show(cx, name, input.version_number).await
    }
}

impl Operation for GetLayerVersionByArn {
    const NAME: &'static str = "GetLayerVersionByArn";
    const ACCESS: Access = Access::Read;
    type Input = LayerVersionArnInput;
    type Output = LayerVersionOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let (layer, number) = input.arn.rsplit_once(':').ok_or_else(no_resource)?;
        let name = own_name(cx.tenant, layer, GetLayerVersion::NAME)?;
        show(cx, name, number.parse().map_err(|_| no_resource())?).await
    }
}

impl Operation for ListLayers {
    const NAME: &'static str = "ListLayers";
    const ACCESS: Access = Access::Read;
    type Input = ListLayersInput;
    type Output = ListLayersOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let size = input.max_items.unwrap_or(PAGE_MAX).clamp(1, PAGE_MAX);
        let mut page: Vec<Stored<Layer>> = cx.tx.list(cx.tenant, "", input.marker.as_deref(), size + 1).await?;
        let more = page.len() > size;
        page.truncate(size);
        let next_marker = page.last().filter(|_| more).map(|last| last.name.clone());
        let item = |layer: &Stored<Layer>| {
            let mut versions = layer.versions.iter().rev();
            let (number, version) = versions.find(|(_, version)| input.is_about(version))?;
            Some(LayerItem {
                layer_name: layer.name.clone(),
                layer_arn: layer.arn(),
                latest_matching_version: LayerVersionItem::of(layer, *number, version),
            })
        };
        Ok(ListLayersOutput { layers: page.iter().filter_map(item).collect(), next_marker })
    }
}

impl Operation for ListLayerVersions {
    const NAME: &'static str = "ListLayerVersions";
    const ACCESS: Access = Access::Read;
    type Input = ListLayersInput;
    type Output = ListLayerVersionsOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let name = own_name(cx.tenant, input.layer_name.as_deref().unwrap_or_default(), Self::NAME)?;
        let size = input.max_items.unwrap_or(PAGE_MAX).clamp(1, PAGE_MAX);
        // Newest first, so a page goes on below the last number of the one before.
        let below: Option<u64> = match &input.marker {
            Some(marker) => Some(marker.parse().map_err(|_| Error::invalid("Invalid marker."))?),
            None => None,
        };
        let Some(layer) = cx.tx.find::<Layer>(cx.tenant, "", name).await? else {
            return Ok(ListLayerVersionsOutput { layer_versions: Vec::new(), next_marker: None });
        };
        let versions = layer.versions.iter().rev();
        let rest =
            versions.filter(|(number, version)| below.is_none_or(|below| **number < below) && input.is_about(version));
        let mut page: Vec<_> = rest.take(size + 1).collect();
        let more = page.len() > size;
        page.truncate(size);
        let next_marker = page.last().filter(|_| more).map(|(number, _)| number.to_string());
        let show = |(number, version): (&u64, &LayerVersion)| LayerVersionItem::of(&layer, *number, version);
        Ok(ListLayerVersionsOutput { layer_versions: page.into_iter().map(show).collect(), next_marker })
    }
}

impl Operation for DeleteLayerVersion {
    const NAME: &'static str = "DeleteLayerVersion";
    const ACCESS: Access = Access::Write;
    type Input = LayerVersionInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        let name = own_name(cx.tenant, &input.layer_name, Self::NAME)?;
        // One that is not there is as good as deleted. The layer stays, so that no number is given out twice.
        if let Some(mut layer) = cx.tx.find::<Layer>(cx.tenant, "", name).await?
            && layer.versions.remove(&input.version_number).is_some()
        {
            cx.tx.replace(&layer).await?;
        }
        Ok(())
    }
}

impl ListLayersInput {
    /// Whether a version is for what the caller asks about; one that says nothing is for nothing in particular.
    fn is_about(&self, version: &LayerVersion) -> bool {
        let names = |asked: &Option<String>, named: &[String]| asked.as_ref().is_none_or(|asked| named.contains(asked));
        names(&self.compatible_runtime, &version.runtimes)
            && names(&self.compatible_architecture, &version.architectures)
    }
}

impl LayerVersionOutput {
    fn of(layer: &Layer, number: u64, version: &LayerVersion) -> Self {
        Self {
            content: LayerContent {
                code_sha256: STANDARD.encode(version.code.sha256.as_bytes()),
                code_size: version.code.bytes,
            },
            layer_arn: layer.arn(),
            item: LayerVersionItem::of(layer, number, version),
        }
    }
}

impl LayerVersionItem {
    fn of(layer: &Layer, number: u64, version: &LayerVersion) -> Self {
        Self {
            layer_version_arn: format!("{}:{number}", layer.arn()),
            version: number,
            description: version.description.clone(),
            created_date: moment(version.created),
            compatible_runtimes: version.runtimes.clone(),
            license_info: version.license.clone(),
            compatible_architectures: version.architectures.clone(),
        }
    }
}

/// The layers that a function is to use, which exist; those of other accounts are taken on trust, and without content.
pub(super) async fn used(cx: &mut Context<'_>, arns: &[String]) -> Result<Vec<UsedLayer>, Error> {
    let mut used: Vec<UsedLayer> = Vec::with_capacity(arns.len());
    for arn in arns {
        let (layer_arn, number) = arn.rsplit_once(':').unwrap_or((arn, ""));
        let is_there_already =
            |other: &UsedLayer| other.arn.rsplit_once(':').is_some_and(|(other, _)| other == layer_arn);
        if used.iter().any(is_there_already) {
            let message =
                "Two different versions of the same layer are not allowed to be referenced in the same function.";
            return Err(Error::invalid(format!("{message} {layer_arn} is there twice.")));
        }
        let name = layer_arn.strip_prefix(&*layer::arn(cx.tenant, ""));
        let code = match name {
            None => None,
            Some(name) => {
                let layer = cx.tx.find::<Layer>(cx.tenant, "", name).await?;
                let version = number.parse().ok().and_then(|number: u64| layer.as_ref()?.versions.get(&number));
                let missing = || Error::invalid(format!("Layer version {arn} does not exist."));
                Some(version.ok_or_else(missing)?.code)
            }
        };
        used.push(UsedLayer { arn: arn.clone(), code });
    }
    Ok(used)
}

/// Whether a function may use so many layers.
pub(super) fn check_number(arns: &[String]) -> Result<(), Error> {
    if arns.len() > USED_MAX {
        return Err(Error::invalid(format!("Cannot reference more than {USED_MAX} layers.")));
    }
    Ok(())
}

async fn show(cx: &mut Context<'_>, name: &str, number: u64) -> Result<LayerVersionOutput, Error> {
    let layer = cx.tx.find::<Layer>(cx.tenant, "", name).await?.ok_or_else(no_resource)?;
    let version = layer.versions.get(&number).ok_or_else(no_resource)?;
    Ok(LayerVersionOutput::of(&layer, number, version))
}

fn no_resource() -> Error {
    Error::NotFound("The resource you requested does not exist.".to_owned())
}

/// The name of a layer of the caller's own, given itself or within its ARN.
fn own_name<'a>(tenant: &Tenant, text: &'a str, operation: &'static str) -> Result<&'a str, Error> {
    if !text.starts_with("arn:") {
        return Ok(text);
    }
    text.strip_prefix(&*layer::arn(tenant, "")).ok_or_else(|| Error::NotAuthorized {
        account: tenant.account.to_string(),
        operation,
        function: text.to_owned(),
    })
}
