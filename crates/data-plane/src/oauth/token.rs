//! `POST /oauth2/token`: a machine asks for an access token, or a user's are renewed.

use std::sync::Arc;

use claviger_oauth::token_error::TokenError;
use claviger_oauth::token_request::{GrantType, TokenRequest};
use claviger_runtime::issuance::{IssueError, Issued, UserTokens};
use claviger_runtime::refusals::Surface;
use claviger_runtime::sessions::{RefreshError, Renewed, SessionError};
use claviger_runtime::snapshot::{Pool, Snapshot};
use http::request::Parts;
use http::{Method, Response, StatusCode, header};
use hyper::body::Incoming;

use super::explanation::{Asker, unread};
use super::headers::{error_answer, explained, json_answer, preflight, refused};
use super::recorded::Seen;
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
        seen: &mut Seen,
    ) -> Response<Body> {
        if parts.method == Method::OPTIONS {
            return preflight("POST, OPTIONS");
        }
        let form = match read_form(body).await {
            Ok(form) => form,
            Err(error) => return unread(Surface::TokenEndpoint, &error),
        };
        seen.form(&form);
        let error = match self.grant(snapshot, pool, parts, &form, seen).await {
            Ok(Granted::Machine(issued)) => {
                seen.issued(&issued.access_token);
                return granted(&issued);
            }
            Ok(Granted::User(renewed)) => {
                seen.issued(&renewed.tokens.access_token);
                return renewed_answer(&renewed);
            }
            Err(error) => error,
        };
        let response = match &error {
            SessionError::Issue(IssueError::Refused(error)) => refused(error),
            // What the pool's own function says is for the caller too.
            SessionError::Issue(IssueError::Hook(error)) => {
                error_answer(StatusCode::BAD_REQUEST, "invalid_request", Some(&error.to_string()))
            }
            error => {
                tracing::error!(error = error as &dyn std::error::Error, "no token");
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
        seen: &mut Seen,
    ) -> Result<Granted, SessionError> {
        if !is_post(parts) {
            return Err(refuse(TokenError::NotAForm));
        }
        let (content_type, authorization) = (text(parts, &header::CONTENT_TYPE), text(parts, &header::AUTHORIZATION));
        let request = TokenRequest::parse(content_type, authorization, parts.uri.query(), form).map_err(refuse)?;
        let pool = pool.or_else(|| pool_of_client(snapshot, &request.credentials));
        seen.asker(snapshot, pool, &request.credentials.client_id);
        let pool = pool.map(AsRef::as_ref);
        if let Some(rates) = &self.issuance.limits().rates
            && let Some(client) = snapshot.client(&request.credentials.client_id)
        {
            rates.client(&client.id).map_err(TokenError::from).map_err(refuse)?;
        }
        match &request.refresh_token {
            Some(token) if request.grant_type == GrantType::RefreshToken => {
                let client = self.issuance.admit(snapshot, pool, &request).map_err(refuse)?;
                let renewed = self.sessions.renew(client.id.as_str(), token).await;
                renewed.map(Granted::User).map_err(as_token_error)
            }
            _ => Ok(Granted::Machine(self.issuance.client_credentials(snapshot, pool, &request).await?)),
        }
    }
}

/// What was granted.
enum Granted {
    /// A machine's token.
    Machine(Issued),
    /// A user's new tokens.
    User(Renewed),
}

fn refuse(error: TokenError) -> SessionError {
    IssueError::from(error).into()
}

/// A refresh token that is not good is refused as any other grant; what broke stays what it is.
fn as_token_error(error: SessionError) -> SessionError {
    match error {
        SessionError::Refresh(RefreshError::Store(error)) => SessionError::Store(error),
        SessionError::Refresh(error) => refuse(TokenError::RefreshToken(error.to_string().into())),
        SessionError::NoClient => refuse(TokenError::UnknownClient),
        other => other,
    }
}

/// The members in the order Cognito writes them for the grants of users; a refresh token only where there is a new one.
fn renewed_answer(renewed: &Renewed) -> Response<Body> {
    let UserTokens { access_token, id_token, expires_in } = &renewed.tokens;
    let mut answer = serde_json::json!({ "id_token": id_token, "access_token": access_token });
    if let Some(members) = answer.as_object_mut() {
        if let Some(token) = &renewed.refresh_token {
            members.insert("refresh_token".to_owned(), token.as_str().into());
        }
        members.insert("expires_in".to_owned(), (*expires_in).into());
        members.insert("token_type".to_owned(), "Bearer".into());
    }
    json_answer(StatusCode::OK, answer.to_string())
}

/// The members in the order Cognito writes them; a machine gets no refresh token and is not told its scopes.
fn granted(issued: &Issued) -> Response<Body> {
    let (token, lifetime) = (&issued.access_token, issued.expires_in);
    let json = format!(r#"{{"access_token":"{token}","expires_in":{lifetime},"token_type":"Bearer"}}"#);
    json_answer(StatusCode::OK, json)
}
