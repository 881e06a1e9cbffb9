//! `AWS::ApiGateway::RestApi`: an API of its own settings, of an OpenAPI document, or of both, where its settings win.

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::apigateway::arn;
use super::failure::HandlerFailure;
use super::handler::{Change, Current, Desired, Handler, Made, Preparation, Work, members, tag_map};
use super::noun::{at, patches, retag, text};
use crate::dispatch::Api;

/// A REST API.
pub(super) struct RestApi;

/// Properties that decide how the document is taken in.
const OF_IMPORT: [&str; 5] = ["Body", "BodyS3Location", "Mode", "FailOnWarnings", "Parameters"];

/// Settings that patch operations change: property and path.
const SETTINGS: &[(&str, &str)] = &[
    ("Name", "/name"),
    ("Description", "/description"),
    ("Policy", "/policy"),
    ("ApiKeySourceType", "/apiKeySource"),
    ("MinimumCompressionSize", "/minimumCompressionSize"),
    ("DisableExecuteApiEndpoint", "/disableExecuteApiEndpoint"),
];

#[async_trait]
impl Handler for RestApi {
    async fn prepare(&self, preparation: &mut Preparation<'_>, change: &Change<'_>) -> Result<(), HandlerFailure> {
        match change {
            Change::Create(desired) => match desired.get("Body") {
                Some(body) => preparation.stage(Api::RestApis, "ImportRestApi", import(desired, body)).await,
                None => Ok(()),
            },
            Change::Update(current, desired) => match desired.get("Body").filter(|_| is_reimported(current, desired)) {
                Some(body) => {
                    preparation.stage(Api::RestApis, "PutRestApi", reimport(&current.id, desired, body)).await
                }
                None => Ok(()),
            },
            Change::Delete => Ok(()),
        }
    }

    async fn create(&self, work: &mut Work<'_, '_>, desired: &Desired<'_>) -> Result<Made, HandlerFailure> {
        refuse_s3_location(desired)?;
        match desired.get("Body") {
            Some(body) => Self::import(work, desired, body).await,
            None => Self::create_plain(work, desired).await,
        }
    }

    async fn update(
        &self,
        work: &mut Work<'_, '_>,
        current: &Current,
        desired: &Desired<'_>,
    ) -> Result<Made, HandlerFailure> {
        refuse_s3_location(desired)?;
        let is_reimported = is_reimported(current, desired);
        if let Some(body) = desired.get("Body").filter(|_| is_reimported) {
            work.call(Api::RestApis, "PutRestApi", reimport(&current.id, desired, body)).await?;
        }
        let before = if is_reimported { Map::new() } else { current.properties.clone() };
        Self::apply_settings(work, &current.id, &before, desired).await?;
        let resource = arn(work.cx.tenant, "restapis", &current.id);
        retag(work, Api::RestApis, &resource, &tag_map(current.get("Tags")), &desired.tags("Tags")).await?;
        Ok(Made::unchanged(current))
    }

    async fn delete(&self, work: &mut Work<'_, '_>, current: &Current) -> Result<(), HandlerFailure> {
        work.remove(Api::RestApis, "DeleteRestApi", members! {"restApiId": current.id.as_str()}).await
    }
}

impl RestApi {
    async fn create_plain(work: &mut Work<'_, '_>, desired: &Desired<'_>) -> Result<Made, HandlerFailure> {
        let mut input = desired.without(&OF_IMPORT);
        input.remove("Tags");
        if let Some(source) = input.remove("ApiKeySourceType") {
            input.insert("apiKeySource".to_owned(), source);
        }
        let tags = desired.tags("Tags");
        if !tags.is_empty() {
            input.insert("tags".to_owned(), Value::Object(tags));
        }
        if !input.contains_key("Name") {
            return Err(HandlerFailure::unsupported("Invalid API name specified"));
        }
        made(&work.call(Api::RestApis, "CreateRestApi", input).await?)
    }

    async fn import(work: &mut Work<'_, '_>, desired: &Desired<'_>, body: &Value) -> Result<Made, HandlerFailure> {
        let made = made(&work.call(Api::RestApis, "ImportRestApi", import(desired, body)).await?)?;
        Self::apply_settings(work, &made.id, &Map::new(), desired).await?;
        let tags = desired.tags("Tags");
        let resource = arn(work.cx.tenant, "restapis", &made.id);
        retag(work, Api::RestApis, &resource, &Map::new(), &tags).await?;
        Ok(made)
    }

    /// Sets what the template says beside the document.
    async fn apply_settings(
        work: &mut Work<'_, '_>,
        id: &str,
        before: &Map<String, Value>,
        desired: &Desired<'_>,
    ) -> Result<(), HandlerFailure> {
        let mut operations = patches(SETTINGS, before, desired.properties);
        let types = |properties: &Map<String, Value>| {
            let types = properties.get("EndpointConfiguration").and_then(|it| it.pointer("/Types/0"));
            types.map(text)
        };
        if let Some(kind) = types(desired.properties).filter(|kind| types(before).as_ref() != Some(kind)) {
            let old = types(before).unwrap_or_else(|| kind.clone());
            let path = format!("/endpointConfiguration/types/{old}");
            operations.push(json!({"op": "replace", "path": path, "value": kind}));
        }
        let media_types = patches(&[("BinaryMediaTypes", "/binaryMediaTypes")], before, desired.properties);
        operations.extend(media_types.into_iter().map(|operation| {
            // A media type is a segment of the path here.
            let media_type = super::noun::escaped(at(&operation, "/value").unwrap_or_default());
            json!({"op": operation.get("op"), "path": format!("/binaryMediaTypes/{media_type}")})
        }));
        if operations.is_empty() {
            return Ok(());
        }
        let input = members! {"restApiId": id, "patchOperations": operations};
        work.call(Api::RestApis, "UpdateRestApi", input).await.map(drop)
    }
}

/// Whether the document, or how it is taken in, has changed.
fn is_reimported(current: &Current, desired: &Desired<'_>) -> bool {
    ["Body", "Mode", "Parameters", "FailOnWarnings"].iter().any(|name| current.get(name) != desired.get(name))
}

fn import(desired: &Desired<'_>, body: &Value) -> Map<String, Value> {
    let mut input = members! {"body": document(body)};
    // `Parameters` are the query parameters of an import, among them the endpoint's types.
    let mut parameters = desired.get("Parameters").and_then(Value::as_object).cloned().unwrap_or_default();
    if let Some(kind) = desired.get("EndpointConfiguration").and_then(|it| at(it, "/Types/0")) {
        parameters.insert("endpointConfigurationTypes".to_owned(), Value::from(kind));
    }
    if !parameters.is_empty() {
        input.insert("parameters".to_owned(), Value::Object(parameters));
    }
    if let Some(fails) = desired.get("FailOnWarnings") {
        input.insert("failOnWarnings".to_owned(), fails.clone());
    }
    input
}

fn reimport(id: &str, desired: &Desired<'_>, body: &Value) -> Map<String, Value> {
    let mut input = members! {
        "restApiId": id,
        "body": document(body),
        "mode": desired.text("Mode").unwrap_or("overwrite"),
    };
    for (property, member) in [("FailOnWarnings", "failOnWarnings"), ("Parameters", "parameters")] {
        if let Some(value) = desired.get(property) {
            input.insert(member.to_owned(), value.clone());
        }
    }
    input
}

fn made(output: &Value) -> Result<Made, HandlerFailure> {
    let id = at(output, "/id").ok_or_else(|| HandlerFailure::silent("CreateRestApi"))?;
    let root = at(output, "/rootResourceId").unwrap_or_default();
    Ok(Made::id(id).with("RestApiId", id).with("RootResourceId", root))
}

fn document(body: &Value) -> String {
    STANDARD.encode(text(body))
}

fn refuse_s3_location(desired: &Desired<'_>) -> Result<(), HandlerFailure> {
    match desired.get("BodyS3Location") {
        Some(_) => Err(HandlerFailure::unsupported(
            "#/BodyS3Location: Claviger does not serve this property; give the document as Body",
        )),
        None => Ok(()),
    }
}
