//! The OAuth endpoints of user pools: the token endpoint, key sets and discovery, revocation, userInfo.
//!
//! A pool is found by the domain in the host, or, on a host that names none, by the client that asks.

mod asked;
mod explanation;
mod headers;
mod hosted_pages;
mod introspection;
mod recorded;
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
use claviger_oauth::token_request::Credentials;
use claviger_resources::Region;
use claviger_runtime::audit::Endpoint;
use claviger_runtime::refusals::{Refused, Surface};
use claviger_runtime::snapshot::{Pool, Snapshot};
use http::request::Parts;
use http::{Method, Response, StatusCode, header};
use hyper::body::Incoming;

use self::headers::{empty, explained, refused};
pub use self::hosted_pages::is_hosted_page;
use self::recorded::Seen;
pub use self::well_known::Document;
use crate::body::{self, Body, ReadError};
use crate::{Arrival, DataPlane};

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
    /// Answers a request to a pool's domain, or to the same paths on a host that names no pool.
    pub async fn oauth(
        &self,
        domain: Domain<'_>,
        arrival: Arrival<'_>,
        parts: &Parts,
        body: Incoming,
    ) -> Response<Body> {
        let mut seen = self.watch();
        let response = self.oauth_answer(domain, arrival.peer.ip(), parts, body, &mut seen).await;
        let endpoint = match parts.uri.path() {
            _ if parts.method == Method::OPTIONS => None,
            "/oauth2/token" => Some(Endpoint::Token),
            "/oauth2/revoke" => Some(Endpoint::Revoke),
            _ => None,
        };
        self.identified(response, endpoint, parts, arrival, seen)
    }

    async fn oauth_answer(
        &self,
        domain: Domain<'_>,
        peer: IpAddr,
        parts: &Parts,
        body: Incoming,
        seen: &mut Seen,
    ) -> Response<Body> {
        let snapshot = self.current.load_full();
        let pool = match find_pool(&snapshot, domain) {
            Ok(pool) => pool,
            Err(NoSuchDomain) => return no_such_domain(domain),
        };
        if let Err(error) = self.count_at_domain(domain, peer) {
            return explained(refused(&error), explanation::over_limit(Surface::Domain, &error));
        }
        match parts.uri.path() {
            "/oauth2/token" => self.token(&snapshot, pool, parts, body, seen).await,
            "/oauth2/revoke" => self.revoke(&snapshot, pool, parts, body, seen).await,
            "/oauth2/userInfo" | "/oauth2/userinfo" => self.user_info(pool, parts).await,
            path => hosted_pages::answer(path, pool.map(AsRef::as_ref)),
        }
    }

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

fn no_such_domain(domain: Domain<'_>) -> Response<Body> {
    let setting = match domain {
        Domain::Prefix { prefix, region } => format!("no user pool has the domain prefix {prefix} in {region}"),
        Domain::Custom(host) => format!("no user pool has the custom domain {host}"),
        Domain::None => "the host names no domain".to_owned(),
    };
    let refused = Refused::new(Surface::Domain, "no user pool has this domain").with_setting(Some(setting));
    explained(empty(StatusCode::NOT_FOUND), refused)
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
async fn read_form(body: Incoming) -> Result<Bytes, ReadError> {
    body::read(body, FORM_BYTES_MAX, FORM_DURATION_MAX).await
}

fn text<'p>(parts: &'p Parts, name: &header::HeaderName) -> Option<&'p str> {
    // A header that is not text is not what it should be; an empty one says so without another case.
    parts.headers.get(name).map(|value| value.to_str().unwrap_or_default())
}

/// The pool of the client that a request names, for hosts that name no pool.
fn pool_of_client<'s>(snapshot: &'s Snapshot, credentials: &Credentials<'_>) -> Option<&'s Arc<Pool>> {
    snapshot.pool(snapshot.client(&credentials.client_id)?.pool.as_str())
}

fn is_post(parts: &Parts) -> bool {
    parts.method == Method::POST
}
