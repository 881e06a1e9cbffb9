//! HTTP APIs: a request from its stage to its answer, in API Gateway's order (stage, route, preflight, authorizer, throttles,
//! then the integration).

mod authorize;
mod denied;
mod integrations;
mod lambda;
mod lambda_authorizer;
mod throttle;

use std::sync::Arc;

use bytes::Bytes;
use claviger_gateway::access_log::{Facts, Failure, Integration};
use claviger_gateway::context::Context;
use claviger_gateway::exchange::Exchange;
use claviger_gateway::http_api::answer::{Answer, Envelope};
use claviger_gateway::http_api::{CompiledHttpApi, CompiledIntegration, CompiledRoute, Found, Refusal};
use claviger_gateway::refusal::Refusal as RestRefusal;
use claviger_gateway::request::Request;
use claviger_gateway::request_head;
use claviger_resources::{DeploymentId, Timestamp};
use claviger_runtime::refusals::Refused;
use claviger_runtime::snapshot::{HttpApi, ServedHttpStage, Snapshot};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Response, StatusCode, Version};
use hyper::body::Incoming;

use self::authorize::Asking;
use self::denied::Denied;
use crate::access_log::{Logging, Slot, request_length};
use crate::body::Body;
use crate::gateway::Target;
use crate::ids::{RequestIds, date};
use crate::upstream::{Arriving, Upload};
use crate::{Arrival, DataPlane};

/// The stage that needs no segment in the path.
const DEFAULT_STAGE: &str = "$default";

/// What stays the same from a request's arrival to its answer.
struct Call<'a> {
    target: Target<'a>,
    parts: &'a Parts,
    arrival: Arrival<'a>,
    /// `$context.requestId`, which HTTP APIs show in `apigw-requestid`.
    id: String,
    now: Timestamp,
    /// Its line in the stage's access log.
    line: Slot,
}

/// The stage a request is for, what that serves, and the path after the stage.
struct Place<'a> {
    stage: Arc<ServedHttpStage>,
    compiled: Arc<CompiledHttpApi>,
    path: &'a str,
}

/// An answer on its way out.
enum Outcome {
    /// A whole answer.
    Whole(Answer),
    /// An answer whose body is passed through as it comes; that of the answer itself is empty.
    Stream(Answer, Body, Option<u64>),
    /// A refusal, and why.
    Refused(Answer, Box<Refused>),
}

impl DataPlane {
    /// Answers a request to an HTTP API.
    pub(crate) async fn http_api(
        &self,
        snapshot: &Snapshot,
        api: &HttpApi,
        target: Target<'_>,
        parts: &Parts,
        body: Incoming,
        arrival: Arrival<'_>,
    ) -> Response<Body> {
        let id = RequestIds::of(&parts.headers).extended;
        let mut call = Call { target, parts, arrival, id, now: self.clock.now(), line: Slot::new() };
        // The request line counts as method, target and version with what stands between them.
        let line_bytes = parts.method.as_str().len() + parts.uri.path().len() + "  HTTP/1.1".len();
        let head = request_head::check(&parts.uri, line_bytes + parts.uri.query().map_or(0, str::len), &parts.headers);
        let outcome = match head.map_err(Denied::head).and_then(|()| find_stage(api, target)) {
            Ok(place) => self.at_stage(snapshot, &call, &place, body).await,
            Err(denied) => denied.explained(&call, None, None),
        };
        let line = call.line.take();
        self.logged(line, call.finish(outcome))
    }

    async fn at_stage(&self, snapshot: &Snapshot, call: &Call<'_>, place: &Place<'_>, body: Incoming) -> Outcome {
        let found = place.compiled.find(call.parts.method.as_str(), place.path);
        let logging = self.logging(place.stage.access_log.as_ref());
        let is_ambiguous = found.as_ref().is_some_and(|found| reads_otherwise(call, place, found));
        let route = found.as_ref().map(|found| found.route).filter(|_| !is_ambiguous);
        let outcome = if is_ambiguous {
            Err(Denied::head(RestRefusal::AmbiguousPath("another route's path in another spelling")))
        } else {
            self.at_route(snapshot, call, place, found.as_ref(), body, logging).await
        };
        let failure = outcome.as_ref().err().map(|denied| denied.failure());
        let mut outcome = outcome.unwrap_or_else(|denied| denied.explained(call, Some(&place.stage), route));
        if let Some(logging) = logging {
            let facts = call.facts(&call.context(place, route), outcome.status(), None, failure);
            logging.begin(&call.line, &facts);
        }
        if let Some(cors) = &place.compiled.cors
            && !is_ambiguous
            && !outcome.is_preflight(call.parts)
        {
            cors.change(&call.parts.headers, outcome.headers_mut());
        }
        outcome
    }

    async fn at_route(
        &self,
        snapshot: &Snapshot,
        call: &Call<'_>,
        place: &Place<'_>,
        found: Option<&Found<'_, '_>>,
        body: Incoming,
        logging: Option<Logging<'_>>,
    ) -> Result<Outcome, Box<Denied>> {
        let (parts, compiled) = (call.parts, &place.compiled);
        let verb = parts.method.as_str();
        let preflight = compiled.cors.as_ref().and_then(|cors| cors.preflight(verb, &parts.headers));
        // A preflight needs no route, but one that asks for a token asks for it here, too.
        let (found, preflight) = match (found, preflight) {
            (None, Some(answer)) => return Ok(Outcome::Whole(answer)),
            (None, None) => return Err(Denied::no_route(&place.stage, verb, place.path)),
            (Some(found), preflight) => (found, preflight),
        };
        let exchange = Exchange {
            request: Request {
                method: verb,
                path: place.path,
                query: parts.uri.query(),
                headers: &parts.headers,
                path_parameters: &found.parameters,
                body: b"",
            },
            context: call.context(place, Some(found.route)),
            stage_variables: &place.stage.stage.stage_variables,
        };
        let asking = Asking { call, snapshot, place, route: found.route, exchange: &exchange };
        let mut body = Arriving::new(body);
        let (permit, caller) = self.permit(&asking, &mut body).await?;
        if let Some(answer) = preflight {
            return Ok(Outcome::Whole(answer));
        }
        self.throttle_route(place, found.route)?;
        let (bytes, body) = if found.route.integration.reads_body() {
            let bytes = body.whole().await.map_err(Refusal::from)?;
            (bytes.clone(), Upload::Whole(bytes))
        } else {
            (Bytes::new(), body.passing().map_err(Refusal::from)?)
        };
        let claims = caller.claims();
        let exchange = Exchange {
            request: Request { body: &bytes, ..exchange.request },
            context: caller.known(claims.as_ref(), &exchange.context),
            ..exchange
        };
        let asked = self.moment(logging);
        let outcome = self.integrate_http_api(place, found.route, permit, &exchange, body).await;
        // Only here is it known who calls.
        if let (Some(logging), Some(asked)) = (logging, asked) {
            let integration = Integration::of(
                outcome.as_ref().ok().map(Outcome::status),
                !matches!(found.route.integration, CompiledIntegration::HttpProxy(_)),
                self.milliseconds_since(asked),
            );
            let failure = outcome.as_ref().err().map(Failure::of_http_api);
            let status = outcome.as_ref().map_or_else(Refusal::status, Outcome::status);
            logging.begin(&call.line, &call.facts(&exchange.context, status, Some(integration), failure));
        }
        Ok(outcome?)
    }
}

impl Outcome {
    fn status(&self) -> StatusCode {
        let (Self::Whole(answer) | Self::Stream(answer, ..) | Self::Refused(answer, _)) = self;
        answer.status
    }

    fn headers_mut(&mut self) -> &mut HeaderMap {
        let (Self::Whole(answer) | Self::Stream(answer, ..) | Self::Refused(answer, _)) = self;
        &mut answer.headers
    }

    /// Whether the gateway's own answer to a preflight, which says all there is to say of origins.
    fn is_preflight(&self, parts: &Parts) -> bool {
        let asks = parts.method == http::Method::OPTIONS
            && parts.headers.contains_key(http::header::ORIGIN)
            && parts.headers.contains_key(http::header::ACCESS_CONTROL_REQUEST_METHOD);
        asks && matches!(self, Self::Whole(_))
    }
}

impl<'a> Call<'a> {
    fn context(&'a self, place: &'a Place<'_>, route: Option<&'a CompiledRoute>) -> Context<'a> {
        let stage = &place.stage.stage;
        Context {
            account: &place.compiled.tenant.account,
            api_id: place.compiled.id.as_str(),
            stage: stage.stage_name.as_str(),
            deployment_id: stage.deployment_id.as_ref().map(DeploymentId::as_str).unwrap_or_default(),
            resource_id: None,
            resource_path: None,
            route_key: route.map(|route| &*route.key),
            method: self.parts.method.as_str(),
            path: self.target.path,
            protocol: if self.parts.version == Version::HTTP_2 { "HTTP/2.0" } else { "HTTP/1.1" },
            domain_name: self.arrival.host,
            base_path: self.target.base_path(),
            is_canary: None,
            request_id: &self.id,
            extended_request_id: &self.id,
            request_time: self.now,
            source_ip: self.arrival.peer.ip(),
            user_agent: self.parts.headers.get(http::header::USER_AGENT).and_then(|agent| agent.to_str().ok()),
            secure: self.arrival.tls,
            claims: None,
            authorizer: None,
            stand_ins: None,
            signer: None,
            api_key: None,
            api_key_id: None,
        }
    }

    /// What the access log may tell.
    fn facts<'f>(
        &self,
        context: &Context<'f>,
        status: StatusCode,
        integration: Option<Integration>,
        failure: Option<Failure<'f>>,
    ) -> Facts<'f> {
        let request_length = request_length(&self.parts.headers);
        Facts { context: *context, status: status.as_u16(), request_length, integration, failure }
    }

    /// Puts the answer into the envelope that every answer of an HTTP API has.
    fn finish(self, outcome: Outcome) -> Response<Body> {
        let envelope = Envelope {
            date: date(self.now),
            request_id: HeaderValue::try_from(&self.id).unwrap_or_else(|_| HeaderValue::from_static("")),
            connection: (self.parts.version == Version::HTTP_11).then(|| HeaderValue::from_static("keep-alive")),
        };
        let (answer, body, length, refused) = match outcome {
            Outcome::Whole(answer) => (answer, None, None, None),
            Outcome::Stream(answer, body, length) => (answer, Some(body), length, None),
            Outcome::Refused(answer, refused) => (answer, None, None, Some(refused)),
        };
        let length = if body.is_some() { length } else { length_of(&answer) };
        let mut response = Response::new(body.unwrap_or_else(|| answer.body.clone().into()));
        *response.status_mut() = answer.status;
        *response.headers_mut() = envelope.enclose(&answer.headers, length);
        if let Some(refused) = refused {
            refused.attach(&mut response);
        }
        response
    }
}

/// The length that an answer tells; one without content tells none (RFC 9110, section 8.6).
fn length_of(answer: &Answer) -> Option<u64> {
    (answer.status != http::StatusCode::NO_CONTENT).then_some(answer.body.len() as u64)
}

/// The stage a request is for: the one that a mapping or the path's first segment names, else `$default`.
fn find_stage<'a>(api: &HttpApi, target: Target<'a>) -> Result<Place<'a>, Box<Denied>> {
    if api.settings.disable_execute_api_endpoint && target.is_default_endpoint() {
        return Err(Denied::endpoint_disabled(target.api));
    }
    let path = target.rest().trim_start_matches('/');
    let (name, rest) = path.find('/').map_or((path, ""), |slash| path.split_at(slash));
    let name = if name == "%24default" { DEFAULT_STAGE } else { name };
    let (name, rest) = target.stage().map_or((name, rest), |stage| (stage, target.rest()));
    let default = if target.stage().is_some() { None } else { api.stage(DEFAULT_STAGE) };
    let (stage, path) = match (api.stage(name), default) {
        (Some(stage), _) => (stage, rest),
        (None, Some(stage)) => (stage, target.rest()),
        (None, None) => return Err(Denied::no_stage(api, target.api, name)),
    };
    let Some(compiled) = &stage.compiled else { return Err(Denied::no_deployment(&stage.stage)) };
    let path = if path.is_empty() { "/" } else { path };
    Ok(Place { stage: Arc::clone(stage), compiled: Arc::clone(compiled), path })
}

/// Whether a backend could take the path for that of another route, which says more of its paths than the one found.
fn reads_otherwise(call: &Call<'_>, place: &Place<'_>, found: &Found<'_, '_>) -> bool {
    let reading = request_head::liberal_reading(place.path);
    let other = reading.as_deref().and_then(|path| place.compiled.find(call.parts.method.as_str(), path));
    let path = |found: &Found<'_, '_>| found.route.path.as_deref().unwrap_or_default().to_owned();
    other.is_some_and(|other| request_head::says_more(&path(&other), &path(found)))
}
