//! Authorizers: who decides whether a request may pass.

use serde::{Deserialize, Serialize};

use crate::{AuthorizerId, HttpApiId, Tenant};

/// The kind of an authorizer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AuthorizerType {
    /// A Lambda function that sees the request.
    Request,
    /// An issuer whose tokens are accepted.
    Jwt,
}

/// Whose tokens are accepted, and for whom they must be, in the stored and the wire form.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JwtConfiguration {
    /// The audiences of which a token must have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<Vec<String>>,
    /// The issuer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
}

/// An authorizer of an HTTP API, as it is stored; its wire form leaves out the API and the tenant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Authorizer {
    /// Its id, unique within the API.
    pub authorizer_id: AuthorizerId,
    /// The API it belongs to.
    pub api_id: HttpApiId,
    /// The account and region of the API.
    pub tenant: Tenant,
    /// Its name.
    pub name: String,
    /// Its kind.
    pub authorizer_type: AuthorizerType,
    /// Where what identifies the caller is found: `$request.header.{name}` and its like.
    #[serde(default)]
    pub identity_source: Vec<String>,
    /// Whose tokens a `JWT` authorizer accepts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwt_configuration: Option<JwtConfiguration>,
    /// The function's invocation URI, for `REQUEST`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorizer_uri: Option<String>,
    /// The role under which the function is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorizer_credentials_arn: Option<String>,
    /// `1.0` or `2.0`, for `REQUEST`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorizer_payload_format_version: Option<String>,
    /// For how long a decision may be kept, in seconds, for `REQUEST`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorizer_result_ttl_in_seconds: Option<u32>,
    /// Whether the function answers yes or no instead of a policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enable_simple_responses: Option<bool>,
    /// Not used by HTTP APIs; echoed back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity_validation_expression: Option<String>,
}
