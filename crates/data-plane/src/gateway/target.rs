//! Which API and stage a request is for: by the host or the path of the API itself, or by a custom domain name and what that
//! is mapped to.

use claviger_gateway::gateway_response::plain_reply;
use claviger_runtime::refusals::{Refused, Surface};
use claviger_runtime::snapshot::{Domain, Mapped, Snapshot};
use http::Response;
use http::request::Parts;
use hyper::body::Incoming;

use super::{Answer, Call, Denied};
use crate::body::Body;
use crate::{Arrival, DataPlane};

/// Which API a request is for.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// The API's id; empty where a domain leads to none.
    pub(crate) api: &'a str,
    /// The whole path, as it was sent.
    pub(crate) path: &'a str,
    mapped: Option<Mapped<'a>>,
}

impl<'a> Target<'a> {
    /// An API that is asked for by its id; the path begins with the stage's name.
    pub fn new(api: &'a str, path: &'a str) -> Self {
        Self { api, path, mapped: None }
    }

    /// The stage that a custom domain name's mapping names.
    pub(crate) fn stage(&self) -> Option<&'a str> {
        self.mapped?.stage
    }

    /// What of the path is the API's: the stage's name, unless a mapping gives that, and what follows it.
    pub(crate) fn rest(&self) -> &'a str {
        self.mapped.map_or(self.path, |mapped| mapped.rest)
    }

    /// The path of the mapping, on a custom domain name.
    pub(crate) fn base_path(&self) -> Option<&'a str> {
        Some(self.mapped?.base_path)
    }

    /// Whether the request came by the API's own host, which its owner may have closed.
    pub(crate) fn is_default_endpoint(&self) -> bool {
        self.mapped.is_none()
    }
}

impl DataPlane {
    /// Answers a request to a custom domain name of APIs.
    pub async fn custom_domain(&self, parts: &Parts, body: Incoming, arrival: Arrival<'_>) -> Response<Body> {
        let snapshot = self.current.load_full();
        let domain = snapshot.domain(arrival.host).map(AsRef::as_ref);
        self.at_domain(&snapshot, domain, parts.uri.path(), parts, body, arrival).await
    }

    /// Answers a request to a domain by what its path is mapped to.
    pub(super) async fn at_domain(
        &self,
        snapshot: &Snapshot,
        domain: Option<&Domain>,
        path: &str,
        parts: &Parts,
        body: Incoming,
        arrival: Arrival<'_>,
    ) -> Response<Body> {
        if let Some(mapped) = domain.and_then(|domain| domain.find(path)) {
            let target = Target { api: mapped.api, path, mapped: Some(mapped) };
            return self.api(snapshot, target, parts, body, arrival).await;
        }
        let target = Target::new("", path);
        let call = Call::new(self, target, parts, arrival);
        let denied = Denied::no_mapping(domain);
        let reply = plain_reply(&denied.refusal);
        let refused = Refused::new(Surface::Gate, "no API mapping of the domain name has this path")
            .with_code(denied.refusal.error_type())
            .with_setting(denied.setting())
            .about("domainName", Some(domain.map_or(arrival.host, |domain| &domain.name)));
        call.finish(Answer::Refused(reply, Box::new(refused)))
    }
}
