//! How a token request fails, and what OAuth calls each failure.

/// Why no token is granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The method or content type is not one that the endpoint takes.
    #[error("the request must be a POST of application/x-www-form-urlencoded")]
    NotAForm,
    /// The request is malformed or lacks a parameter.
    #[error("malformed request: {0}")]
    Malformed(&'static str),
    /// The grant type is not one we grant.
    #[error("the grant type is not supported")]
    UnsupportedGrantType,
    /// The client is unknown, belongs to another pool, or did not prove who it is.
    #[error("the client is unknown or its secret is wrong")]
    ClientAuthentication,
    /// The client must not use OAuth flows (`AllowedOAuthFlowsUserPoolClient` is false).
    #[error("AllowedOAuthFlowsUserPoolClient is false for the client")]
    OAuthDisabled,
    /// The client must not use this flow (`AllowedOAuthFlows` lacks it).
    #[error("AllowedOAuthFlows of the client does not contain client_credentials")]
    FlowNotAllowed,
    /// A scope exists, but the client must not ask for it.
    #[error("a requested scope is not among AllowedOAuthScopes of the client")]
    ScopeNotAllowed,
    /// A scope does not exist, is malformed, or cannot be granted to a machine.
    #[error("a requested scope does not exist or cannot be granted to machines")]
    UnknownScope,
    /// Nothing is left to grant.
    #[error("none of the client's scopes is defined by a resource server")]
    NoScope,
}

impl TokenError {
    /// The HTTP status.
    pub const fn status(self) -> u16 {
        match self {
            Self::NotAForm => 405,
            _ => 400,
        }
    }

    /// The error code (RFC 6749, section 5.2), in the way Cognito chooses between them; `None` for an empty answer. A scope
    /// that is not allowed and a client without OAuth are `invalid_grant` there, where the RFC has other codes.
    pub const fn code(self) -> Option<&'static str> {
        Some(match self {
            Self::NotAForm => return None,
            Self::Malformed(_) => "invalid_request",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::ClientAuthentication => "invalid_client",
            Self::OAuthDisabled | Self::ScopeNotAllowed => "invalid_grant",
            Self::FlowNotAllowed => "unauthorized_client",
            Self::UnknownScope | Self::NoScope => "invalid_scope",
        })
    }

    /// The body of the answer.
    pub fn body(self) -> String {
        self.code().map(|code| format!(r#"{{"error":"{code}"}}"#)).unwrap_or_default()
    }
}
