//! Integrations: what answers a method, and how request and response are mapped on the way.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::ResponseTransferMode;

/// The kind of thing that answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum IntegrationType {
    /// The gateway itself, from its templates.
    Mock,
    /// An HTTP endpoint, with mapping.
    Http,
    /// An HTTP endpoint, request and response passed through.
    HttpProxy,
    /// An AWS service action, with mapping.
    Aws,
    /// A Lambda function that sees the whole request.
    AwsProxy,
}

/// What happens to a request whose content type has no template.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PassthroughBehavior {
    /// The body passes unmapped.
    #[default]
    WhenNoMatch,
    /// The body passes unmapped only when there is no template at all; else 415.
    WhenNoTemplates,
    /// Always 415.
    Never,
}

/// How a payload is converted on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ContentHandling {
    /// Base64 text becomes bytes.
    ConvertToBinary,
    /// Bytes become base64 text.
    ConvertToText,
}

/// The integration of a method, in its stored and its wire form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Integration {
    /// The kind of thing that answers.
    #[serde(rename = "type")]
    pub kind: IntegrationType,
    /// The verb towards the backend; not kept for `MOCK`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_method: Option<String>,
    /// The backend's address, with `{name}` and `${stageVariables.name}` places.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// `INTERNET` or `VPC_LINK`; only for HTTP types.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection_type: Option<String>,
    /// The VPC link's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection_id: Option<String>,
    /// The role under which the backend is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials: Option<String>,
    /// `integration.request.{header,querystring,path}.{name}` to a mapping expression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_parameters: Option<BTreeMap<String, String>>,
    /// Content type to mapping template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_templates: Option<BTreeMap<String, String>>,
    /// What happens to a request without a matching template.
    #[serde(default)]
    pub passthrough_behavior: PassthroughBehavior,
    /// How the request payload is converted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_handling: Option<ContentHandling>,
    /// How long the backend may take, in milliseconds.
    #[serde(default = "timeout_default")]
    pub timeout_in_millis: u32,
    /// The cache's name space, the resource's id by default.
    pub cache_namespace: String,
    /// The request parameters that key the cache.
    #[serde(default)]
    pub cache_key_parameters: Vec<String>,
    /// `insecureSkipVerification` and its like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_config: Option<serde_json::Value>,
    /// How the answer reaches the client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_transfer_mode: Option<ResponseTransferMode>,
    /// Status code to how the backend's answer becomes the method's.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub integration_responses: BTreeMap<String, IntegrationResponse>,
}

fn timeout_default() -> u32 {
    crate::limits::INTEGRATION_TIMEOUT_MILLISECONDS_MAX
}

/// How a backend's answer becomes the method's, in its stored and its wire form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IntegrationResponse {
    /// Three digits, the first 1 to 5.
    pub status_code: String,
    /// A Java regular expression over the backend's status or error; absent or empty for the default response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selection_pattern: Option<String>,
    /// `method.response.header.{name}` to a mapping expression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_parameters: Option<BTreeMap<String, String>>,
    /// Content type to mapping template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_templates: Option<BTreeMap<String, String>>,
    /// How the response payload is converted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_handling: Option<ContentHandling>,
}
