//! Deployments: immutable snapshots of an API, which stages serve.

use serde::{Deserialize, Serialize};

use super::{Authorizer, GatewayResponse, Model, RequestValidator, Resource, RestApi};
use crate::{DeploymentId, RestApiId, Tenant, Timestamp};

/// A deployment of a REST API, as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deployment {
    /// Its id, unique within the API.
    pub id: DeploymentId,
    /// The API it is a snapshot of.
    pub rest_api_id: RestApiId,
    /// The account and region of the API.
    pub tenant: Tenant,
    /// What it is for, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// When it was made.
    pub created_date: Timestamp,
    /// The API as it was then.
    pub definition: RestApiDefinition,
}

/// A whole API: what a deployment freezes and the gateway compiles.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RestApiDefinition {
    /// The API's own settings.
    pub rest_api: RestApi,
    /// Its resources with their methods, ordered by path.
    pub resources: Vec<Resource>,
    /// Its authorizers.
    #[serde(default)]
    pub authorizers: Vec<Authorizer>,
    /// Its models.
    #[serde(default)]
    pub models: Vec<Model>,
    /// Its request validators.
    #[serde(default)]
    pub request_validators: Vec<RequestValidator>,
    /// Its customised gateway responses.
    #[serde(default)]
    pub gateway_responses: Vec<GatewayResponse>,
}
