//! HTTP APIs: routes, what guards them, what answers them, and the snapshots of it all that stages serve.
//!
//! As with REST APIs, the stored form of these nouns uses API Gateway's own member names.

mod authorizer;
mod deployment;
mod integration;
mod route;
mod stage;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use authorizer::{Authorizer, AuthorizerType, JwtConfiguration};
pub use deployment::{Deployment, HttpApiDefinition};
pub use integration::{Integration, IntegrationType, REMOVED, TlsConfig};
pub use route::{AuthorizationType, InvalidRouteKey, Route, RouteKey};
pub use stage::{RouteSettings, Stage};

use crate::{HttpApiId, Tenant, Timestamp};

/// An HTTP API's own settings, as they are stored; its routes, integrations and the rest are rows of their own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpApi {
    /// Its id, unique over all accounts and regions, those of REST APIs included.
    pub api_id: HttpApiId,
    /// The account and region it lives in.
    pub tenant: Tenant,
    /// Its name; names need not be unique.
    pub name: String,
    /// What it is for, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// A label for its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// When it was created.
    pub created_date: Timestamp,
    /// Which web pages may call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cors_configuration: Option<Cors>,
    /// Whether the `execute-api` host refuses to serve it.
    #[serde(default)]
    pub disable_execute_api_endpoint: bool,
    /// `ipv4` or `dualstack`.
    pub ip_address_type: String,
    /// What its last import had to tell.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub import_info: Vec<String>,
    /// What its last import passed over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// Its tags.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

impl HttpApi {
    /// Where it is reached.
    pub fn endpoint(&self) -> String {
        format!("https://{}.execute-api.{}.amazonaws.com", self.api_id, self.tenant.region)
    }
}

/// Which web pages may call an API, in the stored and the wire form (API Gateway, "Configure CORS for HTTP APIs").
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cors {
    /// Whether pages may send cookies and credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow_credentials: Option<bool>,
    /// The headers that pages may send.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow_headers: Option<Vec<String>>,
    /// The methods that pages may use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow_methods: Option<Vec<String>>,
    /// The origins whose pages may call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow_origins: Option<Vec<String>>,
    /// The headers that pages may read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expose_headers: Option<Vec<String>>,
    /// For how long a browser may keep the answer to a preflight, in seconds; -1 for not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<i32>,
}
