//! The gateway: a request to an API, from its route to its answer, in API Gateway's order of evaluation (stage, route,
//! authorizer, API key with its quota and throttles, request validation, then the integration).

mod api_key;
mod authorize;
mod compression;
mod denied;
mod lambda_authorizer;
mod quota;
mod roles;
mod target;
mod throttle;
mod trial;
mod validate;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use claviger_gateway::access_log::{Facts, Failure, Integration};
use claviger_gateway::compile::{CompiledApi, CompiledIntegration, Found};
use claviger_gateway::context::Context;
use claviger_gateway::exchange::Exchange;
use claviger_gateway::gateway_response::plain_reply;
use claviger_gateway::refusal::Refusal;
use claviger_gateway::request::Request;
use claviger_gateway::request_head;
use claviger_gateway::response::{Envelope, Reply};
use claviger_resources::Timestamp;
use claviger_resources::client_certificate::ClientCertificate;
use claviger_runtime::refusals::Refused;
use claviger_runtime::snapshot::{ServedStage, Snapshot};
use http::request::Parts;
use http::{HeaderValue, Response, StatusCode, Version};
use hyper::body::Incoming;

use self::api_key::Metered;
pub(crate) use self::authorize::Permit;
use self::authorize::{Asking, Caller};
use self::compression::{Unpacked, may_be_packed, packed, unpacked};
pub(crate) use self::denied::Denied;
pub use self::target::Target;
pub use self::trial::TrialPlane;
use crate::access_log::{Slot, request_length};
use crate::body::Body;
use crate::ids::{RequestIds, date};
use crate::integrations::Credentials;
use crate::upstream::{Arriving, Upload};
use crate::{Arrival, DataPlane};

/// The method that a request is for, and where it stands.
#[derive(Clone, Copy)]
struct Place<'t, 'p> {
    api: &'t CompiledApi,
    stage: &'t ServedStage,
    found: &'t Found<'t, 'p>,
}

/// What stays the same from a request's arrival to its answer.
struct Call<'a> {
    target: Target<'a>,
    parts: &'a Parts,
    arrival: Arrival<'a>,
    ids: RequestIds,
    now: Timestamp,
    /// Its line in the stage's access log.
    line: Slot,
}

impl<'a> Call<'a> {
    fn new(plane: &DataPlane, target: Target<'a>, parts: &'a Parts, arrival: Arrival<'a>) -> Self {
        let (ids, now) = (RequestIds::of(&parts.headers), plane.clock.now());
        Self { target, parts, arrival, ids, now, line: Slot::new() }
    }
}

impl DataPlane {
    /// Answers a request to an API.
    pub async fn gateway(
        &self,
        target: Target<'_>,
        parts: &Parts,
        body: Incoming,
        arrival: Arrival<'_>,
    ) -> Response<Body> {
        let snapshot = self.current.load_full();
        match snapshot.domain_of_target(target.api) {
            Some(domain) => self.at_domain(&snapshot, Some(domain), target.path, parts, body, arrival).await,
            None => self.api(&snapshot, target, parts, body, arrival).await,
        }
    }

    /// Answers a request to an API, however that was found.
    async fn api(
        &self,
        snapshot: &Snapshot,
        target: Target<'_>,
        parts: &Parts,
        body: Incoming,
        arrival: Arrival<'_>,
    ) -> Response<Body> {
        if let Some(api) = snapshot.http_api(target.api) {
            return self.http_api(snapshot, api, target, parts, body, arrival).await;
        }
        let mut call = Call::new(self, target, parts, arrival);
        let head = request_head::check(&parts.uri, 0, &parts.headers).map_err(Denied::head);
        let reply = match head.and_then(|()| find_stage(snapshot, target, || self.draw())) {
            Ok((stage, compiled, path)) => self.serve(snapshot, &call, &stage, &compiled, path, body).await,
            Err(denied) => {
                let reply = plain_reply(&denied.refusal);
                let refused = denied.explain(&call, reply.status, None, None);
                Answer::Refused(reply, Box::new(refused))
            }
        };
        let line = call.line.take();
        self.logged(line, call.finish(reply))
    }

    /// From the stage to the answer. A refusal is told in the words of the API's own gateway responses.
    async fn serve(
        &self,
        snapshot: &Snapshot,
        call: &Call<'_>,
        stage: &ServedStage,
        compiled: &CompiledApi,
        path: &str,
        body: Incoming,
    ) -> Answer {
        let logging = self.logging(stage.access_log.as_ref());
        let no_variables = BTreeMap::new();
        let variables = stage.stage.variables.as_ref().unwrap_or(&no_variables);
        let verb = verb(call.parts);
        let found = compiled.find(&verb, path);
        let parameters = found.as_ref().map(|found| found.parameters.as_slice()).unwrap_or_default();
        let resource = found.as_ref().ok().map(|found| found.resource);
        let exchange = Exchange {
            request: Request {
                method: &verb,
                path,
                query: call.parts.uri.query(),
                headers: &call.parts.headers,
                path_parameters: parameters,
                body: b"",
            },
            context: Context {
                resource_id: resource.map(|resource| resource.id.as_str()),
                resource_path: resource.map(|resource| resource.path.as_ref()),
                ..call.context(compiled, stage, &verb)
            },
            stage_variables: variables,
        };
        let mut caller = Caller::default();
        let mut metered = None;
        let mut integration = None;
        let outcome: Result<Answer, Denied> = async {
            let found = match &found {
                Ok(found) => found,
                Err(none) => return Err(Denied::no_method(*none, compiled, stage, path, &call.parts.headers)),
            };
            if reads_otherwise(compiled, &verb, path, found) {
                return Err(Denied::head(Refusal::AmbiguousPath("another resource's path in another spelling")));
            }
            let asking = Asking { call, snapshot, stage, compiled, found, exchange: &exchange };
            let mut body = Arriving::new(body);
            let permit = Permit::decide(self, &asking, &mut caller, &mut body).await?;
            let place = Place { api: compiled, stage, found };
            metered = self.meter(snapshot, place, &call.parts.headers, caller.usage_identifier_key.as_ref())?;
            self.admit(place, metered.as_ref())?;
            validate::parameters(found, &exchange.request)?;
            let (bytes, body, fitting) = if found.method.reads_body || may_be_packed(&call.parts.headers) {
                let Unpacked { body, headers: fitting } = unpacked(compiled, &call.parts.headers, body.whole().await?)?;
                let headers = fitting.as_ref().unwrap_or(&call.parts.headers);
                validate::body(found, &Request { body: &body, headers, ..exchange.request })?;
                let bytes = convert(compiled, found, exchange.request.content_type(), body)?;
                (bytes.clone(), Upload::Whole(bytes), fitting)
            } else {
                (Bytes::new(), body.passing()?, None)
            };
            let is_function = matches!(found.method.integration, CompiledIntegration::LambdaProxy(_));
            // A function is told of the coding nevertheless, as on AWS.
            let headers = fitting.as_ref().filter(|_| !is_function).unwrap_or(&call.parts.headers);
            let claims = caller.claims();
            let exchange = Exchange {
                request: Request { body: &bytes, headers, ..exchange.request },
                context: counted(&caller.known(claims.as_ref(), &exchange.context), metered.as_ref()),
                ..exchange
            };
            let asked = self.moment(logging);
            let credentials = Credentials {
                source_arn: &|| compiled.source_arn(exchange.context.stage, &verb, found.resource),
                certificate: &|| client_certificate(snapshot, stage),
            };
            let outcome = self.integrate(found, permit, &exchange, body, credentials, None).await;
            let status = outcome.as_ref().ok().map(Answer::status);
            integration = asked.map(|asked| Integration::of(status, is_function, self.milliseconds_since(asked)));
            Ok(outcome?)
        }
        .await;
        let begin_line = |status: StatusCode, failure: Option<Failure<'_>>| {
            let Some(logging) = logging else { return };
            let claims = caller.claims();
            let context = counted(&caller.known(claims.as_ref(), &exchange.context), metered.as_ref());
            let request_length = request_length(&call.parts.headers);
            let facts = Facts { context, status: status.as_u16(), request_length, integration, failure };
            logging.begin(&call.line, &facts);
        };
        match outcome {
            Ok(answer) => {
                begin_line(answer.status(), None);
                // What streams goes out as it came.
                if found.as_ref().is_ok_and(is_streamed) { answer } else { packed(compiled, call.parts, answer) }
            }
            Err(denied) => {
                let claims = caller.claims();
                let context = counted(&caller.known(claims.as_ref(), &exchange.context), metered.as_ref());
                let request = Request { body: b"", ..exchange.request };
                let reply =
                    compiled.gateway_responses.reply(&denied.refusal, &Exchange { request, context, ..exchange });
                let message = denied.refusal.message();
                begin_line(reply.status, Some(Failure::of(&denied.refusal, message.as_deref())));
                let refused = denied.explain(call, reply.status, Some(stage), found.as_ref().ok());
                Answer::Refused(reply, Box::new(refused))
            }
        }
    }
}

impl DataPlane {
    /// A number, as likely as any other.
    fn draw(&self) -> u32 {
        let mut bytes = [0_u8; 4];
        (self.sessions.random)().fill(&mut bytes);
        u32::from_le_bytes(bytes)
    }

    /// Lets a request through that is within its plan's quota and that no throttle holds back. What is refused is not counted.
    fn admit(&self, place: Place<'_, '_>, metered: Option<&Metered>) -> Result<(), Denied> {
        if let Some(metered) = metered {
            self.spend_quota(metered)?;
        }
        self.throttle(place, metered).inspect_err(|_| {
            if let Some(metered) = metered {
                self.give_back_quota(metered);
            }
        })
    }
}

/// A reply, and whether the answer shows a trace id.
pub(crate) enum Answer {
    /// A whole answer.
    Whole(Reply),
    /// A whole answer that shows this trace id.
    Traced(Reply, HeaderValue),
    /// A refusal, and why.
    Refused(Reply, Box<Refused>),
    /// An answer whose body is passed through as it comes.
    Stream(Reply, Body, Option<u64>),
}

impl Answer {
    fn status(&self) -> StatusCode {
        let (Self::Whole(reply) | Self::Traced(reply, ..) | Self::Refused(reply, _) | Self::Stream(reply, ..)) = self;
        reply.status
    }
}

impl From<Reply> for Answer {
    fn from(reply: Reply) -> Self {
        Self::Whole(reply)
    }
}

impl<'a> Call<'a> {
    fn context(&'a self, compiled: &'a CompiledApi, stage: &'a ServedStage, verb: &'a str) -> Context<'a> {
        Context {
            account: &compiled.tenant.account,
            api_id: compiled.id.as_str(),
            stage: stage.stage.stage_name.as_str(),
            deployment_id: stage.stage.deployment_id.as_str(),
            resource_id: None,
            resource_path: None,
            route_key: None,
            method: verb,
            path: self.target.path,
            protocol: if self.parts.version == Version::HTTP_2 { "HTTP/2.0" } else { "HTTP/1.1" },
            domain_name: self.arrival.host,
            base_path: self.target.base_path(),
            is_canary: stage.is_canary,
            request_id: &self.ids.request,
            extended_request_id: &self.ids.extended,
            request_time: self.now,
            secure: self.arrival.tls,
            source_ip: self.arrival.peer.ip(),
            user_agent: self.parts.headers.get(http::header::USER_AGENT).and_then(|agent| agent.to_str().ok()),
            api_key: None,
            api_key_id: None,
            signer: None,
            claims: None,
            authorizer: None,
            stand_ins: None,
        }
    }

    /// Puts the answer into the envelope that every answer of the gateway has.
    fn finish(self, answer: Answer) -> Response<Body> {
        let text = |text: &str| HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""));
        let trace_id = match &answer {
            Answer::Traced(_, trace_id) => Some(trace_id.clone()),
            Answer::Whole(_) | Answer::Refused(..) | Answer::Stream(..) => None,
        };
        let envelope = Envelope {
            date: date(self.now),
            request_id: text(&self.ids.request),
            extended_request_id: text(&self.ids.extended),
            trace_id,
            connection: (self.parts.version == Version::HTTP_11).then(|| HeaderValue::from_static("keep-alive")),
        };
        match answer {
            Answer::Whole(reply) | Answer::Traced(reply, _) => reply.into_response(envelope).map(Body::from),
            Answer::Refused(reply, refused) => {
                let mut response = reply.into_response(envelope).map(Body::from);
                refused.attach(&mut response);
                response
            }
            Answer::Stream(reply, body, length) => {
                let mut response = Response::new(body);
                *response.status_mut() = reply.status;
                *response.headers_mut() = envelope.enclose(&reply.headers, length, reply.error_type);
                response
            }
        }
    }
}

/// The context of a request that is counted under an API key.
fn counted<'a>(context: &Context<'a>, metered: Option<&'a Metered>) -> Context<'a> {
    Context {
        api_key: metered.map(|metered| metered.value.expose().as_str()),
        api_key_id: metered.map(|metered| metered.key.id.as_str()),
        ..*context
    }
}

/// The stage a request is for, or its canary, and the path after it.
fn find_stage<'a>(
    snapshot: &Snapshot,
    target: Target<'a>,
    draw: impl FnOnce() -> u32,
) -> Result<(Arc<ServedStage>, Arc<CompiledApi>, &'a str), Denied> {
    let api = snapshot.api(target.api).ok_or_else(|| Denied::no_api(target.api))?;
    let (name, rest) = if let Some(name) = target.stage() {
        (name, target.rest())
    } else {
        let path = target.rest().trim_start_matches('/');
        path.find('/').map_or((path, ""), |slash| path.split_at(slash))
    };
    let stage = api.stage(name).ok_or_else(|| Denied::no_stage(api, target.api, name))?.drawn(draw);
    let Some(compiled) = &stage.compiled else {
        return Err(Refusal::configuration("the deployment cannot be compiled; the log says why").into());
    };
    if compiled.disable_execute_api_endpoint && target.is_default_endpoint() {
        return Err(Denied::endpoint_disabled(target.api));
    }
    Ok((Arc::clone(stage), Arc::clone(compiled), if rest.is_empty() { "/" } else { rest }))
}

/// Whether the method's answer is passed on as it comes, however long it is.
fn is_streamed(found: &Found<'_, '_>) -> bool {
    matches!(&found.method.integration, CompiledIntegration::HttpProxy(proxy) if proxy.stream_pause_milliseconds().is_some())
}

/// The certificate that a stage shows to backends.
fn client_certificate<'s>(
    snapshot: &'s Snapshot,
    stage: &ServedStage,
) -> Result<Option<&'s ClientCertificate>, Refusal> {
    let Some(id) = &stage.client_certificate else { return Ok(None) };
    let certificate = snapshot.client_certificate(id).map(AsRef::as_ref);
    let gone = || Refusal::configuration(format!("the client certificate {id} of the stage does not exist any more"));
    certificate.ok_or_else(gone).map(Some)
}

/// Whether a backend could take the path for that of another resource, which says more of its paths than the one found.
fn reads_otherwise(compiled: &CompiledApi, verb: &str, path: &str, found: &Found<'_, '_>) -> bool {
    let reading = request_head::liberal_reading(path);
    let other = reading.as_deref().and_then(|reading| compiled.find(verb, reading).ok());
    other.is_some_and(|other| request_head::says_more(&other.resource.path, &found.resource.path))
}

/// The request's verb, or the one that `X-HTTP-Method-Override` puts in its place.
fn verb(parts: &Parts) -> Cow<'_, str> {
    match parts.headers.get("x-http-method-override").and_then(|verb| verb.to_str().ok()) {
        Some(verb) => Cow::Owned(verb.to_ascii_uppercase()),
        None => Cow::Borrowed(parts.method.as_str()),
    }
}

/// The body as the integration gets it.
fn convert(compiled: &CompiledApi, found: &Found<'_, '_>, content_type: &str, body: Bytes) -> Result<Bytes, Refusal> {
    match &found.method.integration {
        CompiledIntegration::Http(http) => {
            compiled.binary_media_types.convert_request(http.content_handling(), content_type, body)
        }
        CompiledIntegration::Lambda(lambda) => {
            compiled.binary_media_types.convert_request(lambda.content_handling(), content_type, body)
        }
        CompiledIntegration::Mock(_)
        | CompiledIntegration::HttpProxy(_)
        | CompiledIntegration::LambdaProxy(_)
        | CompiledIntegration::Unavailable(_) => Ok(body),
    }
}
