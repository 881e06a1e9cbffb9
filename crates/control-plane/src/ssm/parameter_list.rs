//! Lists of parameters: `GetParametersByPath`, `DescribeParameters`.

use claviger_resources::parameter::Parameter;
use claviger_store::TransactionExt;
use serde::{Deserialize, Serialize};

use super::bootstrap;
use super::errors::Error;
use super::filter::{DESCRIBED_BY, Filter, FilterInput, OlderFilterInput, PATHS_BY};
use super::output::{ParameterMetadata, ParameterOutput};
use crate::operation::{Access, Context, Operation};

/// Shows the parameters below a path with their values.
pub struct GetParametersByPath;
/// Tells what is known of parameters beside their values.
pub struct DescribeParameters;

/// Parameters on a page of each list, unless the caller says otherwise (AWS Systems Manager API).
const BY_PATH_PAGE_MAX: usize = 10;
const DESCRIBE_PAGE_MAX: usize = 50;
/// Parameters read at a time.
const READ_PAGE: usize = 200;

/// The members of `GetParametersByPath`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetParametersByPathInput {
    path: String,
    #[serde(default)]
    recursive: bool,
    #[serde(default)]
    parameter_filters: Vec<FilterInput>,
    #[serde(default)]
    with_decryption: bool,
    max_results: Option<usize>,
    next_token: Option<String>,
}

/// A page of parameters with their values.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetParametersByPathOutput {
    parameters: Vec<ParameterOutput>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

/// The members of `DescribeParameters`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeParametersInput {
    #[serde(default)]
    filters: Vec<OlderFilterInput>,
    #[serde(default)]
    parameter_filters: Vec<FilterInput>,
    max_results: Option<usize>,
    next_token: Option<String>,
}

/// A page of parameters.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DescribeParametersOutput {
    parameters: Vec<ParameterMetadata>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

impl Operation for GetParametersByPath {
    const NAME: &'static str = "GetParametersByPath";
    const ACCESS: Access = Access::Read;
    type Input = GetParametersByPathInput;
    type Output = GetParametersByPathOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        if !input.path.starts_with('/') {
            let message = "The parameter doesn't meet the parameter name requirements. The parameter name must begin with \
                           a forward slash \"/\".";
            return Err(Error::Validation(message.to_owned()));
        }
        let below = if input.path.ends_with('/') { input.path.clone() } else { format!("{}/", input.path) };
        let mut filters = vec![Filter::below(&below, input.recursive)];
        for filter in &input.parameter_filters {
            filters.push(Filter::parse(filter, PATHS_BY)?);
        }
        let size = input.max_results.unwrap_or(BY_PATH_PAGE_MAX);
        // Parameters come in the order of their names, so those below a path stand together.
        let after = input.next_token.clone().unwrap_or_else(|| below.clone());
        let (page, next_token) = page(cx, Some(after), Some(&below), size, &filters).await?;
        let show = |parameter: &Parameter| {
            ParameterOutput::of(parameter, &parameter.latest, &cx.services.vault, input.with_decryption)
        };
        Ok(GetParametersByPathOutput { parameters: page.iter().map(show).collect::<Result<_, _>>()?, next_token })
    }
}

impl Operation for DescribeParameters {
    const NAME: &'static str = "DescribeParameters";
    const ACCESS: Access = Access::Read;
    type Input = DescribeParametersInput;
    type Output = DescribeParametersOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        if !input.filters.is_empty() && !input.parameter_filters.is_empty() {
            let message = "You can use either Filters or ParameterFilters in a single request.";
            return Err(Error::Validation(message.to_owned()));
        }
        let newer = input.parameter_filters.iter().map(|filter| Filter::parse(filter, DESCRIBED_BY));
        let filters = newer.chain(input.filters.iter().map(Filter::parse_older)).collect::<Result<Vec<_>, _>>()?;
        let size = input.max_results.unwrap_or(DESCRIBE_PAGE_MAX);
        let (page, next_token) = page(cx, input.next_token.clone(), None, size, &filters).await?;
        Ok(DescribeParametersOutput { parameters: page.iter().map(ParameterMetadata::of).collect(), next_token })
    }
}

/// The parameters after a name that pass the filters, no more than a page of them, and where the next page starts.
async fn page(
    cx: &mut Context<'_>,
    mut after: Option<String>,
    prefix: Option<&str>,
    size: usize,
    filters: &[Filter],
) -> Result<(Vec<Parameter>, Option<String>), Error> {
    let mut page: Vec<Parameter> = Vec::new();
    loop {
        let read = read(cx, after.as_deref()).await?;
        let is_last = read.len() < READ_PAGE;
        after = read.last().map(|last| last.name.clone());
        for parameter in read {
            if prefix.is_some_and(|prefix| !parameter.name.starts_with(prefix)) {
                return Ok((page, None));
            }
            if !filters.iter().all(|filter| filter.passes(&parameter)) {
                continue;
            }
            if page.len() == size {
                let next_token = page.last().map(|last| last.name.clone());
                return Ok((page, next_token));
            }
            page.push(parameter);
        }
        if is_last {
            return Ok((page, None));
        }
    }
}

/// The next parameters in the order of their names, with that of a bootstrap in its place.
async fn read(cx: &mut Context<'_>, after: Option<&str>) -> Result<Vec<Parameter>, Error> {
    let read = cx.tx.list::<Parameter>(cx.tenant, "", after, READ_PAGE).await?;
    let mut read: Vec<Parameter> = read.into_iter().map(|stored| stored.record).collect();
    let place = read.partition_point(|parameter| &*parameter.name < bootstrap::NAME);
    let is_there = read.get(place).is_some_and(|parameter| parameter.name == bootstrap::NAME);
    let is_between =
        after.is_none_or(|after| after < bootstrap::NAME) && (place < read.len() || read.len() < READ_PAGE);
    if is_between && !is_there {
        read.insert(place, bootstrap::parameter(cx.tenant));
    }
    Ok(read)
}
