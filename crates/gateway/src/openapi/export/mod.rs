//! Exporting a REST API as it is deployed to a stage (API Gateway, "Export a REST API from API Gateway").
//!
//! [`document`] is the import backwards: what it writes with all extensions imports to an equal API. The same API gives
//! the same text every time.

mod documentation;
mod integration;
mod operation;
mod schema;
mod security;
mod settings;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use claviger_resources::rest_api::{DocumentationVersion, RestApiDefinition};
use claviger_resources::role_mapping::RoleTable;
use serde::Serialize;
use serde_json::{Map, Value, json};
use time::macros::format_description;

use super::document::Dialect;
pub use crate::http_api::export::to_yaml;
use documentation::Documentation;

/// The kinds of document that are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportType {
    /// OpenAPI 3.0.
    Oas30,
    /// Swagger 2.0.
    Swagger,
}

/// What is written beside OpenAPI's own members: the query parameter `extensions` of `GetExport`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a word of the parameter")]
pub struct Extensions {
    /// `integrations`: what answers the operations.
    pub integrations: bool,
    /// `authorizers`: who decides about callers.
    pub authorizers: bool,
    /// `documentation`: the parts of the stage's documentation version.
    pub documentation: bool,
    /// `postman`: how Postman signs.
    pub postman: bool,
    /// `apigateway`: all of the first three, and the API's settings.
    pub api_gateway: bool,
}

/// What is exported.
#[derive(Clone, Copy, Debug)]
pub struct Exported<'a> {
    /// The API as it was deployed.
    pub definition: &'a RestApiDefinition,
    /// The stage.
    pub stage: &'a str,
    /// The stage's documentation version.
    pub documentation: Option<&'a DocumentationVersion>,
    /// The API's role mapping.
    pub role_table: Option<&'a RoleTable>,
}

impl ExportType {
    /// Parses AWS's name of the kind.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "oas30" => Some(Self::Oas30),
            "swagger" => Some(Self::Swagger),
            _ => None,
        }
    }
}

impl Extensions {
    /// Parses a list with commas; the error is the word that is none of them.
    pub fn parse(text: &str) -> Result<Self, &str> {
        let mut extensions = Self::default();
        for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            match word {
                "integrations" => extensions.integrations = true,
                "authorizers" => extensions.authorizers = true,
                "documentation" => extensions.documentation = true,
                "postman" => extensions.postman = true,
                "apigateway" => {
                    extensions.api_gateway = true;
                    extensions.integrations = true;
                    extensions.authorizers = true;
                    extensions.documentation = true;
                }
                other => return Err(other),
            }
        }
        Ok(extensions)
    }
}

/// The version that an export calls itself: the API's, else when the API was made.
pub fn version(definition: &RestApiDefinition) -> String {
    let api = &definition.rest_api;
    api.version.clone().unwrap_or_else(|| {
        let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
        api.created_date.utc().format(format).unwrap_or_default()
    })
}

/// What every part of an export needs.
struct Exporter<'a> {
    definition: &'a RestApiDefinition,
    dialect: Dialect,
    extensions: Extensions,
    documentation: Documentation<'a>,
    /// The names that request validators have in the document, by id.
    validators: BTreeMap<&'a str, String>,
    region: &'a str,
}

/// The document of an API.
pub fn document(exported: Exported<'_>, kind: ExportType, extensions: Extensions) -> Value {
    let api = &exported.definition.rest_api;
    let dialect = match kind {
        ExportType::Oas30 => Dialect::OpenApi,
        ExportType::Swagger => Dialect::Swagger,
    };
    let writer = Exporter {
        definition: exported.definition,
        dialect,
        extensions,
        documentation: Documentation::new(exported.documentation),
        validators: settings::validator_names(&exported.definition.request_validators),
        region: api.tenant.region.as_str(),
    };
    let host = format!("{}.execute-api.{}.amazonaws.com", api.id, api.tenant.region);
    let mut root = Map::new();
    let mut put = |name: &str, value: Value| root.insert(name.to_owned(), value);
    match dialect {
        Dialect::OpenApi => {
            put("openapi", "3.0.1".into());
            put("info", writer.info());
            put(
                "servers",
                json!([{
                    "url": format!("https://{host}/{{basePath}}"),
                    "variables": { "basePath": { "default": format!("/{}", exported.stage) } },
                }]),
            );
        }
        Dialect::Swagger => {
            put("swagger", "2.0".into());
            put("info", writer.info());
            put("host", host.into());
            put("basePath", format!("/{}", exported.stage).into());
            put("schemes", json!(["https"]));
        }
    }
    root.extend(writer.documentation.of_document());
    root.insert("paths".to_owned(), writer.paths());
    let (models, schemes) = (writer.schemas(), writer.security_schemes());
    match dialect {
        Dialect::OpenApi => {
            let parts = [("schemas", models), ("securitySchemes", schemes)];
            let parts: Map<String, Value> = parts
                .into_iter()
                .filter(|(_, part)| !part.is_empty())
                .map(|(name, part)| (name.to_owned(), part.into()))
                .collect();
            root.insert("components".to_owned(), parts.into());
        }
        Dialect::Swagger => {
            for (name, part) in [("securityDefinitions", schemes), ("definitions", models)] {
                if !part.is_empty() {
                    root.insert(name.to_owned(), part.into());
                }
            }
        }
    }
    root.extend(writer.settings(exported.role_table));
    if extensions.documentation {
        root.extend(writer.documentation.extension());
    }
    Value::Object(root)
}

impl Exporter<'_> {
    fn info(&self) -> Value {
        let api = &self.definition.rest_api;
        let mut info = Map::from_iter([("title".to_owned(), Value::from(api.name.as_str()))]);
        info.extend(api.description.as_ref().map(|text| ("description".to_owned(), Value::from(text.as_str()))));
        info.insert("version".to_owned(), version(self.definition).into());
        info.extend(self.documentation.of_info());
        info.into()
    }

    /// The paths that have methods. One without them is only on the way to others, or leads nowhere.
    fn paths(&self) -> Value {
        let mut paths = Map::new();
        let parents: std::collections::BTreeSet<_> =
            self.definition.resources.iter().filter_map(|resource| resource.parent_id.as_ref()).collect();
        for resource in &self.definition.resources {
            // A leaf without methods is written as well, or it would be lost.
            let is_root = resource.parent_id.is_none();
            if resource.methods.is_empty() && (is_root || parents.contains(&resource.id)) {
                continue;
            }
            let mut item = self.documentation.of_path(&resource.path);
            for (verb, method) in &resource.methods {
                item.insert(operation::key(*verb), self.operation(resource, method));
            }
            paths.insert(resource.path.clone(), item.into());
        }
        paths.into()
    }
}

/// A record as JSON.
fn plain(record: &impl Serialize) -> Value {
    // Plain data: encoding cannot fail.
    serde_json::to_value(record).unwrap_or_default()
}
