//! Managed login branding: how the login pages of an app client are to look. Kept for tools that set it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{ClientId, Tenant, Timestamp, UserPoolId};

/// A branding style of an app client, as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ManagedLoginBranding {
    /// Its id.
    pub id: String,
    /// The pool.
    pub pool: UserPoolId,
    /// The app client whose pages it is for.
    pub client: ClientId,
    /// The account and region of the pool.
    pub tenant: Tenant,
    /// When it was created.
    pub created: Timestamp,
    /// When it was last changed.
    pub modified: Timestamp,
    /// Whether it is Cognito's own style, with nothing customised.
    pub use_cognito_provided_values: bool,
    /// `Settings`, a document of the caller's own.
    #[serde(default)]
    pub settings: Option<Value>,
    /// `Assets`: images with what they are for, as they came.
    #[serde(default)]
    pub assets: Vec<Value>,
}
