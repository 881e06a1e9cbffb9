//! Backends: the HTTP client that integrations call, in the gateway's words.

use std::time::Duration;

use claviger_gateway::refusal::Refusal;
use claviger_runtime::outbound::{Outbound, OutboundError};
use http::{Request, Response};
use hyper::body::Incoming;

use crate::body::Body;

/// The client for backends.
#[derive(Default)]
pub(crate) struct Upstream(Outbound<Body>);

impl Upstream {
    /// Sends a request and gives the head of the answer; its body is still to come.
    pub(crate) async fn send(
        &self,
        request: Request<Body>,
        timeout_milliseconds: u32,
    ) -> Result<Response<Incoming>, Refusal> {
        let duration_max = Duration::from_millis(timeout_milliseconds.into());
        match tokio::time::timeout(duration_max, self.0.send(request)).await {
            Ok(answer) => answer.map_err(|error| in_gateway_words(&error)),
            Err(_) => Err(Refusal::IntegrationTimeout { milliseconds: timeout_milliseconds }),
        }
    }
}

/// A name that does not resolve is an endpoint that cannot be; all else that goes wrong is the network's fault.
fn in_gateway_words(error: &OutboundError) -> Refusal {
    match error {
        OutboundError::Unresolved(_) => Refusal::InvalidEndpoint(error.reason()),
        OutboundError::Unreachable(_) | OutboundError::Broken(_) => Refusal::Network(error.reason()),
    }
}
