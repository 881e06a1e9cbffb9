//! API mappings: which path of a custom domain name leads to which API and stage. REST APIs' control plane calls them base
//! path mappings.

use serde::{Deserialize, Serialize};

use crate::{ApiMappingId, Tenant};

/// An API mapping, as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiMapping {
    /// The domain name it belongs to.
    pub domain_name: String,
    /// The account and region of the domain name and the API.
    pub tenant: Tenant,
    /// Its id.
    pub api_mapping_id: ApiMappingId,
    /// The path without slashes around it; empty for every path that no other mapping of the domain has.
    pub api_mapping_key: String,
    /// The id of a REST API or an HTTP API.
    pub api_id: String,
    /// The stage; where there is none, the path names it after the key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
}
