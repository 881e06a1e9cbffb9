//! `/oauth2/userInfo` (OpenID Connect Core 1.0, section 5.3): tells about users, so a machine's token is turned away.

use claviger_oauth::authorize::verify;
use claviger_oauth::refusal::Refusal;
use claviger_resources::UserPoolId;
use claviger_runtime::refusals::{Refused, Surface};
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode, header};

use super::explanation::not_allowed;
use super::headers::{error_answer, explained, preflight};
use super::text;
use crate::body::Body;
use crate::{DataPlane, token_facts};

impl DataPlane {
    /// Answers the userInfo endpoint. Every token issued here is a machine's and lacks the scope `openid`, so none is
    /// accepted; a request without a token is malformed.
    pub(super) fn user_info(&self, parts: &Parts) -> Response<Body> {
        if parts.method == Method::OPTIONS {
            return preflight("GET, POST, OPTIONS");
        }
        if parts.method != Method::GET && parts.method != Method::POST {
            return not_allowed(Surface::UserInfo, "the request must be a GET or a POST");
        }
        let bearer = text(parts, &header::AUTHORIZATION).and_then(|value| value.split_once(' '));
        let bearer = bearer.filter(|(scheme, token)| scheme.eq_ignore_ascii_case("bearer") && !token.is_empty());
        let Some((_, token)) = bearer else {
            let refused = Refused::new(Surface::UserInfo, "the Authorization header does not hold a bearer token");
            return refuse(
                StatusCode::BAD_REQUEST,
                "invalid_request",
                "Bad OAuth2 request at UserInfo Endpoint",
                refused,
            );
        };
        let snapshot = self.current.load_full();
        let keys = |pool: &UserPoolId| {
            let pool = snapshot.pool(pool.as_str()).ok_or(Refusal::NoPool)?;
            pool.keys.as_deref().ok_or(Refusal::NoKeys)
        };
        let now = self.clock.now();
        let (description, reason, setting) = match verify(token, keys, now.seconds()) {
            Ok(_) => (
                "Access token does not contain openid scope",
                "the token does not carry the scope openid".to_owned(),
                Some("the scope openid is only in tokens that a user's sign-in page granted".to_owned()),
            ),
            Err(refusal) => (
                "Access token is expired, disabled, or deleted, or the user has globally signed out.",
                refusal.to_string(),
                token_facts::times(&refusal, token, now),
            ),
        };
        let refused = Refused::new(Surface::UserInfo, reason).with_setting(setting).concealing(token);
        refuse(StatusCode::UNAUTHORIZED, "invalid_token", description, token_facts::about(refused, token))
    }
}

fn refuse(status: StatusCode, code: &str, description: &str, refused: Refused) -> Response<Body> {
    let mut response = error_answer(status, code, Some(description));
    let challenge = format!(r#"error="{code}", error_description="{description}""#);
    if let Ok(challenge) = HeaderValue::try_from(challenge) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    explained(response, refused.with_code(code))
}
