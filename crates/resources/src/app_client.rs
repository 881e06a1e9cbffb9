//! App clients: who may ask a pool for tokens, with which secrets and for which scopes.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::client_limits::ClientLimits;
use crate::{ClientId, Sealed, Tenant, Timestamp, UserPoolId};

/// An app client of a user pool, as it is stored.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct AppClient {
    /// Its id, unique over all accounts and regions.
    pub id: ClientId,
    /// The pool it belongs to.
    pub pool: UserPoolId,
    /// The account and region of the pool.
    pub tenant: Tenant,
    /// Its display name.
    pub name: String,
    /// When it was created.
    pub created: Timestamp,
    /// When it was last changed.
    pub modified: Timestamp,
    /// Its secrets: none for a public client, at most two.
    #[serde(default)]
    pub secrets: Vec<ClientSecret>,
    /// `AllowedOAuthFlowsUserPoolClient`: whether flows, scopes and URLs have any effect.
    #[serde(default)]
    pub oauth_enabled: bool,
    /// `AllowedOAuthFlows`; `None` when never given.
    #[serde(default)]
    pub oauth_flows: Option<Vec<OAuthFlow>>,
    /// `AllowedOAuthScopes`, in the order given; `None` when never given.
    #[serde(default)]
    pub oauth_scopes: Option<Vec<String>>,
    /// `AccessTokenValidity`, in [`Self::access_token_unit`].
    #[serde(default)]
    pub access_token_validity: Option<u32>,
    /// `TokenValidityUnits.AccessToken`; hours when unset.
    #[serde(default)]
    pub access_token_unit: Option<ValidityUnit>,
    /// What it may use, beyond AWS's own limits; `None` for no bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<ClientLimits>,
    /// Static claims of its access tokens, which AWS does not have; `claviger_oauth::claims` says what they may be.
    #[serde(default)]
    pub extra_claims: Map<String, Value>,
    /// The other members of the client's configuration, as the caller gave them, under AWS's member names.
    #[serde(default)]
    pub configuration: Map<String, Value>,
}

impl AppClient {
    /// How long this client's access tokens live, in seconds: one hour unless configured.
    pub fn access_token_seconds(&self) -> u32 {
        self.access_token_validity.map_or(3600, |validity| {
            validity.saturating_mul(self.access_token_unit.unwrap_or(ValidityUnit::Hours).seconds())
        })
    }
}

/// One secret of an app client. Tokens are granted against the digest; the sealed value exists only because AWS shows a
/// secret again (`DescribeUserPoolClient`).
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct ClientSecret {
    /// `ClientSecretId`, `{clientId}--{creation time}`.
    pub id: String,
    /// When it was added.
    pub created: Timestamp,
    /// HMAC-SHA-256 of client id and secret under the store's digest key, in hexadecimal.
    pub digest: Sealed,
    /// The secret under the store's data key.
    pub sealed: Sealed,
    /// Whether the client was created with it; only that one is shown by `DescribeUserPoolClient`.
    #[serde(default)]
    pub original: bool,
}

/// An OAuth 2.0 flow an app client may use (`AllowedOAuthFlows`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OAuthFlow {
    /// Authorization code grant (RFC 6749, section 4.1).
    Code,
    /// Implicit grant (RFC 6749, section 4.2).
    Implicit,
    /// Client credentials grant (RFC 6749, section 4.4).
    ClientCredentials,
}

/// The unit of a token validity (`TokenValidityUnits`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ValidityUnit {
    /// 1 second.
    Seconds,
    /// 60 seconds.
    Minutes,
    /// 3,600 seconds.
    Hours,
    /// 86,400 seconds.
    Days,
}

impl ValidityUnit {
    /// The unit in seconds.
    pub const fn seconds(self) -> u32 {
        match self {
            Self::Seconds => 1,
            Self::Minutes => 60,
            Self::Hours => 3600,
            Self::Days => 86_400,
        }
    }
}
