//! `/oauth2/userInfo` (OpenID Connect Core 1.0, section 5.3): tells about users, so a machine's token is turned away.

use claviger_oauth::authorize::verify;
use claviger_oauth::refusal::Refusal;
use claviger_resources::UserPoolId;
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode, header};

use super::headers::{empty, error_answer};
use super::text;
use crate::DataPlane;
use crate::body::Body;

impl DataPlane {
    /// Answers the userInfo endpoint. Every token issued here is a machine's and lacks the scope `openid`, so none is
    /// accepted; a request without a token is malformed.
    pub(super) fn user_info(&self, parts: &Parts) -> Response<Body> {
        if parts.method != Method::GET && parts.method != Method::POST {
            return empty(StatusCode::METHOD_NOT_ALLOWED);
        }
        let bearer = text(parts, &header::AUTHORIZATION).and_then(|value| value.split_once(' '));
        match bearer {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() => {
                let snapshot = self.current.load_full();
                let keys = |pool: &UserPoolId| {
                    let pool = snapshot.pool(pool.as_str()).ok_or(Refusal::NoPool)?;
                    pool.keys.as_deref().ok_or(Refusal::NoKeys)
                };
                if verify(token, keys, self.clock.now().seconds()).is_ok() {
                    refuse(StatusCode::UNAUTHORIZED, "invalid_token", "Access token does not contain openid scope")
                } else {
                    refuse(
                        StatusCode::UNAUTHORIZED,
                        "invalid_token",
                        "Access token is expired, disabled, or deleted, or the user has globally signed out.",
                    )
                }
            }
            _ => refuse(StatusCode::BAD_REQUEST, "invalid_request", "Bad OAuth2 request at UserInfo Endpoint"),
        }
    }
}

fn refuse(status: StatusCode, code: &str, description: &str) -> Response<Body> {
    let mut response = error_answer(status, code, Some(description));
    let challenge = format!(r#"error="{code}", error_description="{description}""#);
    if let Ok(challenge) = HeaderValue::try_from(challenge) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}
