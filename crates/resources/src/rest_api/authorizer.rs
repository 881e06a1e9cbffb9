//! Authorizers: who decides whether a request may pass.

use serde::{Deserialize, Serialize};

use crate::{AuthorizerId, RestApiId, Tenant};

/// The kind of an authorizer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AuthorizerType {
    /// A Lambda function that sees one header.
    Token,
    /// A Lambda function that sees the request.
    Request,
    /// User pools whose tokens are accepted.
    CognitoUserPools,
}

/// An authorizer of a REST API, as it is stored; its wire form leaves out the API and the tenant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Authorizer {
    /// Its id, unique within the API.
    pub id: AuthorizerId,
    /// The API it belongs to.
    pub rest_api_id: RestApiId,
    /// The account and region of the API.
    pub tenant: Tenant,
    /// Its name.
    pub name: String,
    /// Its kind.
    #[serde(rename = "type")]
    pub kind: AuthorizerType,
    /// The ARNs of the user pools whose tokens are accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[serde(rename = "providerARNs")]
    pub provider_arns: Option<Vec<String>>,
    /// A label that is echoed back: `custom`, `cognito_user_pools`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_type: Option<String>,
    /// The Lambda function's invocation URI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorizer_uri: Option<String>,
    /// The role under which the function is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorizer_credentials: Option<String>,
    /// `method.request.header.{name}`, or a comma-separated list for `REQUEST`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity_source: Option<String>,
    /// A regular expression over the token (`TOKEN`) or over its `aud` claim (`COGNITO_USER_POOLS`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity_validation_expression: Option<String>,
    /// How long a decision may be kept, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorizer_result_ttl_in_seconds: Option<u32>,
}
