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

    /// How long the ID tokens of its users live, in seconds: one hour unless configured (`IdTokenValidity`).
    pub fn id_token_seconds(&self) -> u32 {
        self.number("IdTokenValidity")
            .map_or(3600, |validity| validity.saturating_mul(self.unit("IdToken", ValidityUnit::Hours).seconds()))
    }

    /// How long the refresh tokens of its users live, in seconds: 30 days unless configured (`RefreshTokenValidity`).
    pub fn refresh_token_seconds(&self) -> u32 {
        let validity = self.number("RefreshTokenValidity").unwrap_or(30);
        validity.saturating_mul(self.unit("RefreshToken", ValidityUnit::Days).seconds())
    }

    /// How many minutes a user has to answer a challenge (`AuthSessionValidity`).
    pub fn auth_session_minutes(&self) -> u32 {
        self.number("AuthSessionValidity").unwrap_or(3)
    }

    /// Whether the tokens of its users name their session and can be revoked (`EnableTokenRevocation`).
    pub fn token_revocation(&self) -> bool {
        self.configuration.get("EnableTokenRevocation").and_then(Value::as_bool).unwrap_or(true)
    }

    /// Whether each refresh token is good for one use (`RefreshTokenRotation`), and for how many seconds beyond.
    pub fn refresh_token_rotation(&self) -> Option<u32> {
        let rotation = self.configuration.get("RefreshTokenRotation")?;
        let seconds = rotation.get("RetryGracePeriodSeconds").and_then(Value::as_u64).unwrap_or(0);
        (rotation.get("Feature")?.as_str()? == "ENABLED").then(|| u32::try_from(seconds).unwrap_or(u32::MAX))
    }

    /// Whether users see this attribute through the client (`ReadAttributes`; without it all but developers' own).
    pub fn reads(&self, attribute: &str) -> bool {
        let listed = self.configuration.get("ReadAttributes").and_then(Value::as_array);
        let reads = match listed.filter(|listed| !listed.is_empty()) {
            Some(listed) => attribute == "sub" || listed.iter().any(|name| name.as_str() == Some(attribute)),
            None => true,
        };
        reads && !attribute.starts_with("dev:")
    }

    fn number(&self, member: &str) -> Option<u32> {
        self.configuration.get(member)?.as_u64().map(|number| u32::try_from(number).unwrap_or(u32::MAX))
    }

    fn unit(&self, token: &str, default: ValidityUnit) -> ValidityUnit {
        let unit = self.configuration.get("TokenValidityUnits").and_then(|units| units.get(token));
        unit.and_then(|unit| ValidityUnit::deserialize(unit).ok()).unwrap_or(default)
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn client(configuration: &Value) -> AppClient {
        let mut client = json!({
            "id": "client", "pool": "us-east-1_pool", "name": "web", "created": 0, "modified": 0,
            "tenant": {"account": "000000000000", "region": "us-east-1"},
        });
        client["configuration"] = configuration.clone();
        serde_json::from_value(client).unwrap()
    }

    #[test]
    fn tokens_live_as_long_as_the_configuration_says() {
        fn check(configuration: &Value, id: u32, refresh: u32) {
            let client = client(configuration);
            assert_eq!((client.id_token_seconds(), client.refresh_token_seconds()), (id, refresh), "{configuration}");
        }
        check(&json!({}), 3600, 2_592_000);
        check(&json!({"IdTokenValidity": 2, "RefreshTokenValidity": 1}), 7200, 86_400);
        let units = json!({"IdToken": "minutes", "RefreshToken": "hours"});
        check(&json!({"IdTokenValidity": 10, "RefreshTokenValidity": 5, "TokenValidityUnits": units}), 600, 18_000);
    }

    #[test]
    fn refresh_tokens_are_exchanged_where_rotation_is_on() {
        let check = |rotation: Value, expected: Option<u32>| {
            assert_eq!(client(&json!({"RefreshTokenRotation": rotation})).refresh_token_rotation(), expected);
        };
        check(Value::Null, None);
        check(json!({"Feature": "DISABLED", "RetryGracePeriodSeconds": 10}), None);
        check(json!({"Feature": "ENABLED"}), Some(0));
        check(json!({"Feature": "ENABLED", "RetryGracePeriodSeconds": 10}), Some(10));
    }

    #[test]
    fn attributes_are_those_listed_or_all_but_developers_own() {
        let check = |listed: Value, attribute: &str, expected: bool| {
            assert_eq!(client(&json!({"ReadAttributes": listed})).reads(attribute), expected, "{attribute}");
        };
        check(Value::Null, "email", true);
        check(Value::Null, "custom:tenant", true);
        check(Value::Null, "dev:custom:tenant", false);
        check(json!([]), "email", true);
        check(json!(["custom:tenant"]), "custom:tenant", true);
        check(json!(["custom:tenant"]), "email", false);
        check(json!(["custom:tenant"]), "sub", true);
    }
}
