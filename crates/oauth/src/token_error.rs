//! How a token request fails, and what OAuth calls each failure.

/// Why no token is granted: the exact reason, for operators. Clients hear only [`TokenError::code`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The method or content type is not one that the endpoint takes.
    #[error("the request must be a POST of application/x-www-form-urlencoded")]
    NotAForm,
    /// The request is malformed or lacks a parameter.
    #[error("malformed request: {0}")]
    Malformed(&'static str),
    /// The grant type does not exist.
    #[error("the grant type is not supported")]
    UnsupportedGrantType,
    /// The `Authorization` header holds no Basic credentials.
    #[error("the Authorization header does not hold Basic credentials")]
    UnreadableAuthorization,
    /// The client is unknown, or belongs to another pool than the one asked.
    #[error("the pool has no such app client")]
    UnknownClient,
    /// The client has a secret and presented none.
    #[error("the app client has a secret and the request presents none")]
    MissingSecret,
    /// The client presented a secret that is none of its active ones.
    #[error("the secret is not one of the app client's")]
    WrongSecret,
    /// The client must not use OAuth flows (`AllowedOAuthFlowsUserPoolClient` is false).
    #[error("AllowedOAuthFlowsUserPoolClient is false for the client")]
    OAuthDisabled,
    /// The client must not use this flow (`AllowedOAuthFlows` lacks it).
    #[error("AllowedOAuthFlows of the client does not contain the flow of this grant type")]
    FlowNotAllowed,
    /// The client must not use `GetClientToken` (`ExplicitAuthFlows` lacks its flow).
    #[error("ALLOW_CLIENT_TOKEN_AUTH flow not enabled for this client")]
    ClientTokenAuthDisabled,
    /// A client that cannot prove who it is asks for a token of its own (RFC 6749, section 4.4).
    #[error("client_credentials is only for app clients that have a secret")]
    PublicClient,
    /// An authorization code or refresh token that was never issued here.
    #[error("the {0} was not issued here")]
    UnknownGrant(&'static str),
    /// A refresh token that renews nothing (any more).
    #[error("the refresh token is not good: {0}")]
    RefreshToken(Box<str>),
    /// A scope exists, but the client must not ask for it.
    #[error("the scope {0:?} is not among AllowedOAuthScopes of the client")]
    ScopeNotAllowed(Box<str>),
    /// A scope does not exist, is malformed, or cannot be granted to a machine.
    #[error("the scope {0:?} does not exist or cannot be granted to machines")]
    UnknownScope(Box<str>),
    /// Nothing is left to grant.
    #[error("none of the client's scopes is defined by a resource server")]
    NoScope,
}

impl TokenError {
    /// The HTTP status. Every code is 400 at this endpoint, `invalid_client` too, where RFC 6749, section 5.2, has 401
    /// (Amazon Cognito, "The token issuer endpoint").
    pub const fn status(&self) -> u16 {
        match self {
            Self::NotAForm => 405,
            _ => 400,
        }
    }

    /// The error code (RFC 6749, section 5.2), in the way Cognito chooses between them; `None` for an empty answer. A scope
    /// that is not allowed and a client without OAuth are `invalid_grant` there, and a client without a secret gets
    /// `invalid_scope`, where the RFC has other codes.
    pub const fn code(&self) -> Option<&'static str> {
        Some(match self {
            Self::NotAForm => return None,
            Self::Malformed(_) => "invalid_request",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnreadableAuthorization | Self::UnknownClient | Self::MissingSecret | Self::WrongSecret => {
                "invalid_client"
            }
            Self::OAuthDisabled | Self::UnknownGrant(_) | Self::RefreshToken(_) | Self::ScopeNotAllowed(_) => {
                "invalid_grant"
            }
            Self::FlowNotAllowed | Self::ClientTokenAuthDisabled => "unauthorized_client",
            Self::PublicClient | Self::UnknownScope(_) | Self::NoScope => "invalid_scope",
        })
    }

    /// The body of the answer.
    pub fn body(&self) -> String {
        self.code().map(|code| format!(r#"{{"error":"{code}"}}"#)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_hear_the_code_that_cognito_has_for_each_failure() {
        let check = |error: TokenError, status: u16, body: &str| {
            assert_eq!((error.status(), &*error.body()), (status, body), "{error:?}");
        };
        check(TokenError::NotAForm, 405, "");
        check(TokenError::Malformed("x"), 400, r#"{"error":"invalid_request"}"#);
        check(TokenError::UnsupportedGrantType, 400, r#"{"error":"unsupported_grant_type"}"#);
        check(TokenError::UnreadableAuthorization, 400, r#"{"error":"invalid_client"}"#);
        check(TokenError::UnknownClient, 400, r#"{"error":"invalid_client"}"#);
        check(TokenError::MissingSecret, 400, r#"{"error":"invalid_client"}"#);
        check(TokenError::WrongSecret, 400, r#"{"error":"invalid_client"}"#);
        check(TokenError::OAuthDisabled, 400, r#"{"error":"invalid_grant"}"#);
        check(TokenError::FlowNotAllowed, 400, r#"{"error":"unauthorized_client"}"#);
        check(TokenError::ClientTokenAuthDisabled, 400, r#"{"error":"unauthorized_client"}"#);
        check(TokenError::PublicClient, 400, r#"{"error":"invalid_scope"}"#);
        check(TokenError::UnknownGrant("code"), 400, r#"{"error":"invalid_grant"}"#);
        check(TokenError::RefreshToken("expired".into()), 400, r#"{"error":"invalid_grant"}"#);
        check(TokenError::ScopeNotAllowed("a/b".into()), 400, r#"{"error":"invalid_grant"}"#);
        check(TokenError::UnknownScope("a/b".into()), 400, r#"{"error":"invalid_scope"}"#);
        check(TokenError::NoScope, 400, r#"{"error":"invalid_scope"}"#);
    }
}
