//! What a parameter was: `GetParameterHistory`.

use claviger_resources::parameter::OlderVersion;
use claviger_store::{Record, TransactionExt};
use serde::{Deserialize, Serialize};

use super::errors::Error;
use super::name::Named;
use super::output::ParameterMetadata;
use super::parameter::find;
use crate::operation::{Access, Context, Operation};

/// Shows every version of a parameter that is kept.
pub struct GetParameterHistory;

/// Versions on a page unless the caller says otherwise, which is as many as there may be.
const PAGE_MAX: usize = 50;

/// The members of `GetParameterHistory`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetParameterHistoryInput {
    name: String,
    #[serde(default)]
    with_decryption: bool,
    max_results: Option<usize>,
    next_token: Option<String>,
}

/// A page of versions, oldest first.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GetParameterHistoryOutput {
    parameters: Vec<ParameterMetadata>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

impl Operation for GetParameterHistory {
    const NAME: &'static str = "GetParameterHistory";
    const ACCESS: Access = Access::Read;
    type Input = GetParameterHistoryInput;
    type Output = GetParameterHistoryOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let name = Named::parse(cx.tenant, &input.name).name;
        let parameter = find(cx, name).await?.ok_or_else(|| Error::ParameterNotFound(input.name.clone()))?;
        let size = input.max_results.unwrap_or(PAGE_MAX);
        let after = input.next_token.as_deref();
        if after.is_some_and(|after| after.parse::<u64>().is_err()) {
            return Err(Error::NextToken);
        }
        let mut versions: Vec<OlderVersion> = Vec::new();
        for version in cx.tx.list::<OlderVersion>(cx.tenant, name, after, size + 1).await? {
            versions.push(version.record);
        }
        let latest = OlderVersion::of(&parameter);
        if versions.len() <= size && after.is_none_or(|after| after < latest.id()) {
            versions.push(latest);
        }
        let more = versions.len() > size;
        versions.truncate(size);
        let next_token = versions.last().filter(|_| more).map(|last| last.id().to_owned());
        let show = |older: &OlderVersion| {
            ParameterMetadata::with_value(&parameter, &older.version, &cx.services.vault, input.with_decryption)
        };
        Ok(GetParameterHistoryOutput { parameters: versions.iter().map(show).collect::<Result<_, _>>()?, next_token })
    }
}
