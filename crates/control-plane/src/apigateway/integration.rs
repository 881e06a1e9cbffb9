//! Integrations and how their answers are mapped: `PutIntegration`, `GetIntegration`, `UpdateIntegration`,
//! `DeleteIntegration` and the same for `…IntegrationResponse`.

use std::collections::BTreeMap;

use claviger_gateway::mapping;
use claviger_gateway::template::Templates;
use claviger_resources::limits::INTEGRATION_TIMEOUT_MILLISECONDS_MAX;
use claviger_resources::rest_api::{
    ContentHandling, Integration, IntegrationResponse, IntegrationType, MethodResponse, MethodVerb,
    PassthroughBehavior, ResponseTransferMode,
};
use serde::Deserialize;

use super::errors::Error;
use super::method::{self, MethodInput, ResponseInput, UpdateMethodInput, UpdateResponseInput};
use super::patch::{Patch, apply_all};
use crate::operation::{Access, Context, Operation};

/// Sets what answers a method.
pub struct PutIntegration;
/// Shows what answers a method.
pub struct GetIntegration;
/// Changes what answers a method.
pub struct UpdateIntegration;
/// Takes away what answers a method.
pub struct DeleteIntegration;
/// Sets how an answer of the backend becomes the method's.
pub struct PutIntegrationResponse;
/// Shows how an answer of the backend becomes the method's.
pub struct GetIntegrationResponse;
/// Changes how an answer of the backend becomes the method's.
pub struct UpdateIntegrationResponse;
/// Takes away how an answer of the backend becomes the method's.
pub struct DeleteIntegrationResponse;

/// The members of `PutIntegration`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PutIntegrationInput {
    #[serde(flatten)]
    method: MethodInput,
    #[serde(rename = "type")]
    kind: IntegrationType,
    integration_http_method: Option<String>,
    uri: Option<String>,
    connection_type: Option<String>,
    connection_id: Option<String>,
    credentials: Option<String>,
    request_parameters: Option<BTreeMap<String, String>>,
    request_templates: Option<BTreeMap<String, String>>,
    passthrough_behavior: Option<String>,
    cache_namespace: Option<String>,
    #[serde(default)]
    cache_key_parameters: Vec<String>,
    content_handling: Option<ContentHandling>,
    timeout_in_millis: Option<i64>,
    tls_config: Option<serde_json::Value>,
    response_transfer_mode: Option<ResponseTransferMode>,
}

/// The members of `PutIntegrationResponse`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PutIntegrationResponseInput {
    #[serde(flatten)]
    response: ResponseInput,
    selection_pattern: Option<String>,
    response_parameters: Option<BTreeMap<String, String>>,
    response_templates: Option<BTreeMap<String, String>>,
    content_handling: Option<ContentHandling>,
}

impl Operation for PutIntegration {
    const NAME: &'static str = "PutIntegration";
    const ACCESS: Access = Access::Write;
    type Input = PutIntegrationInput;
    type Output = Integration;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let integration = build(input)?;
        method::change(cx, &input.method, |method| {
            check(&integration, method.request_parameters.as_ref())?;
            method.method_integration = Some(integration.clone());
            Ok(integration)
        })
        .await
    }
}

impl Operation for GetIntegration {
    const NAME: &'static str = "GetIntegration";
    const ACCESS: Access = Access::Read;
    type Input = MethodInput;
    type Output = Integration;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let (resource, verb) = method::find(cx, input).await?;
        method::of(&resource, verb)?.method_integration.clone().ok_or_else(no_such_integration)
    }
}

impl Operation for UpdateIntegration {
    const NAME: &'static str = "UpdateIntegration";
    const ACCESS: Access = Access::Write;
    type Input = UpdateMethodInput;
    type Output = Integration;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        method::change(cx, &input.method, |method| {
            let integration = method.method_integration.as_mut().ok_or_else(no_such_integration)?;
            apply_all(&input.patch_operations, |patch| patch_integration(integration, patch))?;
            check(integration, method.request_parameters.as_ref())?;
            Ok(integration.clone())
        })
        .await
    }
}

impl Operation for DeleteIntegration {
    const NAME: &'static str = "DeleteIntegration";
    const ACCESS: Access = Access::Write;
    type Input = MethodInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        method::change(cx, input, |method| method.method_integration.take().map(drop).ok_or_else(no_such_integration))
            .await
    }
}

impl Operation for PutIntegrationResponse {
    const NAME: &'static str = "PutIntegrationResponse";
    const ACCESS: Access = Access::Write;
    type Input = PutIntegrationResponseInput;
    type Output = IntegrationResponse;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let response = IntegrationResponse {
            status_code: method::status_code(&input.response.status_code)?,
            selection_pattern: input.selection_pattern.clone(),
            response_parameters: input.response_parameters.clone(),
            response_templates: input.response_templates.clone(),
            content_handling: input.content_handling,
        };
        method::change(cx, &input.response.method, |method| {
            check_response(&response, &method.method_responses)?;
            let integration = method.method_integration.as_mut().ok_or_else(no_such_integration)?;
            integration.integration_responses.insert(response.status_code.clone(), response.clone());
            Ok(response)
        })
        .await
    }
}

impl Operation for GetIntegrationResponse {
    const NAME: &'static str = "GetIntegrationResponse";
    const ACCESS: Access = Access::Read;
    type Input = ResponseInput;
    type Output = IntegrationResponse;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        let (resource, verb) = method::find(cx, &input.method).await?;
        let integration = method::of(&resource, verb)?.method_integration.as_ref().ok_or_else(no_such_integration)?;
        integration.integration_responses.get(&input.status_code).cloned().ok_or_else(method::no_such_response)
    }
}

impl Operation for UpdateIntegrationResponse {
    const NAME: &'static str = "UpdateIntegrationResponse";
    const ACCESS: Access = Access::Write;
    type Input = UpdateResponseInput;
    type Output = IntegrationResponse;
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<Self::Output, Error> {
        method::change(cx, &input.response.method, |method| {
            let integration = method.method_integration.as_mut().ok_or_else(no_such_integration)?;
            let code = &input.response.status_code;
            let response = integration.integration_responses.get_mut(code).ok_or_else(method::no_such_response)?;
            apply_all(&input.patch_operations, |patch| patch_response(response, patch))?;
            check_response(response, &method.method_responses)?;
            Ok(response.clone())
        })
        .await
    }
}

impl Operation for DeleteIntegrationResponse {
    const NAME: &'static str = "DeleteIntegrationResponse";
    const ACCESS: Access = Access::Write;
    type Input = ResponseInput;
    type Output = ();
    type Error = Error;

    async fn run(cx: &mut Context<'_>, input: &Self::Input) -> Result<(), Error> {
        method::change(cx, &input.method, |method| {
            let integration = method.method_integration.as_mut().ok_or_else(no_such_integration)?;
            integration.integration_responses.remove(&input.status_code).map(drop).ok_or_else(method::no_such_response)
        })
        .await
    }
}

#[expect(clippy::needless_pass_by_value, reason = "its place is `map_err`")]
fn invalid_mapping(invalid: mapping::InvalidMapping) -> Error {
    Error::bad(invalid.to_string())
}

fn no_such_integration() -> Error {
    Error::invalid_identifier("Integration")
}

fn build(input: &PutIntegrationInput) -> Result<Integration, Error> {
    let over_http = matches!(input.kind, IntegrationType::Http | IntegrationType::HttpProxy);
    Ok(Integration {
        kind: input.kind,
        http_method: input.integration_http_method.clone().filter(|_| input.kind != IntegrationType::Mock),
        uri: input.uri.clone(),
        connection_type: over_http.then(|| input.connection_type.clone().unwrap_or_else(|| "INTERNET".to_owned())),
        connection_id: input.connection_id.clone(),
        credentials: input.credentials.clone(),
        request_parameters: input.request_parameters.clone(),
        request_templates: input.request_templates.clone(),
        passthrough_behavior: input
            .passthrough_behavior
            .as_deref()
            .map_or(Ok(PassthroughBehavior::default()), passthrough)?,
        content_handling: input.content_handling,
        timeout_in_millis: input.timeout_in_millis.map_or(INTEGRATION_TIMEOUT_MILLISECONDS_MAX, timeout),
        cache_namespace: input.cache_namespace.clone().unwrap_or_else(|| input.method.resource_id.clone()),
        cache_key_parameters: input.cache_key_parameters.clone(),
        tls_config: input.tls_config.clone(),
        response_transfer_mode: input.response_transfer_mode,
        integration_responses: BTreeMap::new(),
    })
}

fn passthrough(text: &str) -> Result<PassthroughBehavior, Error> {
    match text.to_ascii_uppercase().as_str() {
        "WHEN_NO_MATCH" => Ok(PassthroughBehavior::WhenNoMatch),
        "WHEN_NO_TEMPLATES" => Ok(PassthroughBehavior::WhenNoTemplates),
        "NEVER" => Ok(PassthroughBehavior::Never),
        _ => Err(Error::bad(
            "Invalid passthrough behavior specified. Valid options are WHEN_NO_MATCH, WHEN_NO_TEMPLATES, NEVER",
        )),
    }
}

/// What no timeout can be becomes none that is allowed.
fn timeout(milliseconds: i64) -> u32 {
    u32::try_from(milliseconds).unwrap_or_default()
}

/// Refuses an integration that could never answer.
fn check(integration: &Integration, declared: Option<&BTreeMap<String, bool>>) -> Result<(), Error> {
    match integration.kind {
        IntegrationType::Mock => {}
        IntegrationType::Http | IntegrationType::HttpProxy => check_http(integration)?,
        IntegrationType::Aws | IntegrationType::AwsProxy => check_aws(integration)?,
    }
    integration.check_transfer().map_err(|error| Error::bad(error.to_string()))?;
    if let Some(mappings) = &integration.request_parameters {
        mapping::check_request_mappings(mappings, declared).map_err(invalid_mapping)?;
    }
    check_templates(integration.request_templates.as_ref())
}

fn check_http(integration: &Integration) -> Result<(), Error> {
    let uri = integration.uri.as_deref().unwrap_or_default();
    let variable = uri.starts_with("${stageVariables.");
    if !variable && !["http://", "https://"].iter().any(|scheme| uri.starts_with(scheme) && uri.len() > scheme.len()) {
        return Err(Error::bad("Invalid HTTP endpoint specified for URI"));
    }
    match integration.http_method.as_deref() {
        None | Some("") => Err(Error::bad("Enumeration value for HttpMethod must be non-empty")),
        Some(verb) if MethodVerb::parse(verb).is_none() => Err(Error::bad(
            "Invalid HttpMethod specified. Valid options are GET,PUT,POST,DELETE,PATCH,OPTIONS,HEAD,ANY",
        )),
        Some(_) => Ok(()),
    }
}

fn check_aws(integration: &Integration) -> Result<(), Error> {
    let uri = integration.uri.as_deref().unwrap_or_default();
    let mut parts = uri.splitn(6, ':');
    let (Some("arn"), Some(_), Some("apigateway"), Some(_), Some(service), Some(rest)) =
        (parts.next(), parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(Error::bad("Invalid ARN specified in the request"));
    };
    if !rest.starts_with("path/") && !rest.starts_with("action/") {
        return Err(Error::bad("AWS ARN for integration must contain path or action"));
    }
    if integration.kind == IntegrationType::AwsProxy && !["lambda", "firehose"].contains(&service) {
        return Err(Error::bad(
            "Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream invocations.",
        ));
    }
    Ok(())
}

/// Refuses mappings that cannot be read or that write a header the method's response does not declare. A response that is
/// not declared at all is let through, as on AWS: it fails when it is used.
fn check_response(response: &IntegrationResponse, declared: &BTreeMap<String, MethodResponse>) -> Result<(), Error> {
    if let Some(mappings) = &response.response_parameters {
        let whatever = || mappings.keys().map(|header| (header.clone(), false)).collect();
        let headers = match declared.get(&response.status_code) {
            Some(declared) => declared.response_parameters.clone().unwrap_or_default(),
            None => whatever(),
        };
        mapping::check_response_mappings(mappings, Some(&headers)).map_err(invalid_mapping)?;
    }
    check_templates(response.response_templates.as_ref())
}

fn check_templates(templates: Option<&BTreeMap<String, String>>) -> Result<(), Error> {
    for media_type in templates.into_iter().flat_map(BTreeMap::keys) {
        if media_type != "$default" && !media_type.contains('/') {
            return Err(Error::bad(format!(
                "Validation Result: warnings : [], errors : [Invalid content type specified: {media_type}]"
            )));
        }
    }
    Templates::compile(templates)
        .map(drop)
        .map_err(|error| Error::bad(format!("Invalid mapping template specified: {error}")))
}

fn content_handling(patch: Patch<'_>) -> Result<Option<ContentHandling>, Error> {
    match patch.text()?.as_deref() {
        None | Some("") => Ok(None),
        Some("CONVERT_TO_BINARY") => Ok(Some(ContentHandling::ConvertToBinary)),
        Some("CONVERT_TO_TEXT") => Ok(Some(ContentHandling::ConvertToText)),
        Some(_) => {
            Err(Error::bad("Invalid content handling specified. Valid options are CONVERT_TO_BINARY, CONVERT_TO_TEXT"))
        }
    }
}

fn transfer_mode(patch: Patch<'_>) -> Result<Option<ResponseTransferMode>, Error> {
    match patch.text()?.as_deref() {
        None => Ok(None),
        Some("BUFFERED") => Ok(Some(ResponseTransferMode::Buffered)),
        Some("STREAM") => Ok(Some(ResponseTransferMode::Stream)),
        Some(_) => Err(Error::bad("Invalid response transfer mode specified. Valid options are BUFFERED, STREAM")),
    }
}

fn patch_integration(integration: &mut Integration, patch: Patch<'_>) -> Result<(), Error> {
    let kept = |value: &str| Ok(value.to_owned());
    match patch.path().as_slice() {
        ["uri"] => integration.uri = patch.text()?,
        ["httpMethod"] => integration.http_method = patch.text()?,
        ["credentials"] => integration.credentials = patch.text()?.filter(|value| !value.is_empty()),
        ["connectionType"] => integration.connection_type = patch.text()?,
        ["connectionId"] => integration.connection_id = patch.text()?,
        ["passthroughBehavior"] => integration.passthrough_behavior = passthrough(patch.value()?)?,
        ["contentHandling"] => integration.content_handling = content_handling(patch)?,
        ["timeoutInMillis"] => integration.timeout_in_millis = timeout(patch.number()?),
        ["responseTransferMode"] => integration.response_transfer_mode = transfer_mode(patch)?,
        ["tlsConfig", "insecureSkipVerification"] => {
            let config =
                integration.tls_config.get_or_insert_with(|| serde_json::Value::Object(serde_json::Map::new()));
            if let serde_json::Value::Object(config) = config {
                config.insert("insecureSkipVerification".to_owned(), patch.boolean()?.into());
            }
        }
        ["cacheNamespace"] => patch.value()?.clone_into(&mut integration.cache_namespace),
        ["cacheKeyParameters", name] => patch.list(&mut integration.cache_key_parameters, Some(name))?,
        ["cacheKeyParameters"] => patch.list(&mut integration.cache_key_parameters, None)?,
        ["requestTemplates", media_type] => patch.entry(&mut integration.request_templates, media_type, kept)?,
        ["requestParameters", name] => patch.entry(&mut integration.request_parameters, name, kept)?,
        _ => return Err(patch.invalid_path()),
    }
    Ok(())
}

fn patch_response(response: &mut IntegrationResponse, patch: Patch<'_>) -> Result<(), Error> {
    let kept = |value: &str| Ok(value.to_owned());
    match patch.path().as_slice() {
        ["selectionPattern"] => response.selection_pattern = patch.text()?.filter(|pattern| !pattern.is_empty()),
        ["contentHandling"] => response.content_handling = content_handling(patch)?,
        ["responseTemplates", media_type] => patch.entry(&mut response.response_templates, media_type, kept)?,
        ["responseParameters", name] => patch.entry(&mut response.response_parameters, name, kept)?,
        _ => return Err(patch.invalid_path()),
    }
    Ok(())
}
