//! `GetClientToken`: a machine asks for a token over Cognito's API, where the pool needs no domain. What it is granted is what
//! the token endpoint would grant; only the setting that allows it is another (`ALLOW_CLIENT_TOKEN_AUTH`).

use crate::client::Client;
use crate::client_credentials::{Grant, authenticate, grant_scopes};
use crate::hook::ClientMetadata;
use crate::secret::DigestKey;
use crate::token_error::TokenError;
use crate::token_request::Credentials;

/// A call of `GetClientToken`.
#[derive(Debug)]
pub struct ClientTokenRequest<'a> {
    /// Who asks.
    pub credentials: Credentials<'a>,
    /// The scopes it asks for; none for all it may have.
    pub scopes: &'a [String],
    /// What it hands on to the pre token generation trigger.
    pub client_metadata: Option<&'a ClientMetadata>,
}

/// Decides a call. `client` is the client of that id in whatever pool, if there is one; `is_active` tells whether a resource
/// server of its pool defines a scope now.
pub fn decide<'c>(
    request: &ClientTokenRequest<'_>,
    client: Option<&'c Client>,
    key: &DigestKey,
    is_active: impl Fn(&str) -> bool,
) -> Result<Grant<'c>, TokenError> {
    // Who cannot prove who it is does not learn how the client is set up.
    let client = authenticate(&request.credentials, client, key)?;
    if !client.client_token_auth {
        return Err(TokenError::ClientTokenAuthDisabled);
    }
    let wanted: Vec<&str> = request.scopes.iter().map(String::as_str).collect();
    let wanted = (!wanted.is_empty()).then_some(wanted.as_slice());
    Ok(Grant { client, scopes: grant_scopes(client, wanted, is_active)? })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use claviger_resources::{ClientId, UserPoolId};

    use super::*;

    #[test]
    fn grants_what_a_client_may_have_by_this_flow() {
        let key = DigestKey::new(&[7; 32]);
        let client = |flow: bool, secrets: &[&str]| Client {
            id: ClientId::parse("client").unwrap(),
            pool: UserPoolId::parse("us-east-1_pool").unwrap(),
            secrets: secrets.iter().map(|secret| key.digest("client", secret.as_bytes())).collect(),
            oauth_enabled: false,
            client_credentials: false,
            scopes: ["api/write", "api/read", "gone/read"].map(Arc::from).into(),
            access_token_seconds: 3600,
            client_token_auth: flow,
            limits: None,
            extra_claims: None,
        };
        let check = |client: Option<&Client>, secret: &str, scopes: &[&str], expected: Result<&str, TokenError>| {
            let scopes: Vec<String> = scopes.iter().map(|scope| (*scope).to_owned()).collect();
            let credentials = Credentials { client_id: "client".into(), secret: Some(secret.into()) };
            let request = ClientTokenRequest { credentials, scopes: &scopes, client_metadata: None };
            let active = |scope: &str| ["api/read", "api/write", "api/delete"].contains(&scope);
            let granted = decide(&request, client, &key, active).map(|grant| grant.scopes.join(" "));
            assert_eq!(granted, expected.map(str::to_owned), "{secret} {scopes:?}");
        };
        let own = client(true, &["first", "second"]);
        check(Some(&own), "first", &[], Ok("api/write api/read"));
        check(Some(&own), "second", &["api/read"], Ok("api/read"));
        check(Some(&own), "first", &["api/read", "api/write", "api/read"], Ok("api/write api/read"));
        check(Some(&own), "first", &["gone/read", "api/read"], Ok("api/read"));
        check(Some(&own), "first", &["gone/read"], Err(TokenError::NoScope));
        check(Some(&own), "first", &["api/delete"], Err(TokenError::ScopeNotAllowed("api/delete".into())));
        check(Some(&own), "first", &["api/never"], Err(TokenError::UnknownScope("api/never".into())));
        check(Some(&own), "first", &["openid"], Err(TokenError::UnknownScope("openid".into())));
        check(Some(&own), "first", &["api/read api/write"], Err(TokenError::UnknownScope("api/read api/write".into())));
        check(Some(&own), "third", &[], Err(TokenError::WrongSecret));
        check(None, "first", &[], Err(TokenError::UnknownClient));
        let other = client(false, &["first"]);
        check(Some(&other), "first", &[], Err(TokenError::ClientTokenAuthDisabled));
        check(Some(&other), "third", &[], Err(TokenError::WrongSecret));
        check(Some(&client(true, &[])), "first", &[], Err(TokenError::WrongSecret));
    }
}
