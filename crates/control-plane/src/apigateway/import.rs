//! OpenAPI documents: `ImportRestApi`, `PutRestApi`.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use claviger_gateway::openapi::{ImportError, ImportOptions, Imported, Target, import, jwt_configurations};
use claviger_resources::limits::AUTHORIZERS_PER_API;
use claviger_resources::quotas::Quota;
use claviger_resources::rest_api::{JwtConfiguration, RestApi, RestApiDefinition};
use claviger_resources::role_mapping::RoleTable;
use claviger_store::TransactionExt;
use serde::Deserialize;
use tokio::time::{Instant, timeout_at};

use super::errors::Error;
use super::rest_api::{self, RestApiOutput};
use super::{documentation_part, jwt_configuration};
use crate::operation::{Access, Caller, Context, Operation};
use crate::role_mapping;
use crate::services::Services;

/// How long the issuers that a document names may take together.
const ISSUERS_DURATION_MAX: Duration = Duration::from_secs(30);

/// Makes a REST API from an OpenAPI document.
pub struct ImportRestApi;
/// Merges an OpenAPI document into a REST API, or replaces the API by it.
pub struct PutRestApi;

/// The members of `ImportRestApi`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImportRestApiInput {
    #[serde(flatten)]
    document: DocumentInput,
}

/// The members of `PutRestApi`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PutRestApiInput {
    rest_api_id: String,
    #[serde(default)]
    mode: Mode,
    #[serde(flatten)]
    document: DocumentInput,
}

/// What becomes of what is there already.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Mode {
    /// It stays, unless the document has it too.
    #[default]
    Merge,
    /// It goes.
    Overwrite,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct DocumentInput {
    #[serde(default)]
    fail_on_warnings: bool,
    #[serde(default)]
    parameters: BTreeMap<String, String>,
    /// The document in base64, as blobs are handed on.
    body: String,
    /// By name, what the document's `JWT` authorizers accept, with where the keys of their issuers are.
    #[serde(skip)]
    jwt_configurations: BTreeMap<String, JwtConfiguration>,
}

impl DocumentInput {
    /// Asks the issuers of the document's `JWT` authorizers where their keys are, as `CreateAuthorizer` does. What else is
    /// wrong with the document is told when it is imported.
    async fn ask_issuers(&mut self, services: &Services) -> Result<(), Error> {
        let Ok(document) = STANDARD.decode(&self.body) else { return Ok(()) };
        let refuse = |name: &str, reason: &dyn Display| {
            let errors = vec![format!("Unable to create authorizer '{name}': {reason}")];
            Error::bad(ImportError::Errors { errors, warnings: Vec::new() }.to_string())
        };
        let deadline = Instant::now() + ISSUERS_DURATION_MAX;
        // A document with more authorizers than an API may have is refused anyway.
        for (name, mut configuration) in jwt_configurations(&document).into_iter().take(AUTHORIZERS_PER_API) {
            let resolved = timeout_at(deadline, jwt_configuration::resolve(services, &mut configuration)).await;
            match resolved {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return Err(refuse(&name, &error)),
                Err(_) => return Err(refuse(&name, &"the issuers of the document take too long to answer")),
            }
            self.jwt_configurations.insert(name, configuration);
        }
        Ok(())
    }
}

impl Operation for ImportRestApi {
    const NAME: &'static str = "ImportRestApi";
    const ACCESS: Access = Access::Write;
    type Input = ImportRestApiInput;
    type Output = RestApiOutput;
    type Error = Error;

    async fn prepare(services: &Services, _: &Caller, input: &mut Self::Input) -> Result<(), Error> {
        input.document.ask_issuers(services).await
    }

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let id = rest_api::new_id(cx, None)?;
        let target = Target::New { id: &id, tenant: cx.tenant, now: cx.now };
        let imported = read(&input.document, target, cx)?;
        let api = &imported.definition.rest_api;
        rest_api::insert(cx, api).await?;
        rest_api::insert_definition(cx, &imported.definition).await?;
        put_roles(cx, api, imported.role_table).await?;
        documentation_part::put(cx, api, Mode::Merge, imported.documentation.unwrap_or_default()).await?;
        Ok(RestApiOutput::new(api, imported.warnings))
    }
}

impl Operation for PutRestApi {
    const NAME: &'static str = "PutRestApi";
    const ACCESS: Access = Access::Write;
    type Input = PutRestApiInput;
    type Output = RestApiOutput;
    type Error = Error;

    async fn prepare(services: &Services, _: &Caller, input: &mut Self::Input) -> Result<(), Error> {
        input.document.ask_issuers(services).await
    }

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let mut api = rest_api::find(cx, &input.rest_api_id).await?;
        let before: RestApiDefinition = rest_api::definition(cx, &api).await?;
        let target = match input.mode {
            Mode::Merge => Target::Merge(&before),
            Mode::Overwrite => Target::Overwrite(&before),
        };
        let Imported { definition, documentation, role_table, warnings } = read(&input.document, target, cx)?;
        rest_api::delete_definition(cx, &api).await?;
        rest_api::insert_definition(cx, &definition).await?;
        api.record = definition.rest_api;
        // Once an API has been touched, AWS shows its tags even when there are none.
        api.tags.get_or_insert_default();
        cx.tx.replace(&api).await?;
        put_roles(cx, &api, role_table).await?;
        if let Some(parts) = documentation {
            documentation_part::put(cx, &api, input.mode, parts).await?;
        }
        Ok(RestApiOutput::new(&api, warnings))
    }
}

/// Sets the role mapping that a document names. One that names none leaves the API its own: it would be open without.
async fn put_roles(cx: &mut Context<'_>, api: &RestApi, table: Option<RoleTable>) -> Result<(), Error> {
    if let Some(table) = table {
        role_mapping::put(cx.tx, &api.tenant, api.id.as_str(), table).await?;
    }
    Ok(())
}

fn read(input: &DocumentInput, target: Target<'_>, cx: &mut Context<'_>) -> Result<Imported, Error> {
    let document = STANDARD.decode(&input.body).map_err(|_| Error::bad("Invalid OpenAPI input."))?;
    let parameters = input.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let refuse = |error: ImportError| Error::bad(error.to_string());
    let mut options = ImportOptions::from_query(parameters).map_err(refuse)?;
    options.fail_on_warnings |= input.fail_on_warnings;
    options.resources_max = cx.services.settings.quotas.count_of(Quota::ResourcesOfRestApi);
    let mut imported = import(&document, &options, target, cx.random).map_err(refuse)?;
    for authorizer in &mut imported.definition.authorizers {
        if let Some(configuration) = input.jwt_configurations.get(&authorizer.name) {
            authorizer.jwt_configuration = Some(configuration.clone());
        }
    }
    Ok(imported)
}
