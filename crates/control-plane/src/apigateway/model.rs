//! Models: `CreateModel`, `GetModel`, `GetModels`, `GetModelTemplate`, `UpdateModel`, `DeleteModel`.

use std::collections::BTreeMap;

use claviger_gateway::json_schema::{InvalidSchema, Models};
use claviger_gateway::model_template::model_template;
use claviger_resources::Random;
use claviger_resources::random::{LOWER_ALPHANUMERIC, text};
use claviger_resources::rest_api::{Model, RestApi};
use claviger_store::{StoreError, Stored, TransactionExt};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::authorizer::ListInput;
use super::errors::Error;
use super::page::Page;
use super::patch::{PatchOperation, apply_all};
use super::rest_api;
use crate::operation::{Access, Context, Operation};

/// Adds a model to an API.
pub struct CreateModel;
/// Shows a model.
pub struct GetModel;
/// Lists the models of an API.
pub struct GetModels;
/// Writes a mapping template that makes an example of a model.
pub struct GetModelTemplate;
/// Changes a model.
pub struct UpdateModel;
/// Deletes a model that no method uses.
pub struct DeleteModel;

/// The members of `CreateModel`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateModelInput {
    rest_api_id: String,
    name: String,
    description: Option<String>,
    schema: Option<String>,
    content_type: String,
}

/// Which model is meant.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ModelInput {
    rest_api_id: String,
    model_name: String,
}

/// The members of `UpdateModel`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateModelInput {
    rest_api_id: String,
    model_name: String,
    #[serde(default)]
    patch_operations: Vec<PatchOperation>,
}

/// A model as callers see it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ModelOutput {
    id: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    schema: Option<String>,
    content_type: String,
}

impl ModelOutput {
    fn new(model: &Model) -> Self {
        Self {
            id: model.id.clone(),
            name: model.name.clone(),
            description: model.description.clone(),
            schema: model.schema.clone(),
            content_type: model.content_type.clone(),
        }
    }
}

impl Operation for CreateModel {
    const NAME: &'static str = "CreateModel";
    const ACCESS: Access = Access::Write;
    type Input = CreateModelInput;
    type Output = ModelOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let api = rest_api::find(cx, &input.rest_api_id).await?;
        if input.name.is_empty() {
            return Err(Error::bad("Model name must be non-empty"));
        }
        if !input.name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(Error::bad("Model name must be alphanumeric: ".to_owned() + &input.name));
        }
        let model = Model {
            id: new_id(cx.random),
            rest_api_id: api.id.clone(),
            tenant: cx.tenant.clone(),
            name: input.name.clone(),
            description: input.description.clone(),
            schema: input.schema.clone(),
            content_type: input.content_type.clone(),
        };
        check_schema(cx, &api, &model).await?;
        match cx.tx.insert(&model).await {
            Err(StoreError::AlreadyExists) => {
                Err(Error::Conflict("Model name already exists for this REST API".to_owned()))
            }
            other => {
                other?;
                Ok(ModelOutput::new(&model))
            }
        }
    }
}

impl Operation for GetModel {
    const NAME: &'static str = "GetModel";
    const ACCESS: Access = Access::Read;
    type Input = ModelInput;
    type Output = ModelOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let api = rest_api::find(cx, &input.rest_api_id).await?;
        Ok(ModelOutput::new(&*find(cx, &api, &input.model_name).await?))
    }
}

impl Operation for GetModels {
    const NAME: &'static str = "GetModels";
    const ACCESS: Access = Access::Read;
    type Input = ListInput;
    type Output = Page<ModelOutput>;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let api = rest_api::find(cx, &input.rest_api_id).await?;
        input.page.read(cx.tx, cx.tenant, api.id.as_str(), ModelOutput::new).await
    }
}

/// What `GetModelTemplate` answers.
#[derive(Debug, Serialize)]
pub struct TemplateOutput {
    value: String,
}

impl Operation for GetModelTemplate {
    const NAME: &'static str = "GetModelTemplate";
    const ACCESS: Access = Access::Read;
    type Input = ModelInput;
    type Output = TemplateOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let api = rest_api::find(cx, &input.rest_api_id).await?;
        let model = find(cx, &api, &input.model_name).await?;
        let parse = |model: &Model| serde_json::from_str(model.schema.as_deref().unwrap_or("{}")).unwrap_or_default();
        let others: Vec<Stored<Model>> = cx.tx.list_all(cx.tenant, api.id.as_str()).await?;
        let schemas: BTreeMap<String, Value> =
            others.iter().map(|other| (model_url(&api, &other.name), parse(other))).collect();
        let schema = parse(&model);
        Ok(TemplateOutput { value: model_template(&schema, &|reference| schemas.get(reference)) })
    }
}

impl Operation for UpdateModel {
    const NAME: &'static str = "UpdateModel";
    const ACCESS: Access = Access::Write;
    type Input = UpdateModelInput;
    type Output = ModelOutput;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let api = rest_api::find(cx, &input.rest_api_id).await?;
        let mut model = find(cx, &api, &input.model_name).await?;
        apply_all(&input.patch_operations, |patch| {
            patch.only_replace()?;
            match patch.path().as_slice() {
                ["description"] => model.description = patch.text()?,
                ["schema"] => model.schema = patch.text()?,
                _ => return Err(patch.invalid_replace(&["/description", "/schema"])),
            }
            Ok(())
        })?;
        check_schema(cx, &api, &model).await?;
        cx.tx.replace(&model).await?;
        Ok(ModelOutput::new(&model))
    }
}

impl Operation for DeleteModel {
    const NAME: &'static str = "DeleteModel";
    const ACCESS: Access = Access::Write;
    type Input = ModelInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        let api = rest_api::find(cx, &input.rest_api_id).await?;
        let model = find(cx, &api, &input.model_name).await?;
        let resources = rest_api::definition(cx, &api).await?.resources;
        let user = resources.iter().find_map(|resource| {
            let uses = |models: &Option<std::collections::BTreeMap<String, String>>| {
                models.iter().flat_map(|models| models.values()).any(|name| *name == model.name)
            };
            let method = resource.methods.values().find(|method| uses(&method.request_models))?;
            Some(format!("{}/{}", resource.path.trim_end_matches('/'), method.http_method))
        });
        if let Some(user) = user {
            return Err(Error::Conflict(format!(
                "Cannot delete model '{}', is referenced in method request: {user}",
                model.name
            )));
        }
        cx.tx.delete(&model.record).await?;
        Ok(())
    }
}

/// The two models every new API has.
pub(super) fn defaults(api: &RestApi, random: &mut dyn Random) -> [Model; 2] {
    let mut model = |name: &str, description: &str, schema: &str| Model {
        id: new_id(random),
        rest_api_id: api.id.clone(),
        tenant: api.tenant.clone(),
        name: name.to_owned(),
        description: Some(description.to_owned()),
        schema: Some(schema.to_owned()),
        content_type: "application/json".to_owned(),
    };
    [
        model(
            "Empty",
            "This is a default empty schema model",
            "{\n  \"$schema\": \"http://json-schema.org/draft-04/schema#\",\n  \"title\" : \"Empty Schema\",\n  \"type\" : \
             \"object\"\n}",
        ),
        model(
            "Error",
            "This is a default error schema model",
            "{\n  \"$schema\" : \"http://json-schema.org/draft-04/schema#\",\n  \"title\" : \"Error Schema\",\n  \"type\" : \
             \"object\",\n  \"properties\" : {\n    \"message\" : { \"type\" : \"string\" }\n  }\n}",
        ),
    ]
}

/// Refuses names of models the API does not have.
pub(super) async fn check_exist(
    cx: &mut Context<'_>,
    api: &RestApi,
    names: impl Iterator<Item = &String>,
) -> Result<(), Error> {
    for name in names {
        if cx.tx.find::<Model>(cx.tenant, api.id.as_str(), name).await?.is_none() {
            return Err(Error::bad(format!("Invalid model identifier specified: {name}")));
        }
    }
    Ok(())
}

async fn find(cx: &mut Context<'_>, api: &RestApi, name: &str) -> Result<Stored<Model>, Error> {
    let found = cx.tx.find(cx.tenant, api.id.as_str(), name).await?;
    found.ok_or_else(|| Error::NotFound(format!("Invalid model name specified: {name}")))
}

/// How the models of an API refer to one of them.
fn model_url(api: &RestApi, name: &str) -> String {
    format!("https://apigateway.amazonaws.com/restapis/{}/models/{name}", api.id)
}

fn new_id(random: &mut dyn Random) -> String {
    text(random, LOWER_ALPHANUMERIC, 6)
}

/// Refuses a schema that request validators could not use; the models it refers to must exist.
async fn check_schema(cx: &mut Context<'_>, api: &RestApi, model: &Model) -> Result<(), Error> {
    let schema = model.schema.as_deref().unwrap_or_default();
    let is_empty = serde_json::from_str::<serde_json::Map<_, _>>(schema).is_ok_and(|members| members.is_empty());
    if schema.is_empty() || is_empty {
        return Err(Error::bad("Model schema must have at least 1 property or array items defined"));
    }
    let others: Vec<Stored<Model>> = cx.tx.list_all(cx.tenant, api.id.as_str()).await?;
    let mut models: Vec<Model> = others.into_iter().map(|other| other.record).collect();
    models.retain(|other| other.name != model.name);
    models.push(model.clone());
    Models::new(&api.id, &models).compile(&model.name).map(drop).map_err(|error| {
        let error = match error {
            InvalidSchema::ForeignReference(_) => "Model reference must be in canonical form".to_owned(),
            InvalidSchema::Reference(reference) => format!("Invalid model reference specified: {reference}"),
            _ => "Invalid model schema specified".to_owned(),
        };
        Error::bad(format!("Invalid model specified: Validation Result: warnings : [], errors : [{error}]"))
    })
}
