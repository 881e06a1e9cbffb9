//! Methods: what one verb on one resource demands of a request and promises of a response.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::Integration;
use crate::{AuthorizerId, RequestValidatorId};

/// The verb of a method: one of HTTP's, or `ANY` for those that have no method of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum MethodVerb {
    /// Every verb without a method of its own.
    Any,
    /// DELETE.
    Delete,
    /// GET.
    Get,
    /// HEAD; a GET does not imply it.
    Head,
    /// OPTIONS.
    Options,
    /// PATCH.
    Patch,
    /// POST.
    Post,
    /// PUT.
    Put,
}

impl MethodVerb {
    /// All of them, in alphabetical order.
    pub const ALL: [Self; 8] =
        [Self::Any, Self::Delete, Self::Get, Self::Head, Self::Options, Self::Patch, Self::Post, Self::Put];

    /// Parses an upper-case verb.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verb| verb.as_str() == text)
    }

    /// The verb in upper case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Any => "ANY",
            Self::Delete => "DELETE",
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Options => "OPTIONS",
            Self::Patch => "PATCH",
            Self::Post => "POST",
            Self::Put => "PUT",
        }
    }
}

impl fmt::Display for MethodVerb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who may call a method.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AuthorizationType {
    /// Anyone.
    #[default]
    None,
    /// Whoever signs with AWS credentials that may.
    AwsIam,
    /// Whoever a Lambda authorizer lets in.
    Custom,
    /// Whoever bears a token of the authorizer's user pools.
    CognitoUserPools,
    /// Whoever bears a token of the authorizer's issuers.
    Jwt,
}

/// A method of a resource, in its stored and its wire form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Method {
    /// Its verb.
    pub http_method: MethodVerb,
    /// Who may call it.
    #[serde(default)]
    pub authorization_type: AuthorizationType,
    /// The authorizer that decides, for the types that need one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorizer_id: Option<AuthorizerId>,
    /// The scopes of which the token must carry at least one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization_scopes: Option<Vec<String>>,
    /// Whether a request needs an API key.
    #[serde(default)]
    pub api_key_required: bool,
    /// The validator that checks requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_validator_id: Option<RequestValidatorId>,
    /// A name for generated clients.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation_name: Option<String>,
    /// `method.request.{header,querystring,path}.{name}` to whether it is required.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_parameters: Option<BTreeMap<String, bool>>,
    /// Content type to model name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_models: Option<BTreeMap<String, String>>,
    /// Status code to the response declared for it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub method_responses: BTreeMap<String, MethodResponse>,
    /// What answers it; a method without one cannot be deployed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method_integration: Option<Integration>,
}

/// A response a method declares, in its stored and its wire form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MethodResponse {
    /// Three digits, the first 1 to 5.
    pub status_code: String,
    /// `method.response.header.{name}` to whether it is required.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_parameters: Option<BTreeMap<String, bool>>,
    /// Content type to model name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_models: Option<BTreeMap<String, String>>,
}
