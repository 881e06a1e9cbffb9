//! REST APIs: the tree of resources and methods, what guards them, what answers them, and the snapshots of it all that
//! stages serve.
//!
//! The stored form of these nouns uses API Gateway's own member names, so that what a caller put in is what it gets back
//! and what an export or a patch speaks of.

mod authorizer;
mod canary_settings;
mod copy;
mod deployment;
mod documentation;
mod gateway_response;
mod integration;
mod method;
mod model;
mod request_validator;
mod resource;
mod response_transfer;
mod stage;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use authorizer::{Authorizer, AuthorizerType, JwtAdditionalClaim, JwtConfiguration, JwtIssuer};
pub use canary_settings::CanarySettings;
pub use deployment::{Deployment, RestApiDefinition};
pub use documentation::{
    DocumentationPart, DocumentationPartLocation, DocumentationPartType, DocumentationVersion, InvalidLocation,
    LocationFields,
};
pub use gateway_response::{GatewayResponse, GatewayResponseType};
pub use integration::{ContentHandling, Integration, IntegrationResponse, IntegrationType, PassthroughBehavior};
pub use method::{AuthorizationType, Method, MethodResponse, MethodVerb};
pub use model::Model;
pub use request_validator::RequestValidator;
pub use resource::Resource;
pub use response_transfer::{InvalidTransfer, ResponseTransferMode};
pub use stage::{MethodSetting, Stage};

use crate::{ResourceId, RestApiId, Tenant, Timestamp};

/// A REST API's own settings, as they are stored; its resources, authorizers and the rest are rows of their own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RestApi {
    /// Its id, unique over all accounts and regions.
    pub id: RestApiId,
    /// The account and region it lives in.
    pub tenant: Tenant,
    /// Its name; names need not be unique.
    pub name: String,
    /// What it is for, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The version label of the imported document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// When it was created.
    pub created_date: Timestamp,
    /// The resource `/`.
    pub root_resource_id: ResourceId,
    /// Where an API key is read from: `HEADER` or `AUTHORIZER`.
    #[serde(default)]
    pub api_key_source: ApiKeySource,
    /// Media types that are treated as binary.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub binary_media_types: Vec<String>,
    /// From which size on responses are compressed, in bytes; `None` never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum_compression_size: Option<u32>,
    /// Whether the `execute-api` host refuses to serve it.
    #[serde(default)]
    pub disable_execute_api_endpoint: bool,
    /// `EDGE`, `REGIONAL` or `PRIVATE`.
    pub endpoint_configuration: EndpointConfiguration,
    /// The TLS versions and ciphers that clients may use, kept as given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security_policy: Option<String>,
    /// `BASIC` or `STRICT`, kept as given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint_access_mode: Option<String>,
    /// The resource policy, as given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// Its tags; `None` until some were given, because AWS shows none and an empty set differently.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,
}

impl RestApi {
    /// The API's Amazon Resource Name, whose account field is empty.
    pub fn arn(&self) -> String {
        format!("arn:aws:apigateway:{}::/restapis/{}", self.tenant.region, self.id)
    }

    /// Whether there is a security policy of this name (API Gateway, "Security policies for REST APIs").
    pub fn is_security_policy(name: &str) -> bool {
        ["TLS_1_0", "TLS_1_2"].contains(&name) || name.starts_with("SecurityPolicy_TLS1")
    }

    /// Whether there is an endpoint access mode of this name (same page).
    pub fn is_endpoint_access_mode(name: &str) -> bool {
        ["BASIC", "STRICT"].contains(&name)
    }
}

/// Where the API key of a request is read from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ApiKeySource {
    /// The header `x-api-key`.
    #[default]
    Header,
    /// The authorizer's `usageIdentifierKey`.
    Authorizer,
}

/// How an API is reached.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EndpointConfiguration {
    /// Exactly one of `EDGE`, `REGIONAL`, `PRIVATE`.
    pub types: Vec<String>,
    /// `ipv4` or `dualstack`.
    pub ip_address_type: String,
    /// The VPC endpoints of a private API.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vpc_endpoint_ids: Vec<String>,
}
