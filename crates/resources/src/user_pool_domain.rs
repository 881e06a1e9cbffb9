//! Domains: the host under which a pool's token endpoint answers.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Tenant, Timestamp, UserPoolId};

/// A domain of a user pool, as it is stored: a prefix under AWS's suffix, or a custom host name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UserPoolDomain {
    /// The prefix, unique in its region, or the host name, unique over all.
    pub domain: String,
    /// The pool it leads to.
    pub pool: UserPoolId,
    /// The account and region of the pool.
    pub tenant: Tenant,
    /// When it was created.
    pub created: Timestamp,
    /// `CustomDomainConfig`, present for a custom host name and absent for a prefix.
    #[serde(default)]
    pub custom: Option<Map<String, Value>>,
    /// `ManagedLoginVersion`: 1 for the classic pages, 2 for managed login.
    #[serde(default)]
    pub managed_login_version: Option<u8>,
    /// The `Version` AWS shows, digits of the creation time.
    pub version: String,
}

impl UserPoolDomain {
    /// Whether this is a host name of the user's own.
    pub fn is_custom(&self) -> bool {
        self.custom.is_some()
    }

    /// The host AWS serves this domain under.
    pub fn host(&self) -> String {
        if self.is_custom() {
            self.domain.clone()
        } else {
            format!("{}.auth.{}.amazoncognito.com", self.domain, self.tenant.region)
        }
    }
}
