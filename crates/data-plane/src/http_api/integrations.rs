//! Integrations of HTTP APIs: what answers a route. The rules are the gateway crate's; here is the I/O they ask for.

use bytes::Bytes;
use claviger_gateway::exchange::Exchange;
use claviger_gateway::http_api::answer::Answer;
use claviger_gateway::http_api::http_proxy::HttpProxy;
use claviger_gateway::http_api::{CompiledIntegration, CompiledRoute, Refusal};
use claviger_gateway::mapping::BackendAnswer;

use super::authorize::Permit;
use super::{Outcome, Place};
use crate::DataPlane;
use crate::ids::trace_id;
use crate::integrations::outgoing;
use crate::upstream::{Allowance, Held, Terms, Upload};

impl DataPlane {
    /// Has the route's integration answer a request that was let through.
    pub(super) async fn integrate_http_api(
        &self,
        place: &Place<'_>,
        route: &CompiledRoute,
        permit: Permit,
        exchange: &Exchange<'_>,
        body: Upload,
    ) -> Result<Outcome, Refusal> {
        match &route.integration {
            CompiledIntegration::HttpProxy(proxy) => {
                self.http_api_proxy(proxy, route.path.is_none(), permit, exchange, body).await
            }
            CompiledIntegration::Lambda(lambda) => {
                let source_arn = place.compiled.source_arn(exchange.context.stage, exchange.context.method, route);
                self.http_api_lambda(lambda, route, permit, exchange, &source_arn).await
            }
            CompiledIntegration::OutOfReach(reason) => Err(Refusal::Unavailable(reason.to_string().into())),
            CompiledIntegration::Unavailable(reason) => Err(Refusal::internal(reason.to_string())),
        }
    }

    /// Calls the backend of an `HTTP_PROXY` integration; both bodies are passed on as they come, the answer's unless it is
    /// mapped.
    async fn http_api_proxy(
        &self,
        proxy: &HttpProxy,
        appends_path: bool,
        _permit: Permit,
        exchange: &Exchange<'_>,
        body: Upload,
    ) -> Result<Outcome, Refusal> {
        let trace = trace_id(exchange.request.headers, exchange.context.request_time);
        let request = outgoing(proxy.request(exchange, appends_path, exchange.context.secure, trace)?, body);
        let terms = Terms { verification: proxy.verification(), certificate: None };
        let allowance = Allowance::bounded(proxy.timeout_milliseconds());
        let (head, body) = self.upstreams.send(request, terms, allowance).await?;
        let mut answer =
            Answer { status: head.status, headers: proxy.response_headers(&head.headers), body: Bytes::new() };
        if !proxy.maps(head.status) {
            return Ok(match body.hold().await? {
                Held::Whole(body) => Outcome::Whole(Answer { body, ..answer }),
                Held::Part(body, length) => Outcome::Stream(answer, body, length),
            });
        }
        answer.body = body.whole().await?;
        let backend = BackendAnswer { headers: &head.headers, body: &answer.body };
        proxy.map_response(&mut answer.status, &mut answer.headers, exchange, backend);
        Ok(Outcome::Whole(answer))
    }
}
