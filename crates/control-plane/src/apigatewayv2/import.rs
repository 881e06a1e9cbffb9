//! OpenAPI documents of HTTP APIs: `ImportApi`, `ReimportApi`, `ExportApi`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use claviger_gateway::http_api::{export, import};
use claviger_gateway::openapi::BasePath;
use claviger_resources::Random;
use claviger_resources::http_api::{Deployment, HttpApi, HttpApiDefinition};
use claviger_resources::limits::INTEGRATIONS_PER_API;
use claviger_resources::quotas::Quota;
use claviger_store::{Stored, TransactionExt};
use serde::{Deserialize, Serialize};

use super::errors::Error;
use super::shown::Shown;
use super::{api, authorizer, deployment, integration, stage};
use crate::operation::{Access, Caller, Context, Operation};
use crate::services::Services;

/// Makes an HTTP API from an OpenAPI document.
pub struct ImportApi;
/// Puts an OpenAPI document in the place of what an HTTP API has.
pub struct ReimportApi;
/// Writes an HTTP API as an OpenAPI document.
pub struct ExportApi;

/// The members of `ImportApi`.
#[derive(Debug, Deserialize)]
pub struct ImportApiInput {
    #[serde(flatten)]
    document: DocumentInput,
}

/// The members of `ReimportApi`.
#[derive(Debug, Deserialize)]
pub struct ReimportApiInput {
    #[serde(rename = "ApiId")]
    api_id: String,
    #[serde(flatten)]
    document: DocumentInput,
}

#[derive(Debug, Deserialize)]
struct DocumentInput {
    body: String,
    #[serde(rename = "Basepath")]
    base_path: Option<String>,
    #[serde(rename = "FailOnWarnings", default)]
    fail_on_warnings: bool,
}

/// The members of `ExportApi`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ExportApiInput {
    api_id: String,
    output_type: String,
    specification: String,
    stage_name: Option<String>,
    include_extensions: Option<bool>,
}

/// A document, in base64 as blobs are handed on.
#[derive(Debug, Serialize)]
pub struct ExportedApi {
    body: String,
}

impl Operation for ImportApi {
    const NAME: &'static str = "ImportApi";
    const ACCESS: Access = Access::Write;
    type Input = ImportApiInput;
    type Output = Shown;
    type Error = Error;

    async fn prepare(services: &Services, caller: &Caller, input: &mut Self::Input) -> Result<(), Error> {
        input.document.check_issuers(services, caller).await
    }

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let new = api::new(cx, std::collections::BTreeMap::new())?;
        let definition = input.document.read(new, None, cx.services, cx.random)?;
        api::insert(cx, &definition.api).await?;
        insert(cx, &definition).await?;
        Ok(api::shown(&definition.api))
    }
}

impl Operation for ReimportApi {
    const NAME: &'static str = "ReimportApi";
    const ACCESS: Access = Access::Write;
    type Input = ReimportApiInput;
    type Output = Shown;
    type Error = Error;

    async fn prepare(services: &Services, caller: &Caller, input: &mut Self::Input) -> Result<(), Error> {
        input.document.check_issuers(services, caller).await
    }

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let mut api = api::find(cx, &input.api_id).await?;
        let before = api::definition(cx, &api).await?;
        let definition = input.document.read(api.record.clone(), Some(&before), cx.services, cx.random)?;
        api::delete_definition(cx, &api).await?;
        insert(cx, &definition).await?;
        api.record = definition.api;
        cx.tx.replace(&api).await?;
        deployment::deploy_automatically(cx, &api).await?;
        Ok(api::shown(&api))
    }
}

impl Operation for ExportApi {
    const NAME: &'static str = "ExportApi";
    const ACCESS: Access = Access::Read;
    type Input = ExportApiInput;
    type Output = ExportedApi;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        if input.specification != "OAS30" {
            return Err(Error::bad("Invalid specification specified. Must be OAS30"));
        }
        let api = api::find(cx, &input.api_id).await?;
        let definition = match &input.stage_name {
            None => api::definition(cx, &api).await?,
            Some(name) => deployed(cx, &api, name).await?,
        };
        let extensions = input.include_extensions.unwrap_or(true);
        let document = export::document(&definition, input.stage_name.as_deref(), extensions);
        let text = match input.output_type.as_str() {
            "JSON" => document.to_string(),
            "YAML" => export::to_yaml(&document),
            _ => return Err(Error::bad("Invalid output type specified. Must be one of: [YAML, JSON]")),
        };
        Ok(ExportedApi { body: STANDARD.encode(text) })
    }
}

impl DocumentInput {
    fn read(
        &self,
        api: HttpApi,
        existing: Option<&HttpApiDefinition>,
        services: &Services,
        random: &mut dyn Random,
    ) -> Result<HttpApiDefinition, Error> {
        let base_path = match self.base_path.as_deref().unwrap_or_default() {
            "" | "ignore" => BasePath::Ignore,
            "prepend" => BasePath::Prepend,
            "split" => BasePath::Split,
            other => return Err(Error::bad(format!("Invalid value specified for basepath: {other}"))),
        };
        let options = import::Options { base_path, fail_on_warnings: self.fail_on_warnings };
        let target = import::Target { api, existing };
        let definition = import::import(self.body.as_bytes(), options, target, random)
            .map_err(|error| Error::bad(error.to_string()))?;
        if let Some(cors) = &definition.api.cors_configuration {
            api::check_cors(cors)?;
        }
        for (count, what, maximum) in [
            (definition.routes.len(), "Routes", services.settings.quotas.count_of(Quota::RoutesOfHttpApi)),
            (definition.integrations.len(), "Integrations", INTEGRATIONS_PER_API),
        ] {
            if count > maximum {
                return Err(Error::LimitExceeded { what, scope: "API", maximum });
            }
        }
        definition.integrations.iter().try_for_each(integration::check)?;
        definition.authorizers.iter().try_for_each(authorizer::check_alone)?;
        Ok(definition)
    }

    /// Asks the issuers that the document names, as making their authorizers one by one would.
    async fn check_issuers(&self, services: &Services, caller: &Caller) -> Result<(), Error> {
        let definition = {
            let mut random = services.random();
            let api = api::unstored(caller.tenant(), services.clock.now(), &mut *random);
            self.read(api, None, services, &mut *random)?
        };
        for one in &definition.authorizers {
            authorizer::check_issuer(services, one.jwt_configuration.as_ref()).await?;
        }
        Ok(())
    }
}

async fn insert(cx: &mut Context<'_>, definition: &HttpApiDefinition) -> Result<(), Error> {
    for integration in &definition.integrations {
        cx.tx.insert(integration).await?;
    }
    for authorizer in &definition.authorizers {
        cx.tx.insert(authorizer).await?;
    }
    for route in &definition.routes {
        cx.tx.insert(route).await?;
    }
    Ok(())
}

/// The API as a stage serves it.
async fn deployed(cx: &mut Context<'_>, api: &HttpApi, stage: &str) -> Result<HttpApiDefinition, Error> {
    let stage = stage::find(cx, api, stage).await?;
    let id = stage.deployment_id.as_ref().ok_or(Error::NotFound("Deployment"))?;
    let found: Option<Stored<Deployment>> = cx.tx.find(cx.tenant, api.api_id.as_str(), id.as_str()).await?;
    Ok(found.ok_or(Error::NotFound("Deployment"))?.record.definition)
}
