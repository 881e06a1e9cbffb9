//! What the audit log is told of requests for tokens, and about them.

use std::sync::Arc;

use bytes::Bytes;
use claviger_resources::ClientId;
use claviger_runtime::audit::{Endpoint, Source, TokenRequest, unsigned};
use claviger_runtime::refusals::Refused;
use claviger_runtime::snapshot::{Pool, Snapshot};
use http::request::Parts;
use http::{HeaderValue, Response, header};

use super::headers::REQUEST_ID;
use crate::body::Body;
use crate::ids::uuid;
use crate::{Arrival, DataPlane};

/// What was seen of a request while it was answered.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) form: Bytes,
    pub(super) pool: Option<Arc<Pool>>,
    pub(super) client: Option<ClientId>,
    /// An access token without its signature.
    pub(super) issued: Option<String>,
    /// Whether anybody wants to know.
    is_wanted: bool,
}

impl Seen {
    /// The form that was read.
    pub(super) fn form(&mut self, form: &Bytes) {
        if self.is_wanted {
            self.form = form.clone();
        }
    }

    /// The pool that was asked, and the client that asked it, as far as they are there.
    pub(super) fn asker(&mut self, snapshot: &Snapshot, pool: Option<&Arc<Pool>>, client_id: &str) {
        if self.is_wanted {
            self.pool = pool.cloned();
            self.client = snapshot.client(client_id).map(|client| client.id.clone());
        }
    }

    /// The access token that was issued.
    pub(super) fn issued(&mut self, token: &str) {
        if self.is_wanted {
            self.issued = Some(unsigned(token));
        }
    }
}

impl DataPlane {
    /// What is to be seen of a request.
    pub(super) fn watch(&self) -> Seen {
        Seen { is_wanted: self.audit.records_tokens(), ..Seen::default() }
    }

    /// Gives an answer its id, and has the request recorded when it was for a token, or about one.
    pub(super) fn identified(
        &self,
        mut response: Response<Body>,
        endpoint: Option<Endpoint>,
        parts: &Parts,
        arrival: Arrival<'_>,
        seen: Seen,
    ) -> Response<Body> {
        let id = uuid();
        if let Ok(id) = HeaderValue::try_from(&id) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
        let Some(endpoint) = endpoint.filter(|_| seen.is_wanted) else { return response };
        let Seen { form, pool, client, issued, .. } = seen;
        let refused = response.extensions().get::<Refused>();
        let refusal =
            refused.map(|refused| (refused.code().unwrap_or_default().to_owned(), refused.reason().to_owned()));
        let (method, uri, status) = (parts.method.clone(), parts.uri.clone(), response.status().as_u16());
        let request =
            TokenRequest { request_id: id, endpoint, method, uri, form, pool, client, status, refusal, issued };
        self.audit.token_request(request, source(parts, arrival));
        response
    }
}

fn source(parts: &Parts, arrival: Arrival<'_>) -> Source {
    Source {
        ip: arrival.peer.ip(),
        user_agent: parts.headers.get(header::USER_AGENT).cloned(),
        encryption: arrival.encryption,
        host: arrival.host.to_owned(),
    }
}
