//! `/oauth2/userInfo` (OpenID Connect Core 1.0, section 5.3): tells about users, so a machine's token is turned away.

use std::sync::Arc;

use claviger_oauth::authorize::UserToken;
use claviger_oauth::refusal::Refusal;
use claviger_runtime::refusals::{Refused, Surface};
use claviger_runtime::sessions::{SessionError, UserInfo};
use claviger_runtime::snapshot::Pool;
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode, header};
use serde_json::Value;

use super::explanation::not_allowed;
use super::headers::{error_answer, explained, json_answer, preflight};
use super::text;
use crate::body::Body;
use crate::{DataPlane, token_facts};

const NO_OPENID: &str = "Access token does not contain openid scope";
const VOID: &str = "Access token is expired, disabled, or deleted, or the user has globally signed out.";

impl DataPlane {
    /// Answers the userInfo endpoint. A token without the scope `openid` is not accepted, and machines' never have it; a
    /// request without a token is malformed.
    pub(super) async fn user_info(&self, pool: Option<&Arc<Pool>>, parts: &Parts) -> Response<Body> {
        if parts.method == Method::OPTIONS {
            return preflight("GET, POST, OPTIONS");
        }
        if parts.method != Method::GET && parts.method != Method::POST {
            return not_allowed(Surface::UserInfo, "the request must be a GET or a POST");
        }
        let bearer = text(parts, &header::AUTHORIZATION).and_then(|value| value.split_once(' '));
        let bearer = bearer.filter(|(scheme, token)| scheme.eq_ignore_ascii_case("bearer") && !token.is_empty());
        let Some((_, text)) = bearer else {
            let refused = Refused::new(Surface::UserInfo, "the Authorization header does not hold a bearer token");
            return refuse(
                StatusCode::BAD_REQUEST,
                "invalid_request",
                "Bad OAuth2 request at UserInfo Endpoint",
                refused,
            );
        };
        let token = match self.issuance.user_token(text) {
            Ok(token) if pool.is_some_and(|pool| pool.id != token.pool) => {
                return invalid(text, VOID, "the token was issued by another user pool".to_owned(), None);
            }
            Ok(token) if !token.has_scope("openid") => return without_openid(text),
            Ok(token) => token,
            Err(Refusal::MissingScope(_) | Refusal::WrongTokenUse { .. }) => return without_openid(text),
            Err(refusal) => {
                return invalid(text, VOID, refusal.to_string(), token_facts::times(&refusal, text, self.clock.now()));
            }
        };
        match self.sessions.user_info(request(token)).await {
            Ok(claims) => json_answer(StatusCode::OK, Value::Object(claims).to_string()),
            Err(error @ (SessionError::NoUser | SessionError::NoClient)) => {
                invalid(text, VOID, error.to_string(), None)
            }
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "no user info");
                let refused = Refused::new(Surface::UserInfo, error.to_string()).concealing(text);
                let answer = error_answer(StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", None);
                explained(answer, refused.with_code("temporarily_unavailable"))
            }
        }
    }
}

fn without_openid(token: &str) -> Response<Body> {
    let setting =
        "the scope openid is only in tokens that were granted it, which a sign-in through the API does not do";
    let reason = "the token does not carry the scope openid";
    invalid(token, NO_OPENID, reason.to_owned(), Some(setting.to_owned()))
}

fn invalid(token: &str, description: &str, reason: String, setting: Option<String>) -> Response<Body> {
    let refused = Refused::new(Surface::UserInfo, reason).with_setting(setting).concealing(token);
    refuse(StatusCode::UNAUTHORIZED, "invalid_token", description, token_facts::about(refused, token))
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

fn refuse(status: StatusCode, code: &str, description: &str, refused: Refused) -> Response<Body> {
    let mut response = error_answer(status, code, Some(description));
    let challenge = format!(r#"error="{code}", error_description="{description}""#);
    if let Ok(challenge) = HeaderValue::try_from(challenge) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    explained(response, refused.with_code(code))
}
