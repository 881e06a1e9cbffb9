//! `POST /oauth2/token`: a machine asks for an access token.

use std::sync::Arc;

use claviger_oauth::token_error::TokenError;
use claviger_oauth::token_request::TokenRequest;
use claviger_runtime::issuance::{IssueError, Issued};
use claviger_runtime::snapshot::{Pool, Snapshot};
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode, header};
use hyper::body::Incoming;

use super::headers::{empty, error_answer, json_answer, refused};
use super::{is_post, pool_of_client, read_form, text};
use crate::DataPlane;
use crate::body::Body;

impl DataPlane {
    /// Answers the token endpoint.
    pub(super) async fn token(
        &self,
        snapshot: &Snapshot,
        pool: Option<&Arc<Pool>>,
        parts: &Parts,
        body: Incoming,
    ) -> Response<Body> {
        if parts.method == Method::OPTIONS {
            return preflight();
        }
        let form = match read_form(body).await {
            Ok(form) => form,
            Err(status) => return error_answer(status, "invalid_request", None),
        };
        match self.grant(snapshot, pool, parts, &form).await {
            Ok(issued) => granted(&issued),
            Err(IssueError::Refused(error)) => {
                tracing::debug!(reason = %error, "no token");
                refused(&error)
            }
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "no token");
                error_answer(StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", None)
            }
        }
    }

    async fn grant(
        &self,
        snapshot: &Snapshot,
        pool: Option<&Arc<Pool>>,
        parts: &Parts,
        form: &[u8],
    ) -> Result<Issued, IssueError> {
        if !is_post(parts) {
            return Err(TokenError::NotAForm.into());
        }
        let (content_type, authorization) = (text(parts, &header::CONTENT_TYPE), text(parts, &header::AUTHORIZATION));
        let request = TokenRequest::parse(content_type, authorization, parts.uri.query(), form)?;
        let pool = pool.or_else(|| pool_of_client(snapshot, &request.credentials));
        if let Some(rates) = &self.issuance.limits().rates
            && let Some(client) = snapshot.client(&request.credentials.client_id)
        {
            rates.client(&client.id).map_err(TokenError::from)?;
        }
        self.issuance.client_credentials(snapshot, pool.map(AsRef::as_ref), &request).await
    }
}

/// The members in the order Cognito writes them; a machine gets no refresh token and is not told its scopes.
fn granted(issued: &Issued) -> Response<Body> {
    let (token, lifetime) = (&issued.access_token, issued.expires_in);
    let json = format!(r#"{{"access_token":"{token}","expires_in":{lifetime},"token_type":"Bearer"}}"#);
    json_answer(StatusCode::OK, json)
}

/// What a browser asks before it sends a form with an `Authorization` header.
fn preflight() -> Response<Body> {
    let mut response = empty(StatusCode::OK);
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST, OPTIONS"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("Authorization, Content-Type"));
    response
}
