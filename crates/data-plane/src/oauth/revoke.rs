//! `POST /oauth2/revoke` (RFC 7009): revokes the refresh tokens of users. Machines have none.

use std::sync::Arc;

use claviger_oauth::client_credentials::authenticate;
use claviger_oauth::jose::Token;
use claviger_oauth::token_error::TokenError;
use claviger_oauth::token_request::{Credentials, Form, is_form};
use claviger_runtime::refusals::Surface;
use claviger_runtime::sessions::{RefreshError, SessionError};
use claviger_runtime::snapshot::{Pool, Snapshot};
use http::request::Parts;
use http::{Method, Response, StatusCode, header};
use hyper::body::Incoming;

use super::explanation::{Asker, not_allowed, unread};
use super::headers::{empty, error_answer, explained, preflight};
use super::{is_post, pool_of_client, read_form, text};
use crate::DataPlane;
use crate::body::Body;

impl DataPlane {
    /// Answers the revocation endpoint.
    pub(super) async fn revoke(
        &self,
        snapshot: &Snapshot,
        pool: Option<&Arc<Pool>>,
        parts: &Parts,
        body: Incoming,
    ) -> Response<Body> {
        if parts.method == Method::OPTIONS {
            return preflight("POST, OPTIONS");
        }
        if !is_post(parts) || !is_form(text(parts, &header::CONTENT_TYPE)) {
            return not_allowed(Surface::Revocation, "the request must be a POST of application/x-www-form-urlencoded");
        }
        let form = match read_form(body).await {
            Ok(form) => form,
            Err(error) => return unread(Surface::Revocation, &error),
        };
        let asker = Asker { snapshot, pool, parts, form: &form };
        let refuse = |status, code, reason: String, setting| {
            explained(error_answer(status, code, None), asker.refused(Surface::Revocation, code, reason, setting))
        };
        let invalid_request =
            |error: &TokenError| refuse(StatusCode::BAD_REQUEST, "invalid_request", error.to_string(), None);
        let invalid_client = |error: &TokenError| {
            refuse(StatusCode::UNAUTHORIZED, "invalid_client", error.to_string(), asker.setting(error))
        };
        let parameters = match Form::parse(parts.uri.query(), &form) {
            Ok(parameters) => parameters,
            Err(error) => return invalid_request(&error),
        };
        let Some(token) = parameters.get("token") else {
            return invalid_request(&TokenError::Malformed("token is missing"));
        };
        let credentials = match Credentials::of(text(parts, &header::AUTHORIZATION), &parameters) {
            Ok(credentials) => credentials,
            Err(error) => return invalid_client(&error),
        };
        let pool = pool.or_else(|| pool_of_client(snapshot, &credentials));
        let client = snapshot.client_of(pool.map(AsRef::as_ref), &credentials.client_id);
        if let Err(error) = authenticate(&credentials, client, self.issuance.digest_key()) {
            return invalid_client(&error);
        }
        // An access token cannot be revoked here.
        if Token::parse(&token).is_ok() {
            let reason = "the token is no refresh token, and no other can be revoked";
            return refuse(StatusCode::BAD_REQUEST, "unsupported_token_type", reason.to_owned(), None);
        }
        match self.sessions.revoke(&credentials.client_id, &token).await {
            // What is no token of this client counts as revoked already.
            Ok(()) | Err(SessionError::NoClient | SessionError::Refresh(RefreshError::Invalid)) => {
                empty(StatusCode::OK)
            }
            Err(error @ SessionError::RevocationDisabled) => {
                let setting = Some("EnableTokenRevocation of the app client is false".to_owned());
                refuse(StatusCode::BAD_REQUEST, "invalid_request", error.to_string(), setting)
            }
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "no revocation");
                refuse(StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", error.to_string(), None)
            }
        }
    }
}
