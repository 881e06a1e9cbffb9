//! Exports: `GetExport`.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use claviger_gateway::openapi::export::{self, ExportType, Exported, Extensions};
use claviger_resources::role_mapping::RoleMapping;
use claviger_store::{ROLE_MAPPING_ID, Stored, TransactionExt};
use serde::{Deserialize, Serialize};

use super::errors::Error;
use super::{deployment, documentation_version, rest_api, stage};
use crate::operation::{Access, Context, Operation};

/// Writes an API as it is deployed to a stage as an OpenAPI document.
pub struct GetExport;

/// The members of `GetExport`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GetExportInput {
    rest_api_id: String,
    stage_name: String,
    export_type: String,
    #[serde(default)]
    parameters: BTreeMap<String, String>,
    /// The header `Accept`.
    accepts: Option<String>,
}

/// A document, in base64 as blobs are handed on, with the headers it travels under.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExportOutput {
    content_type: &'static str,
    content_disposition: String,
    body: String,
}

#[derive(Clone, Copy)]
enum Format {
    Json,
    Yaml,
}

impl Operation for GetExport {
    const NAME: &'static str = "GetExport";
    const ACCESS: Access = Access::Read;
    type Input = GetExportInput;
    type Output = ExportOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let api = rest_api::find(cx, &input.rest_api_id).await?;
        let kind = ExportType::parse(&input.export_type)
            .ok_or_else(|| Error::bad("Invalid export type specified. Must be one of: [oas30, swagger]"))?;
        let format = format(input.accepts.as_deref())?;
        let extensions = input.parameters.get("extensions").map(String::as_str).unwrap_or_default();
        let extensions = Extensions::parse(extensions).map_err(|word| {
            Error::bad(format!(
                "Invalid extensions specified: {word}. Must be of: [integrations, authorizers, documentation, postman, \
                 apigateway]"
            ))
        })?;
        let stage = stage::find(cx, &api, &input.stage_name).await?;
        let definition = deployment::find(cx, &api, stage.deployment_id.as_str()).await?.record.definition;
        let documentation = match documentation_version::of_stage(&stage) {
            Some(name) => Some(documentation_version::find(cx, &api, name).await?.record),
            None => None,
        };
        let roles: Option<Stored<RoleMapping>> = cx.tx.find(cx.tenant, api.id.as_str(), ROLE_MAPPING_ID).await?;
        let exported = Exported {
            definition: &definition,
            stage: stage.stage_name.as_str(),
            documentation: documentation.as_ref(),
            role_table: roles.as_ref().map(|roles| &roles.record.table),
        };
        let document = export::document(exported, kind, extensions);
        let (text, ending) = match format {
            // Of strings and plain data: writing it cannot fail.
            Format::Json => (serde_json::to_string_pretty(&document).unwrap_or_default(), "json"),
            Format::Yaml => (export::to_yaml(&document), "yaml"),
        };
        Ok(ExportOutput {
            content_type: "application/octet-stream",
            content_disposition: format!(
                "attachment; filename=\"{}_{}.{ending}\"",
                input.export_type,
                file_name(&export::version(&definition))
            ),
            body: STANDARD.encode(text),
        })
    }
}

/// What the caller accepts; the SDKs name one type, other clients perhaps several.
fn format(accepts: Option<&str>) -> Result<Format, Error> {
    let types = accepts.unwrap_or_default().split(',').map(|kind| kind.split(';').next().unwrap_or_default().trim());
    let known = types.filter(|kind| !kind.is_empty()).collect::<Vec<_>>();
    let of = |kind: &&str| match *kind {
        "application/json" | "*/*" | "application/*" => Some(Format::Json),
        "application/yaml" => Some(Format::Yaml),
        _ => None,
    };
    if known.is_empty() {
        return Ok(Format::Json);
    }
    known.iter().find_map(of).ok_or_else(|| {
        Error::bad("Invalid accept type specified. Must be one of: [application/json, application/yaml]")
    })
}

/// A version as part of a quoted file name: what a header could not hold, or a shell would take for a path, is left out.
fn file_name(version: &str) -> String {
    version.chars().filter(|c| c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '/')).take(100).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_known_type_decides_about_the_format() {
        let check = |accepts: Option<&str>, expected: Option<&str>| {
            let found = format(accepts).ok().map(|format| match format {
                Format::Json => "json",
                Format::Yaml => "yaml",
            });
            assert_eq!(found, expected, "{accepts:?}");
        };
        check(None, Some("json"));
        check(Some(""), Some("json"));
        check(Some("application/json"), Some("json"));
        check(Some("application/yaml;charset=utf-8"), Some("yaml"));
        check(Some("text/html, application/yaml, */*;q=0.1"), Some("yaml"));
        check(Some("*/*"), Some("json"));
        check(Some("application/xml"), None);
    }

    #[test]
    fn file_names_hold_nothing_that_a_header_could_not() {
        assert_eq!(file_name("1.0"), "1.0");
        assert_eq!(file_name("../\"a\r\nb\\ \u{e9}"), "..ab");
    }
}
