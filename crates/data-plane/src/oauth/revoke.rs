//! `POST /oauth2/revoke` (RFC 7009): revokes the refresh tokens of users. Machines have none.

use std::sync::Arc;

use claviger_oauth::client_credentials::authenticate;
use claviger_oauth::jose::Token;
use claviger_oauth::token_request::{Form, is_form};
use claviger_runtime::sessions::{RefreshError, SessionError};
use claviger_runtime::snapshot::{Pool, Snapshot};
use http::request::Parts;
use http::{Response, StatusCode, header};
use hyper::body::Incoming;

use super::headers::{empty, error_answer};
use super::{credentials, is_post, pool_of_client, read_form, text};
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
        if !is_post(parts) || !is_form(text(parts, &header::CONTENT_TYPE)) {
            return empty(StatusCode::METHOD_NOT_ALLOWED);
        }
        let invalid_request = |status| error_answer(status, "invalid_request", None);
        let form = match read_form(body).await {
            Ok(form) => form,
            Err(status) => return invalid_request(status),
        };
        let Ok(form) = Form::parse(parts.uri.query(), &form) else {
            return invalid_request(StatusCode::BAD_REQUEST);
        };
        let Some(token) = form.get("token") else { return invalid_request(StatusCode::BAD_REQUEST) };
        let Some(credentials) = credentials(parts, &form) else {
            return error_answer(StatusCode::UNAUTHORIZED, "invalid_client", None);
        };
        let pool = pool.or_else(|| pool_of_client(snapshot, &credentials));
        let client = snapshot.client(&credentials.client_id);
        let client = client.filter(|client| pool.is_some_and(|pool| client.pool == pool.id)).map(AsRef::as_ref);
        if authenticate(&credentials, client, self.issuance.digest_key()).is_err() {
            return error_answer(StatusCode::UNAUTHORIZED, "invalid_client", None);
        }
        // An access token cannot be revoked here.
        if Token::parse(&token).is_ok() {
            return error_answer(StatusCode::BAD_REQUEST, "unsupported_token_type", None);
        }
        match self.sessions.revoke(&credentials.client_id, &token).await {
            // What is no token of this client counts as revoked already.
            Ok(()) | Err(SessionError::NoClient | SessionError::Refresh(RefreshError::Invalid)) => {
                empty(StatusCode::OK)
            }
            Err(SessionError::RevocationDisabled) => invalid_request(StatusCode::BAD_REQUEST),
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "no revocation");
                error_answer(StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", None)
            }
        }
    }
}
