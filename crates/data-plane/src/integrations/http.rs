//! `HTTP` and `HTTP_PROXY`: a backend of the user's own answers.

use std::time::Duration;

use bytes::Bytes;
use claviger_gateway::exchange::Exchange;
use claviger_gateway::execution_log::ExecutionLog;
use claviger_gateway::http_integration::{BackendBody, BackendRequest, Http, HttpProxy};
use claviger_gateway::mapping::BackendAnswer;
use claviger_gateway::refusal::Refusal;
use claviger_gateway::rendering::Rendering;
use claviger_gateway::response::Reply;
use claviger_resources::client_certificate::ClientCertificate;
use http::{HeaderMap, header};

use crate::DataPlane;
use crate::gateway::{Answer, Permit};
use crate::ids::trace_id;
use crate::upstream::{Allowance, Held, Outgoing, Terms, Upload};

impl DataPlane {
    /// Calls the backend of an `HTTP_PROXY` integration; both bodies are passed on as they come.
    pub(crate) async fn http_proxy(
        &self,
        proxy: &HttpProxy,
        _permit: Permit,
        exchange: &Exchange<'_>,
        body: Upload,
        certificate: Option<&ClientCertificate>,
        mut log: Option<&mut ExecutionLog<'_>>,
    ) -> Result<Answer, Refusal> {
        let trace = trace_id(exchange.request.headers, exchange.context.request_time);
        let request = outgoing(proxy.request(exchange, trace)?, body);
        tell_request(log.as_deref_mut(), &request);
        let terms = Terms { verification: proxy.verification(), certificate };
        // What is logged must be there as a whole.
        let stream_pause = proxy.stream_pause_milliseconds().filter(|_| log.is_none());
        let stream_pause = stream_pause.map(|pause| Duration::from_millis(pause.into()));
        let allowance = Allowance { milliseconds: proxy.timeout_milliseconds(), stream_pause };
        let (head, body) = self.upstreams.send(request, terms, allowance).await?;
        let headers = proxy.response_headers(&head.headers);
        let reply = Reply { status: head.status, headers, body: Bytes::new(), error_type: None };
        if let Some(log) = log {
            let body = body.whole().await?;
            log.endpoint_response(head.status, &head.headers, &body);
            return Ok(Answer::Whole(Reply { body, ..reply }));
        }
        Ok(match body.hold().await? {
            Held::Whole(body) => Answer::Whole(Reply { body, ..reply }),
            Held::Part(body, length) => Answer::Stream(reply, body, length),
        })
    }

    /// Calls the backend of an `HTTP` integration, whose answer is mapped and so must be there as a whole.
    pub(crate) async fn http(
        &self,
        integration: &Http,
        _permit: Permit,
        exchange: &Exchange<'_>,
        body: Upload,
        certificate: Option<&ClientCertificate>,
        mut log: Option<&mut ExecutionLog<'_>>,
    ) -> Result<Answer, Refusal> {
        let trace = trace_id(exchange.request.headers, exchange.context.request_time);
        let mut rendering = Rendering::new(exchange);
        let request = outgoing(integration.request(&mut rendering, trace.clone())?, body);
        tell_request(log.as_deref_mut(), &request);
        let terms = Terms { verification: integration.verification(), certificate };
        let allowance = Allowance::bounded(integration.timeout_milliseconds());
        let (head, body) = self.upstreams.send(request, terms, allowance).await?;
        let body = body.whole().await?;
        if let Some(log) = log {
            log.endpoint_response(head.status, &head.headers, &body);
        }
        let answer = BackendAnswer { headers: &head.headers, body: &body };
        let reply = integration.reply(&mut rendering, head.status.as_u16(), answer)?;
        Ok(Answer::Traced(reply, trace))
    }
}

fn tell_request(log: Option<&mut ExecutionLog<'_>>, request: &Outgoing) {
    let Some(log) = log else { return };
    let body = match &request.body {
        Upload::Whole(body) => body.as_ref(),
        Upload::Passing(_) => b"",
    };
    let host = request.uri.authority().map(http::uri::Authority::as_str);
    log.endpoint_request(&request.uri.to_string(), host, &request.headers, body);
}

/// The request as it goes out. `Host` is the backend's and comes from the URI; the length is the body's own.
pub(crate) fn outgoing(request: BackendRequest, client: Upload) -> Outgoing {
    let body = match request.body {
        BackendBody::Empty => Upload::Whole(Bytes::new()),
        BackendBody::Client => client,
        BackendBody::Rendered(bytes) => Upload::Whole(bytes),
    };
    Outgoing { method: request.method, uri: request.uri, headers: without_framing(request.headers), body }
}

fn without_framing(mut headers: HeaderMap) -> HeaderMap {
    for name in [header::HOST, header::CONTENT_LENGTH, header::TRANSFER_ENCODING] {
        headers.remove(name);
    }
    headers
}
