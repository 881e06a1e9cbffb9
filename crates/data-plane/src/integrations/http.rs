//! `HTTP` and `HTTP_PROXY`: a backend of the user's own answers.

use bytes::Bytes;
use claviger_gateway::exchange::Exchange;
use claviger_gateway::http_integration::{BackendBody, BackendRequest, Http, HttpProxy};
use claviger_gateway::mapping::BackendAnswer;
use claviger_gateway::refusal::Refusal;
use claviger_gateway::rendering::Rendering;
use claviger_gateway::response::Reply;
use claviger_resources::limits::GATEWAY_BODY_BYTES_MAX;
use http::{HeaderMap, Request, header};
use hyper::body::Body as _;

use crate::DataPlane;
use crate::body::{self, Body, StreamError};
use crate::gateway::{Answer, Permit};
use crate::ids::trace_id;

impl DataPlane {
    /// Calls the backend of an `HTTP_PROXY` integration; its answer's body is passed on as it comes.
    pub(crate) async fn http_proxy(
        &self,
        proxy: &HttpProxy,
        _permit: Permit,
        exchange: &Exchange<'_>,
    ) -> Result<Answer, Refusal> {
        demand_verification(proxy.verifies_certificate())?;
        let trace = trace_id(exchange.request.headers, exchange.context.request_time);
        let request = outgoing(proxy.request(exchange, trace)?, exchange.request.body);
        let (head, incoming) = self.upstream.send(request, proxy.timeout_milliseconds()).await?.into_parts();
        let headers = proxy.response_headers(&head.headers);
        let reply = Reply { status: head.status, headers, body: Bytes::new(), error_type: None };
        let length = incoming.size_hint().exact();
        let stream = Body::stream(http_body_util::BodyExt::map_err(incoming, StreamError::from));
        Ok(Answer::Stream(reply, stream, length))
    }

    /// Calls the backend of an `HTTP` integration, whose answer is mapped and so must be there as a whole.
    pub(crate) async fn http(
        &self,
        integration: &Http,
        _permit: Permit,
        exchange: &Exchange<'_>,
    ) -> Result<Answer, Refusal> {
        demand_verification(integration.verifies_certificate())?;
        let trace = trace_id(exchange.request.headers, exchange.context.request_time);
        let mut rendering = Rendering::new(exchange);
        let request = outgoing(integration.request(&mut rendering, trace.clone())?, exchange.request.body);
        let milliseconds = integration.timeout_milliseconds();
        let (head, incoming) = self.upstream.send(request, milliseconds).await?.into_parts();
        let duration_max = std::time::Duration::from_millis(milliseconds.into());
        let body = body::read(incoming, GATEWAY_BODY_BYTES_MAX, duration_max).await.map_err(|error| match error {
            body::ReadError::TooSlow => Refusal::IntegrationTimeout { milliseconds },
            other => Refusal::Network(other.to_string()),
        })?;
        let answer = BackendAnswer { headers: &head.headers, body: &body };
        let reply = integration.reply(&mut rendering, head.status.as_u16(), answer)?;
        Ok(Answer::Traced(reply, trace))
    }
}

/// The request as it goes out. `Host` is the backend's and comes from the URI; the length is the body's own.
pub(crate) fn outgoing(request: BackendRequest, client_body: &[u8]) -> Request<Body> {
    let body: Body = match request.body {
        BackendBody::Empty => Body::Empty,
        BackendBody::Client => Bytes::copy_from_slice(client_body).into(),
        BackendBody::Rendered(bytes) => bytes.into(),
    };
    let mut outgoing = Request::new(body);
    *outgoing.method_mut() = request.method;
    *outgoing.uri_mut() = request.uri;
    *outgoing.headers_mut() = without_framing(request.headers);
    outgoing
}

fn without_framing(mut headers: HeaderMap) -> HeaderMap {
    for name in [header::HOST, header::CONTENT_LENGTH, header::TRANSFER_ENCODING] {
        headers.remove(name);
    }
    headers
}

fn demand_verification(verifies: bool) -> Result<(), Refusal> {
    if verifies {
        Ok(())
    } else {
        Err(Refusal::configuration(
            "tlsConfig.insecureSkipVerification is not provided: give the backend a valid certificate",
        ))
    }
}
