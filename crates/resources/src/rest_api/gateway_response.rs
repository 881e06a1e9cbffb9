//! Gateway responses: what the gateway itself says when it refuses or fails a request.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{RestApiId, Tenant};

macro_rules! gateway_response_types {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $status:expr;)*) => {
        /// The situations in which the gateway answers by itself (API Gateway, "Gateway response types").
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum GatewayResponseType { $($(#[$doc])* #[serde(rename = $text)] $name,)* }

        impl GatewayResponseType {
            /// All of them, in alphabetical order.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// AWS's name of the type.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }

            /// The status it has by default; `None` for the two that only give others theirs.
            pub const fn default_status(self) -> Option<u16> {
                match self { $(Self::$name => $status),* }
            }
        }
    };
}

gateway_response_types! {
    /// An authorizer denied the request.
    AccessDenied = "ACCESS_DENIED", Some(403);
    /// The API's configuration cannot serve the request.
    ApiConfigurationError = "API_CONFIGURATION_ERROR", Some(500);
    /// The authorizer cannot be asked because of its configuration.
    AuthorizerConfigurationError = "AUTHORIZER_CONFIGURATION_ERROR", Some(500);
    /// The authorizer failed to answer.
    AuthorizerFailure = "AUTHORIZER_FAILURE", Some(500);
    /// The body does not validate.
    BadRequestBody = "BAD_REQUEST_BODY", Some(400);
    /// A required parameter is missing.
    BadRequestParameters = "BAD_REQUEST_PARAMETERS", Some(400);
    /// What other 4XX types fall back to.
    Default4xx = "DEFAULT_4XX", None;
    /// What other 5XX types fall back to.
    Default5xx = "DEFAULT_5XX", None;
    /// The AWS signature has expired.
    ExpiredToken = "EXPIRED_TOKEN", Some(403);
    /// The integration failed.
    IntegrationFailure = "INTEGRATION_FAILURE", Some(504);
    /// The integration took too long.
    IntegrationTimeout = "INTEGRATION_TIMEOUT", Some(504);
    /// The API key is not valid here.
    InvalidApiKey = "INVALID_API_KEY", Some(403);
    /// The AWS signature is wrong.
    InvalidSignature = "INVALID_SIGNATURE", Some(403);
    /// No such resource or method, or no credentials at all.
    MissingAuthenticationToken = "MISSING_AUTHENTICATION_TOKEN", Some(403);
    /// The usage plan's quota is spent.
    QuotaExceeded = "QUOTA_EXCEEDED", Some(429);
    /// The request is too large.
    RequestTooLarge = "REQUEST_TOO_LARGE", Some(413);
    /// The resource exists no longer.
    ResourceNotFound = "RESOURCE_NOT_FOUND", Some(404);
    /// A rate limit is exceeded.
    Throttled = "THROTTLED", Some(429);
    /// The token is missing or not accepted.
    Unauthorized = "UNAUTHORIZED", Some(401);
    /// No template fits the request's content type.
    UnsupportedMediaType = "UNSUPPORTED_MEDIA_TYPE", Some(415);
    /// A web application firewall blocked the request.
    WafFiltered = "WAF_FILTERED", Some(403);
}

impl GatewayResponseType {
    /// Parses AWS's name of a type.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == text)
    }
}

/// A customised gateway response of a REST API, as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GatewayResponse {
    /// The API it belongs to.
    pub rest_api_id: RestApiId,
    /// The account and region of the API.
    pub tenant: Tenant,
    /// The situation it is for.
    pub response_type: GatewayResponseType,
    /// The status instead of the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_code: Option<String>,
    /// `gatewayresponse.header.{name}` to a mapping expression.
    #[serde(default)]
    pub response_parameters: BTreeMap<String, String>,
    /// Content type to body template (substitution only, not VTL).
    #[serde(default)]
    pub response_templates: BTreeMap<String, String>,
}
