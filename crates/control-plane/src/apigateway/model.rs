//! Models: `CreateModel`, `GetModel`, `GetModels`, `UpdateModel`, `DeleteModel`.

use claviger_resources::Random;
use claviger_resources::random::{LOWER_ALPHANUMERIC, text};
use claviger_resources::rest_api::{Model, RestApi};
use claviger_store::{StoreError, Stored, TransactionExt};
use serde::{Deserialize, Serialize};

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
        check_schema(input.schema.as_deref())?;
        let model = Model {
            id: new_id(cx.random),
            rest_api_id: api.id.clone(),
            tenant: cx.tenant.clone(),
            name: input.name.clone(),
            description: input.description.clone(),
            schema: input.schema.clone(),
            content_type: input.content_type.clone(),
        };
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
        check_schema(model.schema.as_deref())?;
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

fn new_id(random: &mut dyn Random) -> String {
    text(random, LOWER_ALPHANUMERIC, 6)
}

fn check_schema(schema: Option<&str>) -> Result<(), Error> {
    let Some(schema) = schema.filter(|schema| !schema.is_empty()) else { return Ok(()) };
    match serde_json::from_str::<serde_json::Value>(schema) {
        Ok(serde_json::Value::Object(members)) if members.is_empty() => {
            Err(Error::bad("Model schema must have at least 1 property or array items defined"))
        }
        Ok(serde_json::Value::Object(_)) => Ok(()),
        _ => Err(Error::bad("Invalid model schema specified: it must be a JSON object")),
    }
}
