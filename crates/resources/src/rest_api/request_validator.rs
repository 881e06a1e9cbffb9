//! Request validators: which parts of a request are checked before it goes on.

use serde::{Deserialize, Serialize};

use crate::{RequestValidatorId, RestApiId, Tenant};

/// A request validator of a REST API, as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestValidator {
    /// Its id, unique within the API.
    pub id: RequestValidatorId,
    /// The API it belongs to.
    pub rest_api_id: RestApiId,
    /// The account and region of the API.
    pub tenant: Tenant,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether the body is checked against the method's models.
    #[serde(default)]
    pub validate_request_body: bool,
    /// Whether required parameters must be present.
    #[serde(default)]
    pub validate_request_parameters: bool,
}
