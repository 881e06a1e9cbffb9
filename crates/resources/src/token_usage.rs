//! Token usage: how much of its budget an app client has used, as it is stored.

use serde::{Deserialize, Serialize};

use crate::client_limits::Span;
use crate::{ClientId, Tenant, UserPoolId};

/// The tokens an app client had in one day or month. There is one record a client: that of the newest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenUsage {
    /// The app client.
    pub client: ClientId,
    /// Its pool.
    pub pool: UserPoolId,
    /// The account and region of the pool.
    pub tenant: Tenant,
    /// The day or month.
    pub span: Span,
    /// The tokens.
    pub tokens: u64,
}
