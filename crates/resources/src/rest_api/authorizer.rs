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
    /// Issuers whose tokens are accepted.
    Jwt,
}

/// Whose tokens a `JWT` authorizer accepts, in the stored and the wire form.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JwtConfiguration {
    /// The issuers.
    pub issuers: Vec<JwtIssuer>,
    /// The algorithms with which their tokens may be signed.
    pub default_algorithms: Vec<String>,
}

/// An issuer whose tokens are accepted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JwtIssuer {
    /// Its name, which is an address.
    pub issuer: String,
    /// The audiences of which a token must have one.
    pub audiences: Vec<String>,
    /// What else a token must carry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub additional_claims: Option<Vec<JwtAdditionalClaim>>,
    /// Where its keys are, as its discovery document says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
}

/// A claim that is looked at beside those that every token has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JwtAdditionalClaim {
    /// Its name.
    pub claim_name: String,
    /// The form of its value: `SINGLE_STRING`.
    pub format: String,
    /// Whether a token must have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required: Option<bool>,
    /// The values that are accepted; any where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_values: Option<Vec<String>>,
}

impl JwtAdditionalClaim {
    /// Whether a token may pass that says this of the claim, or nothing.
    pub fn admits(&self, carried: Option<&serde_json::Value>) -> bool {
        let expected = self.expected_values.as_deref().unwrap_or_default();
        match carried {
            None => self.required != Some(true),
            Some(serde_json::Value::String(text)) => expected.is_empty() || expected.contains(text),
            Some(_) => false,
        }
    }
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
    /// Whose tokens a `JWT` authorizer accepts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwt_configuration: Option<JwtConfiguration>,
}
