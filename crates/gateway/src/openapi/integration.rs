//! `x-amazon-apigateway-integration`: what answers an operation.

use std::collections::BTreeMap;

use claviger_resources::limits::INTEGRATION_TIMEOUT_MILLISECONDS_MAX;
use claviger_resources::rest_api::{
    ContentHandling, Integration, IntegrationResponse, IntegrationType, Method, PassthroughBehavior,
    ResponseTransferMode,
};
use serde_json::{Map, Value};

use super::Importer;
use super::document::{object, text, texts};
use super::method_io::is_status;
use super::operation::Place;
use super::settings::text_map;
use crate::mapping::{check_request_mappings, check_response_mappings};

impl Importer<'_> {
    /// The integration of an operation; `None` after an error, which has been reported.
    pub(super) fn integration(
        &mut self,
        place: &Place<'_>,
        method: &Method,
        extension: &Map<String, Value>,
    ) -> Option<Integration> {
        let mut integration = match read(extension, place, method) {
            Ok(integration) => integration,
            Err(reason) => {
                self.report.error(format!(
                    "Unable to put integration on '{}' for resource at path '{}': {reason}",
                    place.verb, place.path
                ));
                return None;
            }
        };
        for (pattern, response) in object(extension.get("responses")) {
            if pattern.starts_with("x-") {
                continue;
            }
            match read_response(pattern, object(self.document.resolve(response)), method) {
                Ok(response) => {
                    integration.integration_responses.insert(response.status_code.clone(), response);
                }
                Err(reason) => self.report.error(format!(
                    "Unable to put integration response on '{}' for resource at path '{}': {reason}",
                    place.verb, place.path
                )),
            }
        }
        Some(integration)
    }
}

fn read(extension: &Map<String, Value>, place: &Place<'_>, method: &Method) -> Result<Integration, String> {
    let kind = kind(text(extension, "type").as_deref())?;
    let uri = text(extension, "uri");
    check_uri(kind, uri.as_deref())?;
    let request_parameters: Option<BTreeMap<_, _>> = mappings(extension, "requestParameters")?;
    if let Some(mappings) = &request_parameters {
        check_request_mappings(mappings, method.request_parameters.as_ref()).map_err(|error| error.to_string())?;
    }
    let is_http = matches!(kind, IntegrationType::Http | IntegrationType::HttpProxy);
    let http_method = text(extension, "httpMethod").map(|verb| verb.to_ascii_uppercase());
    let integration = Integration {
        kind,
        http_method: http_method.filter(|_| kind != IntegrationType::Mock),
        uri,
        connection_type: text(extension, "connectionType")
            .map(|kind| kind.to_ascii_uppercase())
            .or_else(|| is_http.then(|| "INTERNET".to_owned())),
        connection_id: text(extension, "connectionId"),
        credentials: text(extension, "credentials"),
        request_parameters,
        request_templates: templates(extension, "requestTemplates"),
        passthrough_behavior: passthrough_behavior(extension)?,
        content_handling: content_handling(extension)?,
        timeout_in_millis: timeout_milliseconds(extension),
        cache_namespace: text(extension, "cacheNamespace").unwrap_or_else(|| place.resource_id.to_string()),
        cache_key_parameters: texts(extension, "cacheKeyParameters").unwrap_or_default(),
        tls_config: extension.get("tlsConfig").filter(|value| value.is_object()).cloned(),
        response_transfer_mode: response_transfer_mode(extension)?,
        integration_responses: BTreeMap::new(),
    };
    integration.check_transfer().map_err(|error| error.to_string())?;
    Ok(integration)
}

fn kind(text: Option<&str>) -> Result<IntegrationType, String> {
    Ok(match text.unwrap_or_default().to_ascii_uppercase().as_str() {
        "MOCK" => IntegrationType::Mock,
        "HTTP" => IntegrationType::Http,
        "HTTP_PROXY" => IntegrationType::HttpProxy,
        "AWS" => IntegrationType::Aws,
        "AWS_PROXY" => IntegrationType::AwsProxy,
        "" => return Err("Integration type must be specified".to_owned()),
        other => {
            return Err(format!(
                "Invalid integration type specified: {other}. Must be one of: [HTTP, MOCK, AWS_PROXY, HTTP_PROXY, AWS]"
            ));
        }
    })
}

/// Refuses the addresses that `PutIntegration` refuses, in its words.
fn check_uri(kind: IntegrationType, uri: Option<&str>) -> Result<(), String> {
    let uri = uri.unwrap_or_default();
    match kind {
        IntegrationType::Mock => Ok(()),
        IntegrationType::Http | IntegrationType::HttpProxy => {
            // A stage variable may hold any part of it, the scheme included.
            let rest = ["http://", "https://"].iter().find_map(|scheme| uri.strip_prefix(scheme));
            if rest.is_some_and(|rest| !rest.is_empty()) || uri.starts_with("${stageVariables.") {
                Ok(())
            } else {
                Err("Invalid HTTP endpoint specified for URI".to_owned())
            }
        }
        IntegrationType::Aws | IntegrationType::AwsProxy => {
            let mut parts = uri.splitn(6, ':');
            if (parts.next(), parts.nth(1)) != (Some("arn"), Some("apigateway")) {
                return Err("Invalid ARN specified in the request".to_owned());
            }
            match parts.nth(2) {
                Some(resource) if resource.starts_with("path/") || resource.starts_with("action/") => Ok(()),
                _ => Err("AWS ARN for integration must contain path or action".to_owned()),
            }
        }
    }
}

fn passthrough_behavior(extension: &Map<String, Value>) -> Result<PassthroughBehavior, String> {
    Ok(match text(extension, "passthroughBehavior").unwrap_or_default().to_ascii_uppercase().as_str() {
        "" | "WHEN_NO_MATCH" => PassthroughBehavior::WhenNoMatch,
        "WHEN_NO_TEMPLATES" => PassthroughBehavior::WhenNoTemplates,
        "NEVER" => PassthroughBehavior::Never,
        other => return Err(format!("Invalid passthrough behavior specified: {other}")),
    })
}

fn content_handling(holder: &Map<String, Value>) -> Result<Option<ContentHandling>, String> {
    Ok(match text(holder, "contentHandling").unwrap_or_default().to_ascii_uppercase().as_str() {
        "" => None,
        "CONVERT_TO_BINARY" => Some(ContentHandling::ConvertToBinary),
        "CONVERT_TO_TEXT" => Some(ContentHandling::ConvertToText),
        other => return Err(format!("Invalid content handling specified: {other}")),
    })
}

fn response_transfer_mode(extension: &Map<String, Value>) -> Result<Option<ResponseTransferMode>, String> {
    Ok(match text(extension, "responseTransferMode").unwrap_or_default().to_ascii_uppercase().as_str() {
        "" => None,
        "BUFFERED" => Some(ResponseTransferMode::Buffered),
        "STREAM" => Some(ResponseTransferMode::Stream),
        other => return Err(format!("Invalid response transfer mode specified: {other}")),
    })
}

/// What cannot be read becomes a timeout that is not allowed.
fn timeout_milliseconds(extension: &Map<String, Value>) -> u32 {
    let given = text(extension, "timeoutInMillis");
    given.map_or(INTEGRATION_TIMEOUT_MILLISECONDS_MAX, |given| given.parse().unwrap_or_default())
}

/// A map of mapping expressions. A value that is no text is refused as `PutIntegration` refuses it.
fn mappings(holder: &Map<String, Value>, member: &str) -> Result<Option<BTreeMap<String, String>>, String> {
    let Some(mappings) = holder.get(member).and_then(Value::as_object) else { return Ok(None) };
    let text = |(name, value): (&String, &Value)| match value {
        Value::String(text) => Ok((name.clone(), text.clone())),
        other => Err(format!(
            "Invalid mapping expression specified: Validation Result: warnings : [], errors : \
             [Invalid mapping expression specified: {other}]"
        )),
    };
    mappings.iter().map(text).collect::<Result<_, _>>().map(Some)
}

fn templates(holder: &Map<String, Value>, member: &str) -> Option<BTreeMap<String, String>> {
    let templates: BTreeMap<_, _> = text_map(object(holder.get(member)));
    (!templates.is_empty()).then_some(templates)
}

fn read_response(pattern: &str, response: &Map<String, Value>, method: &Method) -> Result<IntegrationResponse, String> {
    let status_code = text(response, "statusCode").unwrap_or_default();
    if !is_status(&status_code) {
        return Err(format!("Invalid status code specified: '{status_code}'"));
    }
    let response_parameters = mappings(response, "responseParameters")?;
    if let Some(mappings) = &response_parameters {
        let declared = method.method_responses.get(&status_code);
        check_response_mappings(mappings, declared.and_then(|response| response.response_parameters.as_ref()))
            .map_err(|error| error.to_string())?;
    }
    Ok(IntegrationResponse {
        status_code,
        selection_pattern: (pattern != "default").then(|| pattern.to_owned()),
        response_parameters,
        response_templates: templates(response, "responseTemplates"),
        content_handling: content_handling(response)?,
    })
}
