//! The OAuth endpoints of user pools: the token endpoint, key sets and discovery, revocation, userInfo.
//!
//! A pool is found by the domain in the host, or, on a host that names none, by the client that asks.

mod headers;
mod revoke;
mod token;
mod user_info;
mod well_known;

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use claviger_oauth::token_error::TokenError;
use claviger_oauth::token_request::{Credentials, Form};
use claviger_resources::Region;
use claviger_runtime::snapshot::{Pool, Snapshot};
use http::request::Parts;
use http::{Method, Response, StatusCode, header};
use hyper::body::Incoming;

use self::headers::{empty, error_answer, refused};
use crate::DataPlane;
use crate::body::{self, Body};

/// Bytes of the largest form an OAuth endpoint reads.
const FORM_BYTES_MAX: usize = 64 * 1024;
/// How long a form may take to arrive.
const FORM_DURATION_MAX: Duration = Duration::from_secs(30);

/// How the host of a request names a pool.
#[derive(Clone, Copy, Debug)]
pub enum Domain<'a> {
    /// A prefix domain.
    Prefix {
        /// The prefix.
        prefix: &'a str,
        /// The region in the host.
        region: &'a str,
    },
    /// A custom domain: the host itself.
    Custom(&'a str),
    /// The host names no pool.
    None,
}

impl DataPlane {
    /// Answers a request to `/oauth2/…`, `/login` or `/logout`.
    pub async fn oauth(&self, domain: Domain<'_>, peer: IpAddr, parts: &Parts, body: Incoming) -> Response<Body> {
        let snapshot = self.current.load_full();
        let pool = match find_pool(&snapshot, domain) {
            Ok(pool) => pool,
            Err(NoSuchDomain) => return empty(StatusCode::NOT_FOUND),
        };
        if let Err(error) = self.count_at_domain(domain, peer) {
            tracing::debug!(reason = %error, "not answered");
            return refused(&error);
        }
        match parts.uri.path() {
            "/oauth2/token" => self.token(&snapshot, pool, parts, body).await,
            "/oauth2/revoke" => self.revoke(&snapshot, pool, parts, body).await,
            "/oauth2/userInfo" | "/oauth2/userinfo" => self.user_info(parts),
            _ => error_answer(
                StatusCode::NOT_FOUND,
                "not_served",
                Some("sign-in pages and user flows are not served; machines use /oauth2/token"),
            ),
        }
    }
}

impl DataPlane {
    /// Counts a request against the rates that AWS has for domains, where they are enforced.
    fn count_at_domain(&self, domain: Domain<'_>, peer: IpAddr) -> Result<(), TokenError> {
        let Some(rates) = &self.issuance.limits().rates else { return Ok(()) };
        let host = match domain {
            Domain::None => None,
            Domain::Custom(host) => Some(Cow::Borrowed(host)),
            Domain::Prefix { prefix, region } => Some(Cow::Owned(format!("{prefix}.{region}"))),
        };
        Ok(rates.domain(peer, host.as_deref())?)
    }
}

/// The host names a domain that no pool has.
struct NoSuchDomain;

fn find_pool<'s>(snapshot: &'s Snapshot, domain: Domain<'_>) -> Result<Option<&'s Arc<Pool>>, NoSuchDomain> {
    match domain {
        Domain::None => Ok(None),
        Domain::Custom(host) => snapshot.pool_of_custom_domain(host).map(Some).ok_or(NoSuchDomain),
        Domain::Prefix { prefix, region } => {
            let region = Region::parse(region).map_err(|_| NoSuchDomain)?;
            snapshot.pool_of_prefix(&region, prefix).map(Some).ok_or(NoSuchDomain)
        }
    }
}

/// A form that was sent to an OAuth endpoint, whole.
async fn read_form(body: Incoming) -> Result<Bytes, StatusCode> {
    body::read(body, FORM_BYTES_MAX, FORM_DURATION_MAX).await.map_err(|error| match error {
        body::ReadError::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        body::ReadError::TooSlow => StatusCode::REQUEST_TIMEOUT,
        body::ReadError::Broken(_) => StatusCode::BAD_REQUEST,
    })
}

fn text<'p>(parts: &'p Parts, name: &header::HeaderName) -> Option<&'p str> {
    // A header that is not text is not what it should be; an empty one says so without another case.
    parts.headers.get(name).map(|value| value.to_str().unwrap_or_default())
}

/// The pool of the client that a request names, for hosts that name no pool.
fn pool_of_client<'s>(snapshot: &'s Snapshot, credentials: &Credentials<'_>) -> Option<&'s Arc<Pool>> {
    snapshot.pool(snapshot.client(&credentials.client_id)?.pool.as_str())
}

fn credentials<'a>(parts: &Parts, form: &Form<'a>) -> Option<Credentials<'a>> {
    Credentials::of(text(parts, &header::AUTHORIZATION), form).ok()
}

fn is_post(parts: &Parts) -> bool {
    parts.method == Method::POST
}
