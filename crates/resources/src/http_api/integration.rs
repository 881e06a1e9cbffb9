//! Integrations: what answers a route, and how request and response are changed on the way.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{HttpApiId, IntegrationId, Tenant};

/// The kind of thing that answers; HTTP APIs have no others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum IntegrationType {
    /// An HTTP endpoint.
    HttpProxy,
    /// A Lambda function, or with a subtype an action of another AWS service.
    AwsProxy,
}

/// An integration of an HTTP API, as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Integration {
    /// Its id, unique within the API.
    pub integration_id: IntegrationId,
    /// The API it belongs to.
    pub api_id: HttpApiId,
    /// The account and region of the API.
    pub tenant: Tenant,
    /// The kind of thing that answers.
    pub integration_type: IntegrationType,
    /// The AWS service's action, for an `AWS_PROXY` that is no function.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub integration_subtype: Option<String>,
    /// The verb towards the backend; `ANY` for the client's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub integration_method: Option<String>,
    /// The backend's address with `{name}` places, or the function's ARN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub integration_uri: Option<String>,
    /// `INTERNET` or `VPC_LINK`.
    pub connection_type: String,
    /// The VPC link's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection_id: Option<String>,
    /// The role under which the backend is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials_arn: Option<String>,
    /// What it is for, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `1.0` or `2.0`.
    pub payload_format_version: String,
    /// `{append,overwrite,remove}:{header,querystring}.{name}` or `overwrite:path` to a value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_parameters: Option<BTreeMap<String, String>>,
    /// Status code to `{append,overwrite,remove}:header.{name}` or `overwrite:statuscode` to a value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_parameters: Option<BTreeMap<String, BTreeMap<String, String>>>,
    /// How long the backend may take, in milliseconds.
    pub timeout_in_millis: u32,
    /// What the backend's certificate is held to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_config: Option<TlsConfig>,
    /// Whether quick creation made it.
    #[serde(default)]
    pub api_gateway_managed: bool,
}

/// What the backend's certificate is held to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TlsConfig {
    /// The name that the certificate must have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_name_to_verify: Option<String>,
}

/// The value by which an update takes an entry out of a map.
pub const REMOVED: &str = "";
