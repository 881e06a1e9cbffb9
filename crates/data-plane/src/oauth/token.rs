//! `POST /oauth2/token`: a machine asks for an access token.

use std::sync::Arc;

use claviger_oauth::token_error::TokenError;
use claviger_oauth::token_request::TokenRequest;
use claviger_runtime::issuance::{IssueError, Issued};
use claviger_runtime::refusals::Surface;
use claviger_runtime::snapshot::{Pool, Snapshot};
use http::request::Parts;
use http::{Method, Response, StatusCode, header};
use hyper::body::Incoming;

use super::explanation::{Asker, unread};
use super::headers::{error_answer, explained, json_answer, preflight, refused};
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
            return preflight("POST, OPTIONS");
        }
        let form = match read_form(body).await {
            Ok(form) => form,
            Err(error) => return unread(Surface::TokenEndpoint, &error),
        };
        let error = match self.grant(snapshot, pool, parts, &form).await {
            Ok(issued) => return granted(&issued),
            Err(error) => error,
        };
        let response = match &error {
            IssueError::Refused(error) => refused(error),
            // What the pool's own function says is for the caller too.
            IssueError::Hook(error) => {
                error_answer(StatusCode::BAD_REQUEST, "invalid_request", Some(&error.to_string()))
            }
            IssueError::NoKey(_) => {
                tracing::error!(error = &error as &dyn std::error::Error, "no token");
                error_answer(StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", None)
            }
        };
        explained(response, Asker { snapshot, pool, parts, form: &form }.no_token(&error))
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
