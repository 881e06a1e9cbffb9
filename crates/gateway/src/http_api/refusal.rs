//! Refusals of HTTP APIs: every reason for which the gateway answers by itself, with the status and the words the client
//! hears; `Display` is the reason for operators.

use std::borrow::Cow;

use bytes::Bytes;
use claviger_resources::limits::{GATEWAY_HEADER_BYTES_MAX, GATEWAY_URL_BYTES_MAX};
use http::header::WWW_AUTHENTICATE;
use http::{HeaderMap, HeaderValue, StatusCode};

use super::answer::Answer;
use crate::refusal::Refusal as RestRefusal;

/// Why an HTTP API answers by itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No stage or no route is there for the request.
    #[error("{0}")]
    NotFound(Cow<'static, str>),
    /// The caller is not known.
    #[error("{reason}")]
    Unauthorized {
        /// Why not.
        reason: Cow<'static, str>,
        /// What the client is asked for; a JWT authorizer asks for a token.
        challenge: Option<Challenge>,
    },
    /// The caller is known and may not.
    #[error("{reason}")]
    Forbidden {
        /// Why not.
        reason: Cow<'static, str>,
        /// What the client is asked for.
        challenge: Option<Challenge>,
    },
    /// A rate limit is exceeded.
    #[error("the rate limit of the {0} is exceeded")]
    Throttled(&'static str),
    /// The request's body is larger than the gateway takes.
    #[error("the request is larger than the gateway takes")]
    TooLarge,
    /// The request's line and headers are larger than the gateway takes.
    #[error("the request's line and headers are larger than {GATEWAY_HEADER_BYTES_MAX} bytes")]
    HeadersTooLarge,
    /// The request's path and query are longer than the gateway takes.
    #[error("the request's path and query are longer than {GATEWAY_URL_BYTES_MAX} bytes")]
    UrlTooLong,
    /// The request's body did not come whole, or its path can be read in two ways.
    #[error("{0}")]
    Unreadable(Cow<'static, str>),
    /// Configuration, authorizer or function cannot serve the request.
    #[error("{0}")]
    Internal(Cow<'static, str>),
    /// The backend cannot be reached or does not answer in time.
    #[error("{0}")]
    Unavailable(Cow<'static, str>),
}

/// What a JWT authorizer tells the client in `www-authenticate` (RFC 6750, section 3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Challenge {
    /// There was no token.
    Missing,
    /// The token is not accepted, because of this.
    InvalidToken(Cow<'static, str>),
    /// The token has none of these scopes.
    InsufficientScope(String),
}

/// What a client is told that lacks the scope.
const INSUFFICIENT_SCOPE: &str = "the token does not have any of the required scopes";

impl Challenge {
    /// The value of `www-authenticate`.
    pub fn header(&self) -> HeaderValue {
        let (scope, error, description) = match self {
            Self::Missing => return HeaderValue::from_static("Bearer"),
            Self::InvalidToken(description) => ("", "invalid_token", &**description),
            Self::InsufficientScope(scopes) => (&**scopes, "insufficient_scope", INSUFFICIENT_SCOPE),
        };
        let text = format!(r#"Bearer scope="{scope}" error="{error}" error_description="{description}""#);
        HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static("Bearer"))
    }

    /// `$context.authorizer.error`.
    pub fn error(&self) -> String {
        match self {
            Self::Missing => "missing: token not provided".to_owned(),
            Self::InvalidToken(description) => format!("invalid_token: {description}"),
            Self::InsufficientScope(_) => format!("insufficient_scope: {INSUFFICIENT_SCOPE}"),
        }
    }
}

impl Refusal {
    /// The refusal of a request whose configuration is at fault, with the reason for operators.
    pub fn internal(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Internal(reason.into())
    }

    /// The status.
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::Unauthorized { .. } => StatusCode::UNAUTHORIZED,
            Self::Forbidden { .. } => StatusCode::FORBIDDEN,
            Self::Throttled(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::HeadersTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::UrlTooLong => StatusCode::URI_TOO_LONG,
            Self::Unreadable(_) => StatusCode::BAD_REQUEST,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// What the client is told.
    pub const fn message(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "Not Found",
            Self::Unauthorized { .. } => "Unauthorized",
            Self::Forbidden { .. } => "Forbidden",
            Self::Throttled(_) => "Too Many Requests",
            Self::TooLarge => "Request Entity Too Large",
            Self::HeadersTooLarge => "Request Header Fields Too Large",
            Self::UrlTooLong => "URI Too Long",
            Self::Unreadable(_) => "Bad Request",
            Self::Internal(_) => "Internal Server Error",
            Self::Unavailable(_) => "Service Unavailable",
        }
    }

    /// Its type in access logs: that of the like refusal of a REST API.
    pub const fn response_type(&self) -> &'static str {
        match self {
            Self::NotFound(_) => "RESOURCE_NOT_FOUND",
            Self::Unauthorized { .. } => "UNAUTHORIZED",
            Self::Forbidden { .. } => "ACCESS_DENIED",
            Self::Throttled(_) => "THROTTLED",
            Self::TooLarge => "REQUEST_TOO_LARGE",
            Self::HeadersTooLarge | Self::UrlTooLong | Self::Unreadable(_) => "DEFAULT_4XX",
            Self::Internal(_) => "DEFAULT_5XX",
            Self::Unavailable(_) => "INTEGRATION_FAILURE",
        }
    }

    /// What the client is asked for.
    pub const fn challenge(&self) -> Option<&Challenge> {
        match self {
            Self::Unauthorized { challenge, .. } | Self::Forbidden { challenge, .. } => challenge.as_ref(),
            _ => None,
        }
    }

    /// The answer, which has no content type (as recorded).
    pub fn answer(&self) -> Answer {
        let mut headers = HeaderMap::new();
        if let Some(challenge) = self.challenge() {
            headers.insert(WWW_AUTHENTICATE, challenge.header());
        }
        let body = format!(r#"{{"message":"{}"}}"#, self.message());
        Answer { status: self.status(), headers, body: Bytes::from(body) }
    }
}

/// What both kinds of APIs share speaks of failures in the words of REST APIs. Only what keeps a backend from answering is
/// the backend's fault here.
impl From<RestRefusal> for Refusal {
    fn from(refusal: RestRefusal) -> Self {
        let reason = refusal.to_string();
        match refusal {
            RestRefusal::Network(_) | RestRefusal::IntegrationTimeout { .. } => Self::Unavailable(reason.into()),
            RestRefusal::PhaseTimeout { setting, .. } | RestRefusal::BackendLeftAlone { setting } => {
                Self::Unavailable(format!("{reason}: {setting}").into())
            }
            RestRefusal::RequestTooLarge => Self::TooLarge,
            RestRefusal::UrlTooLong => Self::UrlTooLong,
            RestRefusal::HeadersTooLarge => Self::HeadersTooLarge,
            RestRefusal::AmbiguousPath(_) | RestRefusal::RequestUnreadable(_) => Self::Unreadable(reason.into()),
            RestRefusal::Throttled(of) => Self::Throttled(of),
            _ => Self::Internal(reason.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_its_status_and_words() {
        let check = |refusal: Refusal, status: u16, body: &str| {
            let answer = refusal.answer();
            assert_eq!((answer.status.as_u16(), &*answer.body), (status, body.as_bytes()));
            assert!(!answer.headers.contains_key("content-type"));
        };
        check(Refusal::NotFound("x".into()), 404, r#"{"message":"Not Found"}"#);
        check(Refusal::Unauthorized { reason: "x".into(), challenge: None }, 401, r#"{"message":"Unauthorized"}"#);
        check(Refusal::Forbidden { reason: "x".into(), challenge: None }, 403, r#"{"message":"Forbidden"}"#);
        check(Refusal::Throttled("route"), 429, r#"{"message":"Too Many Requests"}"#);
        check(Refusal::TooLarge, 413, r#"{"message":"Request Entity Too Large"}"#);
        check(Refusal::internal("x"), 500, r#"{"message":"Internal Server Error"}"#);
        check(Refusal::Unavailable("x".into()), 503, r#"{"message":"Service Unavailable"}"#);
        let shared = |refusal: RestRefusal| Refusal::from(refusal).status().as_u16();
        assert_eq!(shared(RestRefusal::Network("x".into())), 503);
        assert_eq!(shared(RestRefusal::IntegrationTimeout { milliseconds: 1 }), 503);
        assert_eq!(shared(RestRefusal::InvalidEndpoint("x".into())), 500);
        assert_eq!(shared(RestRefusal::RequestTooLarge), 413);
    }

    #[test]
    fn challenges_are_those_of_bearer_tokens() {
        let check = |challenge: Challenge, header: &str, error: &str| {
            assert_eq!((challenge.header().to_str().unwrap(), &*challenge.error()), (header, error));
        };
        check(Challenge::Missing, "Bearer", "missing: token not provided");
        check(
            Challenge::InvalidToken("the token does not have a valid audience".into()),
            r#"Bearer scope="" error="invalid_token" error_description="the token does not have a valid audience""#,
            "invalid_token: the token does not have a valid audience",
        );
        check(
            Challenge::InsufficientScope("a/b c".to_owned()),
            r#"Bearer scope="a/b c" error="insufficient_scope" error_description="the token does not have any of the required scopes""#,
            "insufficient_scope: the token does not have any of the required scopes",
        );
    }
}
