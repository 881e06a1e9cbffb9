//! Resources: the nodes of an API's path tree, each with the methods it answers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Method, MethodVerb};
use crate::{ResourceId, RestApiId, Tenant};

/// A resource of a REST API with its methods, as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Resource {
    /// Its id, unique within the API.
    pub id: ResourceId,
    /// The API it belongs to.
    pub rest_api_id: RestApiId,
    /// The account and region of the API.
    pub tenant: Tenant,
    /// The resource above it; `None` for `/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<ResourceId>,
    /// The last segment of its path; `None` for `/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path_part: Option<String>,
    /// Its whole path from the root.
    pub path: String,
    /// The methods it answers.
    #[serde(default)]
    pub methods: BTreeMap<MethodVerb, Method>,
}
