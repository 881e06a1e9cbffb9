//! What an app client asks about a token, having proved who it is: the common beginning of revocation and introspection
//! (RFC 7009, section 2.1; RFC 7662, section 2.1).

use std::sync::Arc;

use bytes::Bytes;
use claviger_oauth::client_credentials::authenticate;
use claviger_oauth::token_error::TokenError;
use claviger_oauth::token_request::{Credentials, Form, is_form};
use claviger_runtime::refusals::Surface;
use claviger_runtime::snapshot::{Pool, Snapshot};
use http::request::Parts;
use http::{Response, StatusCode, header};
use hyper::body::Incoming;

use super::explanation::{Asker, not_allowed, unread};
use super::headers::{error_answer, explained};
use super::recorded::Seen;
use super::{is_post, pool_of_client, read_form, text};
use crate::DataPlane;
use crate::body::Body;

/// What was asked, by a client that proved who it is.
pub(super) struct Asked<'a> {
    pub(super) token: String,
    pub(super) client_id: String,
    pub(super) pool: Arc<Pool>,
    surface: Surface,
    snapshot: &'a Snapshot,
    parts: &'a Parts,
    form: Bytes,
}

impl Asked<'_> {
    /// A refusal with its reason.
    pub(super) fn refuse(
        &self,
        status: StatusCode,
        code: &str,
        reason: String,
        setting: Option<String>,
    ) -> Response<Body> {
        let asker = Asker { snapshot: self.snapshot, pool: Some(&self.pool), parts: self.parts, form: &self.form };
        explained(error_answer(status, code, None), asker.refused(self.surface, code, reason, setting))
    }
}

impl DataPlane {
    /// Reads what is asked, and holds the client to its secret.
    pub(super) async fn asked<'a>(
        &self,
        surface: Surface,
        snapshot: &'a Snapshot,
        pool: Option<&Arc<Pool>>,
        parts: &'a Parts,
        body: Incoming,
        seen: &mut Seen,
    ) -> Result<Asked<'a>, Response<Body>> {
        if !is_post(parts) || !is_form(text(parts, &header::CONTENT_TYPE)) {
            return Err(not_allowed(surface, "the request must be a POST of application/x-www-form-urlencoded"));
        }
        let form = read_form(body).await.map_err(|error| unread(surface, &error))?;
        seen.form(&form);
        let asker = Asker { snapshot, pool, parts, form: &form };
        let refuse = |status, code, error: &TokenError, setting| {
            explained(error_answer(status, code, None), asker.refused(surface, code, error.to_string(), setting))
        };
        let invalid_request = |error: TokenError| refuse(StatusCode::BAD_REQUEST, "invalid_request", &error, None);
        let invalid_client =
            |error: TokenError| refuse(StatusCode::UNAUTHORIZED, "invalid_client", &error, asker.setting(&error));
        let parameters = Form::parse(parts.uri.query(), &form).map_err(invalid_request)?;
        let token =
            parameters.get("token").ok_or_else(|| invalid_request(TokenError::Malformed("token is missing")))?;
        let authorization = text(parts, &header::AUTHORIZATION);
        let credentials = Credentials::of(authorization, &parameters).map_err(invalid_client)?;
        let pool = pool.or_else(|| pool_of_client(snapshot, &credentials));
        seen.asker(snapshot, pool, &credentials.client_id);
        let client = snapshot.client_of(pool.map(AsRef::as_ref), &credentials.client_id);
        authenticate(&credentials, client, self.issuance.digest_key()).map_err(invalid_client)?;
        let pool = pool.cloned().ok_or_else(|| invalid_client(TokenError::UnknownClient))?;
        let (token, client_id) = (token.into_owned(), credentials.client_id.into_owned());
        Ok(Asked { token, client_id, pool, surface, snapshot, parts, form })
    }
}
