//! Importing an API from an OpenAPI document: Swagger 2.0 or OpenAPI 3, JSON or YAML (API Gateway, "Develop REST APIs
//! using OpenAPI in API Gateway").
//!
//! [`import`] is a function from a document and an API as it was to the API as it becomes. It is as tolerant as API
//! Gateway is: what it does not know is passed over, what it cannot use but can do without becomes a warning, and what it
//! cannot do without is an error; all errors of a document are told at once.
//!
//! `document` and `yaml` read, `settings`, `models`, `security`, `operation`, `method_io` and `integration` translate a
//! part each, `resources` keeps the tree of paths, `merge` joins the outcome with the API as it was.

pub(crate) mod document;
pub mod documentation;
mod draft4;
pub mod export;
mod integration;
mod merge;
mod method_io;
mod models;
mod operation;
pub(crate) mod report;
mod resources;
mod security;
pub(crate) mod settings;
mod yaml;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use claviger_resources::limits::{AUTHORIZERS_PER_API, MODELS_PER_API};
use claviger_resources::quotas::{Quota, Quotas};
use claviger_resources::rest_api::{JwtConfiguration, RestApi, RestApiDefinition};
use claviger_resources::role_mapping::RoleTable;
use claviger_resources::{AccountId, Random, Region, ResourceId, RestApiId, Tenant, Timestamp};

use document::Document;
use documentation::{Documentation, ImportedPart};
use models::Models;
use report::Report;
use resources::Resources;
use security::Security;

/// How a document is imported: the query parameters of `ImportRestApi` and `PutRestApi`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportOptions {
    /// Whether a warning refuses the document.
    pub fail_on_warnings: bool,
    /// What becomes of the document's base path.
    pub base_path: BasePath,
    /// `EDGE`, `REGIONAL` or `PRIVATE`, which wins over what the document says.
    pub endpoint_type: Option<String>,
    /// Whether the document's documentation is left out.
    pub ignores_documentation: bool,
    /// How many resources the API may have.
    pub resources_max: usize,
}

impl Default for ImportOptions {
    fn default() -> Self {
        Self {
            fail_on_warnings: false,
            base_path: BasePath::default(),
            endpoint_type: None,
            ignores_documentation: false,
            resources_max: Quotas::default().count_of(Quota::ResourcesOfRestApi),
        }
    }
}

/// What becomes of the base path a document names (API Gateway, "Set the OpenAPI basePath property").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BasePath {
    /// It is not looked at.
    #[default]
    Ignore,
    /// It stands before every path.
    Prepend,
    /// All but its first segment stands before every path.
    Split,
}

/// What the document is imported into.
#[derive(Clone, Copy, Debug)]
pub enum Target<'a> {
    /// An API that does not exist yet.
    New {
        /// Its id.
        id: &'a RestApiId,
        /// The account and region it will live in.
        tenant: &'a Tenant,
        /// The time.
        now: Timestamp,
    },
    /// An API whose parts the document adds to and replaces; the rest stays.
    Merge(&'a RestApiDefinition),
    /// An API that keeps only what the document has.
    Overwrite(&'a RestApiDefinition),
}

/// An API as an import makes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// The API.
    pub definition: RestApiDefinition,
    /// Its documentation, which no deployment freezes; `None` when that was to be left out.
    pub documentation: Option<Vec<ImportedPart>>,
    /// The role mapping that the document names (`x-claviger-role-mapping`), which no deployment freezes.
    pub role_table: Option<RoleTable>,
    /// What the import had to pass over.
    pub warnings: Vec<String>,
}

/// Why a document is not imported. `Display` is the message of API Gateway's `BadRequestException`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// It is larger than is imported.
    #[error("The API definition must be at most {} bytes", claviger_resources::limits::IMPORT_BYTES_MAX)]
    TooLarge,
    /// Its references stand for more than is read.
    #[error("The API definition must be at most {} bytes once its references are replaced", document::REUSED_BYTES_MAX)]
    TooMuchReused,
    /// It is no OpenAPI document; the source says why.
    #[error("Invalid OpenAPI input.")]
    Unreadable(#[source] Unreadable),
    /// An import option has a value it cannot have.
    #[error("{0}")]
    InvalidOption(String),
    /// Parts of it cannot be translated.
    #[error("{}", report::errors_message(.errors, .warnings))]
    Errors {
        /// What is wrong.
        errors: Vec<String>,
        /// What would have been passed over.
        warnings: Vec<String>,
    },
    /// It has warnings, and those were to count as errors.
    #[error("{}", report::warnings_message(.0))]
    Warnings(Vec<String>),
}

/// Why a text is no OpenAPI document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(String);

impl ImportError {
    fn unreadable(reason: impl Into<String>) -> Self {
        Self::Unreadable(Unreadable(reason.into()))
    }
}

impl ImportOptions {
    /// Reads the query parameters of a request, of which those that are not an import's are left alone.
    pub fn from_query<'a>(parameters: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, ImportError> {
        let mut options = Self::default();
        for (name, value) in parameters {
            let invalid = || ImportError::InvalidOption(format!("Invalid value specified for {name}: {value}"));
            match name.to_ascii_lowercase().as_str() {
                "failonwarnings" => options.fail_on_warnings = value.eq_ignore_ascii_case("true"),
                "basepath" => {
                    options.base_path = match value.to_ascii_lowercase().as_str() {
                        "" | "ignore" => BasePath::Ignore,
                        "prepend" => BasePath::Prepend,
                        "split" => BasePath::Split,
                        _ => return Err(invalid()),
                    }
                }
                "endpointconfigurationtypes" => {
                    let kind = value.to_ascii_uppercase();
                    if !settings::ENDPOINT_TYPES.contains(&kind.as_str()) {
                        return Err(invalid());
                    }
                    options.endpoint_type = Some(kind);
                }
                "ignore" => {
                    let mut ignored = value.split(',').map(str::trim);
                    options.ignores_documentation = ignored.any(|what| what.eq_ignore_ascii_case("documentation"));
                }
                _ => {}
            }
        }
        Ok(options)
    }
}

impl<'a> Target<'a> {
    fn existing(&self) -> Option<&'a RestApiDefinition> {
        match self {
            Self::New { .. } => None,
            Self::Merge(definition) | Self::Overwrite(definition) => Some(definition),
        }
    }

    fn id(&self) -> &'a RestApiId {
        match self {
            Self::New { id, .. } => id,
            Self::Merge(definition) | Self::Overwrite(definition) => &definition.rest_api.id,
        }
    }

    fn tenant(&self) -> &'a Tenant {
        match self {
            Self::New { tenant, .. } => tenant,
            Self::Merge(definition) | Self::Overwrite(definition) => &definition.rest_api.tenant,
        }
    }
}

/// What every part of an import needs: whose API it is, what it was, and where ids and complaints come from and go to.
struct Importer<'a> {
    document: &'a Document,
    target: Target<'a>,
    random: &'a mut dyn Random,
    report: Report,
    documentation: Documentation,
}

/// Imports a document. What stays the same keeps its id: resources by path, the rest by name.
pub fn import(
    document: &[u8],
    options: &ImportOptions,
    target: Target<'_>,
    random: &mut dyn Random,
) -> Result<Imported, ImportError> {
    let document = Document::parse(document, target.tenant())?;
    let mut importer = Importer {
        document: &document,
        target,
        random,
        report: Report::default(),
        documentation: Documentation::default(),
    };
    let definition = importer.run(options);
    let role_table = importer.role_table();
    let documentation = (!options.ignores_documentation).then(|| importer.documentation());
    let Report { errors, warnings } = importer.report;
    document.check_reuse()?;
    if !errors.is_empty() {
        return Err(ImportError::Errors { errors, warnings });
    }
    if options.fail_on_warnings && !warnings.is_empty() {
        return Err(ImportError::Warnings(warnings));
    }
    let definition = match target {
        Target::Merge(existing) => merge::merge(existing, definition),
        Target::New { .. } | Target::Overwrite(_) => definition,
    };
    check_counts(&definition, &warnings)?;
    Ok(Imported { definition, documentation, role_table, warnings })
}

/// By name, what the `JWT` authorizers of a document accept, so that their issuers can be asked before it is imported. Of what
/// cannot be read nothing is told: importing refuses it.
pub fn jwt_configurations(document: &[u8]) -> BTreeMap<String, JwtConfiguration> {
    // Reading a document takes time, and few name issuers.
    if !String::from_utf8_lossy(document).contains("jwtConfiguration") {
        return BTreeMap::new();
    }
    let nobody = Tenant { account: AccountId::DEFAULT, region: Region::us_east_1() };
    Document::parse(document, &nobody).map(|document| security::jwt_configurations(&document)).unwrap_or_default()
}

/// Refuses an API that has more of something than call by call it could get.
fn check_counts(definition: &RestApiDefinition, warnings: &[String]) -> Result<(), ImportError> {
    let authorizer =
        definition.authorizers.get(AUTHORIZERS_PER_API).map(|one| ("Authorizers", "authorizer", &one.name));
    let model = definition.models.get(MODELS_PER_API).map(|one| ("models", "model", &one.name));
    let errors: Vec<String> = [authorizer, model]
        .into_iter()
        .flatten()
        .map(|(what, one, name)| format!("Unable to create {one} '{name}': {}", report::no_more(what)))
        .collect();
    if errors.is_empty() { Ok(()) } else { Err(ImportError::Errors { errors, warnings: warnings.to_vec() }) }
}

impl Importer<'_> {
    /// The API as the document has it.
    fn run(&mut self, options: &ImportOptions) -> RestApiDefinition {
        let root_resource_id = self.root_resource_id();
        let rest_api: RestApi = self.rest_api(options, root_resource_id.clone());
        let (request_validators, default_validator) = self.request_validators();
        let security: Security = self.security();
        let mut models: Models = self.models();
        let mut resources: Resources = self.first_resources(root_resource_id, options.resources_max);
        let base_path = settings::base_path(self.document, options.base_path);
        for (path, item) in self.document.object("paths") {
            if path.starts_with("x-") {
                continue;
            }
            self.path_item(
                &format!("{base_path}{path}"),
                item,
                &mut resources,
                &mut operation::Surroundings {
                    security: &security,
                    models: &mut models,
                    validators: &request_validators,
                    default_validator: default_validator.as_ref(),
                },
            );
        }
        RestApiDefinition {
            rest_api,
            resources: resources.into_sorted(),
            authorizers: security.into_authorizers(),
            models: models.into_models(),
            request_validators,
            gateway_responses: self.gateway_responses(),
        }
    }

    fn root_resource_id(&mut self) -> ResourceId {
        match self.target.existing() {
            Some(definition) => definition.rest_api.root_resource_id.clone(),
            None => ResourceId::generate_root(self.random),
        }
    }
}
