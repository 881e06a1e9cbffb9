//! Models: named JSON schemas that requests are checked against and responses are described with.

use serde::{Deserialize, Serialize};

use crate::{RestApiId, Tenant};

/// A model of a REST API, as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Model {
    /// Its id, unique within the API.
    pub id: String,
    /// The API it belongs to.
    pub rest_api_id: RestApiId,
    /// The account and region of the API.
    pub tenant: Tenant,
    /// Its name: letters and digits, unique within the API.
    pub name: String,
    /// What it describes, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The schema's text (JSON Schema draft 4), as given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// The content type it is for.
    pub content_type: String,
}
