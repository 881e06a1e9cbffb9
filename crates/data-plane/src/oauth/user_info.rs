//! `/oauth2/userInfo` (OpenID Connect Core 1.0, section 5.3): tells about users, so a machine's token is turned away.

use std::sync::Arc;

use claviger_oauth::authorize::UserToken;
use claviger_oauth::refusal::Refusal;
use claviger_runtime::sessions::{SessionError, UserInfo};
use claviger_runtime::snapshot::Pool;
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode, header};
use serde_json::Value;

use super::headers::{empty, error_answer, json_answer};
use super::text;
use crate::DataPlane;
use crate::body::Body;

const NO_OPENID: &str = "Access token does not contain openid scope";
const VOID: &str = "Access token is expired, disabled, or deleted, or the user has globally signed out.";

impl DataPlane {
    /// Answers the userInfo endpoint. A token without the scope `openid` is not accepted, and machines' never have it; a
    /// request without a token is malformed.
    pub(super) async fn user_info(&self, pool: Option<&Arc<Pool>>, parts: &Parts) -> Response<Body> {
        if parts.method != Method::GET && parts.method != Method::POST {
            return empty(StatusCode::METHOD_NOT_ALLOWED);
        }
        let bearer = text(parts, &header::AUTHORIZATION).and_then(|value| value.split_once(' '));
        let token = match bearer {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() => token,
            _ => return refuse(StatusCode::BAD_REQUEST, "invalid_request", "Bad OAuth2 request at UserInfo Endpoint"),
        };
        let invalid = |description| refuse(StatusCode::UNAUTHORIZED, "invalid_token", description);
        match self.issuance.user_token(token) {
            Ok(token) if pool.is_some_and(|pool| pool.id != token.pool) => invalid(VOID),
            Ok(token) if !token.has_scope("openid") => invalid(NO_OPENID),
            Ok(token) => match self.sessions.user_info(request(token)).await {
                Ok(claims) => json_answer(StatusCode::OK, Value::Object(claims).to_string()),
                Err(SessionError::NoUser | SessionError::NoClient) => invalid(VOID),
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "no user info");
                    error_answer(StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", None)
                }
            },
            Err(Refusal::MissingScope(_) | Refusal::WrongTokenUse { .. }) => invalid(NO_OPENID),
            Err(_) => invalid(VOID),
        }
    }
}

fn request(token: UserToken) -> UserInfo {
    UserInfo {
        pool: token.pool,
        sub: token.sub,
        client: token.client,
        scope: token.scope,
        session: token.session,
        issued_at_seconds: token.issued_at,
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
