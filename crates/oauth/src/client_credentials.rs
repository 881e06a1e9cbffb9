//! The client-credentials grant (RFC 6749, section 4.4), decided in Cognito's order: who asks, may it use OAuth, may it use
//! this flow, may it have these scopes. The grants of users come as far as the flow and end there.

use std::sync::Arc;

use claviger_resources::limits::SECRETS_PER_APP_CLIENT;

use crate::client::Client;
use crate::refusal::excerpt;
use crate::secret::{DigestKey, SecretDigest};
use crate::token_error::TokenError;
use crate::token_request::{Credentials, GrantType, TokenRequest};

/// What a client is granted.
pub struct Grant<'c> {
    /// The client.
    pub client: &'c Client,
    /// The scopes, in the order of the client's configuration.
    pub scopes: Vec<Arc<str>>,
}

/// Decides a request. `client` is the client of that id in the pool asked, if there is one; `is_active` tells whether a
/// resource server of the pool defines a scope now.
pub fn decide<'c>(
    request: &TokenRequest<'_>,
    client: Option<&'c Client>,
    key: &DigestKey,
    is_active: impl Fn(&str) -> bool,
) -> Result<Grant<'c>, TokenError> {
    let client = admit(request, client, key)?;
    match request.grant_type {
        GrantType::ClientCredentials if client.secrets.is_empty() => Err(TokenError::PublicClient),
        GrantType::ClientCredentials => {
            let wanted = request.scope.as_deref().map(split);
            Ok(Grant { client, scopes: grant_scopes(client, wanted.as_deref(), is_active)? })
        }
        // No user signs in on pages here, so no code was ever issued.
        GrantType::AuthorizationCode => Err(TokenError::UnknownGrant("authorization code")),
        // Those of users' sessions are not decided here.
        GrantType::RefreshToken => Err(TokenError::UnknownGrant("refresh token")),
    }
}

/// Decides whether a client may use the grant type it asks with at all.
pub fn admit<'c>(
    request: &TokenRequest<'_>,
    client: Option<&'c Client>,
    key: &DigestKey,
) -> Result<&'c Client, TokenError> {
    let client = authenticate(&request.credentials, client, key)?;
    if !client.oauth_enabled {
        return Err(TokenError::OAuthDisabled);
    }
    // A client has the flow of machines or those of users, never both (Amazon Cognito, `CreateUserPoolClient`).
    if client.client_credentials != (request.grant_type == GrantType::ClientCredentials) {
        return Err(TokenError::FlowNotAllowed);
    }
    Ok(client)
}

/// Checks who asks: a client with one of its secrets, or one that has none without any.
///
/// Every attempt computes one digest and compares it with as many as a client may have, whether or not there is such a
/// client, so that time tells neither an unknown client from a wrong secret nor one secret from the other.
pub fn authenticate<'c>(
    credentials: &Credentials<'_>,
    client: Option<&'c Client>,
    key: &DigestKey,
) -> Result<&'c Client, TokenError> {
    let secret = credentials.secret.as_deref().unwrap_or_default();
    let presented = key.digest(&credentials.client_id, secret.as_bytes());
    let nobody = SecretDigest([0; 32]);
    let matches = (0..SECRETS_PER_APP_CLIENT).fold(false, |matched, slot| {
        let active = client.and_then(|client| client.secrets.get(slot));
        matched | ((*active.unwrap_or(&nobody) == presented) & active.is_some())
    });
    let client = client.ok_or(TokenError::UnknownClient)?;
    match credentials.secret {
        Some(_) if matches => Ok(client),
        Some(_) => Err(TokenError::WrongSecret),
        None if client.secrets.is_empty() => Ok(client),
        None => Err(TokenError::MissingSecret),
    }
}

/// The scopes that machines are never granted.
const USER_SCOPES: [&str; 5] = ["openid", "email", "phone", "profile", "aws.cognito.signin.user.admin"];

fn split(scopes: &str) -> Vec<&str> {
    scopes.split(' ').filter(|scope| !scope.is_empty()).collect()
}

/// The scopes that a client gets when it asks for these, or for none in particular.
pub(crate) fn grant_scopes(
    client: &Client,
    wanted: Option<&[&str]>,
    is_active: impl Fn(&str) -> bool,
) -> Result<Vec<Arc<str>>, TokenError> {
    for scope in wanted.into_iter().flatten() {
        check_scope(client, scope, &is_active)?;
    }
    let asked_for = |scope: &Arc<str>| wanted.is_none_or(|wanted| wanted.contains(&&**scope));
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
    if !is_scope(scope) || USER_SCOPES.contains(&scope) {
        Err(TokenError::UnknownScope(excerpt(scope)))
    } else if client.scopes.iter().any(|allowed| **allowed == *scope) {
        Ok(())
    } else if is_active(scope) {
        Err(TokenError::ScopeNotAllowed(excerpt(scope)))
    } else {
        Err(TokenError::UnknownScope(excerpt(scope)))
    }
}

/// Whether a text can be a scope (RFC 6749, appendix A.4).
pub(crate) fn is_scope(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
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
            limits: None,
            client_token_auth: false,
            extra_claims: None,
        }
    }

    fn ask(client: Option<&Client>, body: &str) -> Result<String, TokenError> {
        let body = format!("grant_type=client_credentials&client_id=client&{body}");
        decide_form(client, &body)
    }

    fn decide_form(client: Option<&Client>, body: &str) -> Result<String, TokenError> {
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
        check(Some(&own), "client_secret=third", Err(TokenError::WrongSecret));
        check(Some(&own), "client_secret=First", Err(TokenError::WrongSecret));
        check(Some(&own), "client_secret=firs", Err(TokenError::WrongSecret));
        check(Some(&own), "client_secret=", Err(TokenError::MissingSecret));
        check(Some(&own), "", Err(TokenError::MissingSecret));
        check(None, "client_secret=first", Err(TokenError::UnknownClient));
        check(None, "", Err(TokenError::UnknownClient));
        // The digest of another client's equal secret is another digest.
        let foreign = Client { secrets: Box::new([key().digest("other", b"first")]), ..client(&["api/read"]) };
        check(Some(&foreign), "client_secret=first", Err(TokenError::WrongSecret));
        let public = Client { secrets: Box::new([]), ..client(&["api/read"]) };
        check(Some(&public), "", Err(TokenError::PublicClient));
        check(Some(&public), "client_secret=first", Err(TokenError::WrongSecret));
    }

    #[test]
    fn a_client_must_be_allowed_the_flow() {
        let disabled = Client { oauth_enabled: false, ..client(&["api/read"]) };
        assert_eq!(ask(Some(&disabled), "client_secret=first"), Err(TokenError::OAuthDisabled));
        let other_flow = Client { client_credentials: false, ..client(&["api/read"]) };
        assert_eq!(ask(Some(&other_flow), "client_secret=first"), Err(TokenError::FlowNotAllowed));
    }

    #[test]
    fn codes_and_refresh_tokens_were_never_issued() {
        let machine = client(&["api/read"]);
        let check = |client: &Client, body: &str, expected: TokenError| {
            assert_eq!(decide_form(Some(client), body), Err(expected), "{body}");
        };
        let code = "grant_type=authorization_code&code=x&client_id=client&client_secret=first";
        let refresh = "grant_type=refresh_token&refresh_token=x&client_id=client&client_secret=first";
        check(&machine, code, TokenError::FlowNotAllowed);
        check(&machine, refresh, TokenError::FlowNotAllowed);
        let users = Client { client_credentials: false, ..client(&["openid"]) };
        check(&users, code, TokenError::UnknownGrant("authorization code"));
        check(&users, refresh, TokenError::UnknownGrant("refresh token"));
        check(&users, &code.replace("first", "wrong"), TokenError::WrongSecret);
        let public = Client { secrets: Box::new([]), ..users };
        let without_secret = code.replace("&client_secret=first", "");
        check(&public, &without_secret, TokenError::UnknownGrant("authorization code"));
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
        let unknown = |scope: &str| Err(TokenError::UnknownScope(scope.into()));
        let not_allowed = |scope: &str| Err(TokenError::ScopeNotAllowed(scope.into()));
        check("", Ok("api/write api/read"));
        check("scope=", Ok("api/write api/read"));
        check("scope=api/read", Ok("api/read"));
        check("scope=api/read+api/write", Ok("api/write api/read"));
        check("scope=api/read%20%20api/read", Ok("api/read"));
        check("scope=gone/read+api/read", Ok("api/read"));
        check("scope=gone/read", Err(TokenError::NoScope));
        check("scope=api/delete", not_allowed("api/delete"));
        check("scope=api/read+api/delete", not_allowed("api/delete"));
        check("scope=api/unknown", unknown("api/unknown"));
        check("scope=openid", unknown("openid"));
        check("scope=aws.cognito.signin.user.admin", unknown("aws.cognito.signin.user.admin"));
        check("scope=api/read%09api/write", unknown("api/read\tapi/write"));
        check("scope=api/r%22ead", unknown("api/r\"ead"));
        check("scope=api/r%C3%A9ad", unknown("api/r\u{e9}ad"));
        check("scope=api/rea", unknown("api/rea"));
        check("scope=API/READ", unknown("API/READ"));
    }
}
