//! The client-credentials grant (RFC 6749, section 4.4), decided in Cognito's order: who asks, may it use OAuth, may it use
//! this flow, may it have these scopes.

use std::sync::Arc;

use crate::client::Client;
use crate::secret::{DigestKey, SecretDigest};
use crate::token_error::TokenError;
use crate::token_request::{Credentials, TokenRequest};

/// What a client is granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The scopes, in the order of the client's configuration.
    pub scopes: Vec<Arc<str>>,
}

/// Decides a request. `client` is the client of that id in the pool asked, if there is one; `is_active` tells whether a
/// resource server of the pool defines a scope now.
pub fn decide(
    request: &TokenRequest<'_>,
    client: Option<&Client>,
    key: &DigestKey,
    is_active: impl Fn(&str) -> bool,
) -> Result<Grant, TokenError> {
    let client = authenticate(&request.credentials, client, key)?;
    if !client.oauth_enabled {
        return Err(TokenError::OAuthDisabled);
    }
    if !client.client_credentials {
        return Err(TokenError::FlowNotAllowed);
    }
    grant_scopes(client, request.scope.as_deref(), is_active).map(|scopes| Grant { scopes })
}

/// Checks who asks. An unknown client costs the same digest as a wrong secret, and all secrets of a client are compared, so
/// that time tells neither apart.
pub fn authenticate<'c>(
    credentials: &Credentials<'_>,
    client: Option<&'c Client>,
    key: &DigestKey,
) -> Result<&'c Client, TokenError> {
    let secret = credentials.secret.as_deref().unwrap_or_default();
    let presented = key.digest(&credentials.client_id, secret.as_bytes());
    let nobody = [SecretDigest([0; 32])];
    let secrets = client.map_or(nobody.as_slice(), |client| &client.secrets);
    let matches = secrets.iter().filter(|digest| **digest == presented).count() > 0;
    match client {
        Some(client) if matches && credentials.secret.is_some() => Ok(client),
        // A public client cannot be configured for this grant; it learns only that it gets no scope.
        Some(client) if client.secrets.is_empty() && credentials.secret.is_none() => Err(TokenError::UnknownScope),
        _ => Err(TokenError::ClientAuthentication),
    }
}

/// The scopes that machines are never granted.
const USER_SCOPES: [&str; 5] = ["openid", "email", "phone", "profile", "aws.cognito.signin.user.admin"];

fn grant_scopes(
    client: &Client,
    requested: Option<&str>,
    is_active: impl Fn(&str) -> bool,
) -> Result<Vec<Arc<str>>, TokenError> {
    let wanted: Option<Vec<&str>> =
        requested.map(|scopes| scopes.split(' ').filter(|scope| !scope.is_empty()).collect());
    for scope in wanted.iter().flatten() {
        check_scope(client, scope, &is_active)?;
    }
    let asked_for = |scope: &Arc<str>| wanted.as_ref().is_none_or(|wanted| wanted.contains(&&**scope));
    let mut granted: Vec<Arc<str>> = Vec::new();
    for scope in client.scopes.iter().filter(|scope| asked_for(scope) && is_active(scope)) {
        if !granted.contains(scope) {
            granted.push(Arc::clone(scope));
        }
    }
    if granted.is_empty() { Err(TokenError::NoScope) } else { Ok(granted) }
}

/// Refuses a scope that is malformed, unknown, a user's, or not this client's. One that is the client's but whose resource
/// server is gone is let through: it is left out of the token until it comes back.
fn check_scope(client: &Client, scope: &str, is_active: impl Fn(&str) -> bool) -> Result<(), TokenError> {
    // RFC 6749, appendix A.4.
    let well_formed = scope.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e));
    if !well_formed || USER_SCOPES.contains(&scope) {
        Err(TokenError::UnknownScope)
    } else if client.scopes.iter().any(|allowed| **allowed == *scope) {
        Ok(())
    } else if is_active(scope) {
        Err(TokenError::ScopeNotAllowed)
    } else {
        Err(TokenError::UnknownScope)
    }
}

#[cfg(test)]
mod tests {
    use claviger_resources::{ClientId, UserPoolId};

    use super::*;

    fn key() -> DigestKey {
        DigestKey::new(&[7; 32])
    }

    fn client(scopes: &[&str]) -> Client {
        Client {
            id: ClientId::parse("client").unwrap(),
            pool: UserPoolId::parse("us-east-1_pool").unwrap(),
            secrets: ["first", "second"].iter().map(|secret| key().digest("client", secret.as_bytes())).collect(),
            oauth_enabled: true,
            client_credentials: true,
            scopes: scopes.iter().map(|scope| Arc::from(*scope)).collect(),
            access_token_seconds: 3600,
        }
    }

    fn ask(client: Option<&Client>, body: &str) -> Result<String, TokenError> {
        let body = format!("grant_type=client_credentials&client_id=client&{body}");
        let request =
            TokenRequest::parse(Some("application/x-www-form-urlencoded"), None, None, body.as_bytes()).unwrap();
        let active = ["api/read", "api/write", "api/delete"];
        decide(&request, client, &key(), |scope| active.contains(&scope)).map(|grant| grant.scopes.join(" "))
    }

    #[test]
    fn a_client_proves_itself_with_either_secret() {
        let own = client(&["api/read"]);
        let check = |client, body: &str, expected| assert_eq!(ask(client, body), expected, "{body}");
        check(Some(&own), "client_secret=first", Ok("api/read".to_owned()));
        check(Some(&own), "client_secret=second", Ok("api/read".to_owned()));
        check(Some(&own), "client_secret=third", Err(TokenError::ClientAuthentication));
        check(Some(&own), "", Err(TokenError::ClientAuthentication));
        check(None, "client_secret=first", Err(TokenError::ClientAuthentication));
        let public = Client { secrets: Box::new([]), ..client(&[]) };
        check(Some(&public), "", Err(TokenError::UnknownScope));
        check(Some(&public), "client_secret=first", Err(TokenError::ClientAuthentication));
    }

    #[test]
    fn a_client_must_be_allowed_the_flow() {
        let disabled = Client { oauth_enabled: false, ..client(&["api/read"]) };
        assert_eq!(ask(Some(&disabled), "client_secret=first"), Err(TokenError::OAuthDisabled));
        let other_flow = Client { client_credentials: false, ..client(&["api/read"]) };
        assert_eq!(ask(Some(&other_flow), "client_secret=first"), Err(TokenError::FlowNotAllowed));
    }

    #[test]
    fn grants_scopes_as_cognito_does() {
        let own = client(&["api/write", "api/read", "gone/read"]);
        let check = |scope: &str, expected: Result<&str, TokenError>| {
            assert_eq!(
                ask(Some(&own), &format!("client_secret=first&{scope}")),
                expected.map(str::to_owned),
                "{scope}"
            );
        };
        check("", Ok("api/write api/read"));
        check("scope=", Ok("api/write api/read"));
        check("scope=api/read", Ok("api/read"));
        check("scope=api/read+api/write", Ok("api/write api/read"));
        check("scope=api/read%20%20api/read", Ok("api/read"));
        check("scope=gone/read+api/read", Ok("api/read"));
        check("scope=gone/read", Err(TokenError::NoScope));
        check("scope=api/delete", Err(TokenError::ScopeNotAllowed));
        check("scope=api/read+api/delete", Err(TokenError::ScopeNotAllowed));
        check("scope=api/unknown", Err(TokenError::UnknownScope));
        check("scope=openid", Err(TokenError::UnknownScope));
        check("scope=api/read%09api/write", Err(TokenError::UnknownScope));
        check("scope=api/r%22ead", Err(TokenError::UnknownScope));
        check("scope=api/rea", Err(TokenError::UnknownScope));
    }
}
