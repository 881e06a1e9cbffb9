//! `POST /oauth2/revoke` (RFC 7009): revokes the refresh tokens of users. Machines have none, and their access tokens
//! cannot be revoked there, as at AWS; at `/_claviger/revoke` they can.

use std::sync::Arc;

use claviger_oauth::jose::Token;
use claviger_resources::revocation::Revocation;
use claviger_runtime::audit::Endpoint;
use claviger_runtime::refusals::Surface;
use claviger_runtime::revocations::RevokeError;
use claviger_runtime::sessions::{RefreshError, SessionError};
use claviger_runtime::snapshot::{Pool, Snapshot};
use http::request::Parts;
use http::{Method, Response, StatusCode};
use hyper::body::Incoming;

use super::asked::Asked;
use super::headers::{empty, preflight};
use super::recorded::Seen;
use crate::body::Body;
use crate::{Arrival, DataPlane};

impl DataPlane {
    /// Answers the revocation endpoint of AWS.
    pub(super) async fn revoke(
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
        let asked = match self.asked(Surface::Revocation, snapshot, pool, parts, body, seen).await {
            Ok(asked) => asked,
            Err(refused) => return refused,
        };
        // An access token cannot be revoked here.
        if Token::parse(&asked.token).is_ok() {
            let reason = "the token is no refresh token, and no other can be revoked at this address";
            return asked.refuse(StatusCode::BAD_REQUEST, "unsupported_token_type", reason.to_owned(), None);
        }
        self.revoke_session(&asked).await
    }

    /// Answers our own revocation endpoint (RFC 7009): an app client gives up a token that it was issued.
    pub async fn revoke_token(&self, arrival: Arrival<'_>, parts: &Parts, body: Incoming) -> Response<Body> {
        let mut seen = self.watch();
        let response = self.token_revoked(parts, body, &mut seen).await;
        self.identified(response, Some(Endpoint::OwnRevoke), parts, arrival, seen)
    }

    async fn token_revoked(&self, parts: &Parts, body: Incoming, seen: &mut Seen) -> Response<Body> {
        let snapshot = self.current.load_full();
        let asked = match self.asked(Surface::Revocation, &snapshot, None, parts, body, seen).await {
            Ok(asked) => asked,
            Err(refused) => return refused,
        };
        if Token::parse(&asked.token).is_err() {
            return self.revoke_session(&asked).await;
        }
        let now = self.clock.now();
        let verified = self.tokens.verify(&snapshot, &asked.token, |pool| *pool == asked.pool.id, now.seconds());
        // What is no token, or none any more, counts as revoked already.
        let Ok(token) = verified else { return empty(StatusCode::OK) };
        if token.client() != Some(&*asked.client_id) {
            let reason = "the token was issued to another app client".to_owned();
            return asked.refuse(StatusCode::BAD_REQUEST, "unauthorized_client", reason, None);
        }
        let Some(id) = token.id() else {
            let reason = "the token has no id (jti) to be revoked by".to_owned();
            return asked.refuse(StatusCode::BAD_REQUEST, "unsupported_token_type", reason, None);
        };
        let revocation = Revocation::of_token(asked.pool.id.clone(), asked.pool.tenant.clone(), id.to_owned(), now);
        match self.revocations.revoke(revocation).await {
            Ok(()) => empty(StatusCode::OK),
            Err(error) => {
                if !matches!(error, RevokeError::TooMany) {
                    tracing::error!(error = &error as &dyn std::error::Error, "no revocation");
                }
                asked.refuse(StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", error.to_string(), None)
            }
        }
    }

    async fn revoke_session(&self, asked: &Asked<'_>) -> Response<Body> {
        match self.sessions.revoke(&asked.client_id, &asked.token).await {
            // What is no token of this client counts as revoked already.
            Ok(()) | Err(SessionError::NoClient | SessionError::Refresh(RefreshError::Invalid)) => {
                empty(StatusCode::OK)
            }
            Err(error @ SessionError::RevocationDisabled) => {
                let setting = Some("EnableTokenRevocation of the app client is false".to_owned());
                asked.refuse(StatusCode::BAD_REQUEST, "invalid_request", error.to_string(), setting)
            }
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "no revocation");
                asked.refuse(StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", error.to_string(), None)
            }
        }
    }
}
