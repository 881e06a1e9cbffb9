//! A method that is tried: what traffic meets behind the authorizer, the API key and the throttles.

use claviger_gateway::compile::Found;
use claviger_gateway::exchange::Exchange;
use claviger_gateway::execution_log::{ExecutionLog, written_name};
use claviger_gateway::refusal::Refusal;
use claviger_gateway::request::Request;
use claviger_gateway::request_head;
use claviger_gateway::response::{ERROR_TYPE, JSON, Reply, TRACE_ID};
use claviger_gateway::trial::TriedMethod;
use claviger_gateway::{CompileError, CompiledApi};
use claviger_resources::limits::GATEWAY_BODY_BYTES_MAX;
use claviger_runtime::trials::{MethodOutcome, MethodTrial, NotTried};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};

use super::Trying;
use crate::DataPlane;
use crate::gateway::compression::{Unpacked, unpacked};
use crate::gateway::{Answer, Permit, convert, validate};
use crate::integrations::Credentials;
use crate::upstream::Upload;

impl DataPlane {
    pub(super) async fn try_method(&self, trial: MethodTrial) -> Result<MethodOutcome, NotTried> {
        let MethodTrial { definition, resource, method, verb, request } = trial;
        let api = definition.rest_api.clone();
        let tried = TriedMethod::compile(definition, &resource, method)?;
        let found = tried.found(request.target.path()).ok_or(CompileError::NoMethods)?;
        let trying = Trying::new(self, &api, &request);
        let place = (found.resource.id.as_str(), &*found.resource.path);
        let exchange = trying.exchange(verb.as_str(), place, &found.parameters);
        let mut log = ExecutionLog::new(&trying.ids.request, &request.headers, &*self.clock, &*self.monotonic);
        log.method_request(&exchange);
        let answer = match self.answer_trial(&tried, &found, &exchange, &trying, &mut log).await {
            Ok(answer) => {
                let reply = traced(answer);
                log.method_response(&reply);
                reply
            }
            Err(refusal) => {
                let reply = refused(tried.api(), &refusal, &exchange);
                log.refusal(&refusal, exchange.request.content_type(), reply.status);
                reply
            }
        };
        let written = |(name, value): (&http::HeaderName, &HeaderValue)| {
            (written_name(name).into_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        Ok(MethodOutcome {
            status: answer.status,
            headers: answer.headers.iter().map(written).collect(),
            body: answer.body,
            log: log.into_text(),
            latency_milliseconds: trying.latency_milliseconds(&*self.monotonic),
        })
    }

    /// From the request's head to the integration's answer.
    async fn answer_trial(
        &self,
        tried: &TriedMethod,
        found: &Found<'_, '_>,
        exchange: &Exchange<'_>,
        trying: &Trying<'_>,
        log: &mut ExecutionLog<'_>,
    ) -> Result<Answer, Refusal> {
        let (api, request) = (tried.api(), trying.request);
        request_head::check(&request.target, 0, &request.headers)?;
        if request.body.len() > GATEWAY_BODY_BYTES_MAX {
            return Err(Refusal::RequestTooLarge);
        }
        validate::parameters(found, &exchange.request).map_err(|denied| denied.refusal)?;
        let Unpacked { body, headers } = unpacked(api, &request.headers, request.body.clone())?;
        let headers = headers.as_ref().unwrap_or(&request.headers);
        let unpacked = Request { body: &body, headers, ..exchange.request };
        validate::body(found, &unpacked).map_err(|denied| denied.refusal)?;
        let bytes = convert(api, found, unpacked.content_type(), body.clone())?;
        let exchange = Exchange { request: Request { body: &bytes, ..unpacked }, ..*exchange };
        let credentials = Credentials {
            source_arn: &|| api.source_arn(exchange.context.stage, exchange.request.method, found.resource),
            certificate: &|| Ok(None),
        };
        let (permit, body) = (Permit::for_trial(tried), Upload::Whole(bytes.clone()));
        self.integrate(found, permit, &exchange, body, credentials, Some(log)).await
    }
}

/// The reply with the trace id that it shows.
fn traced(answer: Answer) -> Reply {
    match answer {
        Answer::Traced(mut reply, trace) => {
            reply.headers.insert(TRACE_ID, trace);
            reply
        }
        // Where there is a log, nothing is passed through as it comes.
        Answer::Whole(reply) | Answer::Refused(reply, _) | Answer::Stream(reply, ..) => reply,
    }
}

/// The reply that tells of a refusal. Of its headers, API Gateway shows the type of the error and what the API adds
/// (observed).
fn refused(api: &CompiledApi, refusal: &Refusal, exchange: &Exchange<'_>) -> Reply {
    let mut reply = api.gateway_responses.reply(refusal, exchange);
    let mut headers = HeaderMap::from_iter([(ERROR_TYPE, HeaderValue::from_static(refusal.error_type()))]);
    if reply.headers.get(CONTENT_TYPE) == Some(&JSON) {
        reply.headers.remove(CONTENT_TYPE);
    }
    headers.extend(reply.headers);
    Reply { headers, ..reply }
}
