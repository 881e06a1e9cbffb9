//! How a token request fails, and what OAuth calls each failure.

use std::fmt;

use claviger_resources::client_limits::TokenBudget;

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
    /// A limit is used up for now.
    #[error("{limit}")]
    OverLimit {
        /// Which.
        limit: Limit,
        /// When it makes sense to ask again.
        retry_after_seconds: u64,
    },
}

/// A limit on token requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// A request rate of AWS's, by what it bounds.
    Requests(&'static str),
    /// The client's own request rate.
    ClientRate,
    /// The client's own token budget.
    ClientBudget(TokenBudget),
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Requests(what) => write!(f, "the request rate of {what} is exceeded"),
            Self::ClientRate => f.write_str("the request rate set for the app client is exceeded"),
            Self::ClientBudget(TokenBudget { tokens, period }) => {
                write!(f, "the budget set for the app client, {tokens} tokens a {period}, is used up")
            }
        }
    }
}

impl TokenError {
    /// The HTTP status. Every code is 400 at this endpoint, `invalid_client` too, where RFC 6749, section 5.2, has 401
    /// (Amazon Cognito, "The token issuer endpoint").
    pub const fn status(&self) -> u16 {
        match self {
            Self::NotAForm => 405,
            Self::OverLimit { .. } => 429,
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
            Self::OverLimit { .. } => "too_many_requests",
        })
    }

    /// The body of the answer. Clients hear more than the code only of limits that AWS does not have.
    pub fn body(&self) -> String {
        match (self.code(), self) {
            (None, _) => String::new(),
            (Some(code), Self::OverLimit { limit: limit @ (Limit::ClientRate | Limit::ClientBudget(_)), .. }) => {
                format!(r#"{{"error":"{code}","error_description":"{limit}"}}"#)
            }
            (Some(code), _) => format!(r#"{{"error":"{code}"}}"#),
        }
    }

    /// When it makes sense to ask again, for `Retry-After`.
    pub const fn retry_after_seconds(&self) -> Option<u64> {
        match self {
            Self::OverLimit { retry_after_seconds, .. } => Some(*retry_after_seconds),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use claviger_resources::client_limits::Period;

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
        let over = |limit| TokenError::OverLimit { limit, retry_after_seconds: 1 };
        check(over(Limit::Requests("ClientAuthentication")), 429, r#"{"error":"too_many_requests"}"#);
        let described = r#"{"error":"too_many_requests","error_description":"the request rate set for the app client is exceeded"}"#;
        check(over(Limit::ClientRate), 429, described);
        let budget = TokenBudget { tokens: 100, period: Period::Day };
        let described = r#"{"error":"too_many_requests","error_description":"the budget set for the app client, 100 tokens a day, is used up"}"#;
        check(over(Limit::ClientBudget(budget)), 429, described);
        assert_eq!(over(Limit::ClientRate).retry_after_seconds(), Some(1));
        assert_eq!(TokenError::NoScope.retry_after_seconds(), None);
    }
}
