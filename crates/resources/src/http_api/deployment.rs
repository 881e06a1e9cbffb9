//! Deployments: immutable snapshots of an API, which stages serve.

use serde::{Deserialize, Serialize};

use super::{Authorizer, HttpApi, Integration, Route};
use crate::{DeploymentId, HttpApiId, Tenant, Timestamp};

/// A deployment of an HTTP API, as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deployment {
    /// Its id, unique within the API.
    pub deployment_id: DeploymentId,
    /// The API it is a snapshot of.
    pub api_id: HttpApiId,
    /// The account and region of the API.
    pub tenant: Tenant,
    /// What it is for, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether a stage with automatic deployment made it.
    #[serde(default)]
    pub auto_deployed: bool,
    /// When it was made.
    pub created_date: Timestamp,
    /// The API as it was then.
    pub definition: HttpApiDefinition,
}

/// A whole API: what a deployment freezes and the gateway compiles.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpApiDefinition {
    /// The API's own settings.
    pub api: HttpApi,
    /// Its routes.
    #[serde(default)]
    pub routes: Vec<Route>,
    /// Its integrations.
    #[serde(default)]
    pub integrations: Vec<Integration>,
    /// Its authorizers.
    #[serde(default)]
    pub authorizers: Vec<Authorizer>,
}
