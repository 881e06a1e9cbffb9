//! Trying out methods and authorizers of REST APIs, on the steps that traffic takes, with a log of what happens.

mod authorizer;
mod method;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use claviger_gateway::context::Context;
use claviger_gateway::exchange::Exchange;
use claviger_gateway::request::Request;
use claviger_gateway::trial::{self, DOMAIN_NAME, METHOD_STAGE};
use claviger_resources::rest_api::RestApi;
use claviger_resources::{Monotonic, Timestamp};
use claviger_runtime::trials::{
    AuthorizerOutcome, AuthorizerTrial, MethodOutcome, MethodTrial, NotTried, TrialRequest, Trials,
};
use http::header::USER_AGENT;
use tokio::sync::Semaphore;

use crate::DataPlane;
use crate::authorizer_cache::AuthorizerCache;
use crate::ids::RequestIds;

/// Trials at a time: each may hold a request, an answer and a function.
const TRIALS_AT_ONCE_MAX: usize = 32;
const NANOSECONDS_PER_MILLISECOND: u64 = 1_000_000;

/// A data plane on which methods and authorizers are tried and nothing is served.
pub struct TrialPlane {
    plane: DataPlane,
    places: Semaphore,
}

impl DataPlane {
    /// What tries methods and authorizers out. It has connections of its own to backends: they belong to the threads they
    /// are made on, and traffic neither waits for a trial nor is held back for what a trial did to a backend.
    pub fn trials(&self) -> TrialPlane {
        let plane = Self {
            current: Arc::clone(&self.current),
            issuance: Arc::clone(&self.issuance),
            sessions: Arc::clone(&self.sessions),
            revocations: Arc::clone(&self.revocations),
            tokens: Arc::clone(&self.tokens),
            access_keys: Arc::clone(&self.access_keys),
            clock: Arc::clone(&self.clock),
            issuer_keys: Arc::clone(&self.issuer_keys),
            upstreams: self.upstreams.apart(),
            functions: Arc::clone(&self.functions),
            unawaited: Arc::clone(&self.unawaited),
            authorizers: AuthorizerCache::new(Arc::clone(&self.monotonic)),
            access_logs: Arc::clone(&self.access_logs),
            audit: Arc::clone(&self.audit),
            // What is only tried is not counted.
            metrics: Arc::default(),
            monotonic: Arc::clone(&self.monotonic),
        };
        TrialPlane { plane, places: Semaphore::new(TRIALS_AT_ONCE_MAX) }
    }
}

#[async_trait]
impl Trials for TrialPlane {
    async fn method(&self, trial: MethodTrial) -> Result<MethodOutcome, NotTried> {
        let _place = self.places.try_acquire().map_err(|_| NotTried::Busy)?;
        self.plane.try_method(trial).await
    }

    async fn authorizer(&self, trial: AuthorizerTrial) -> Result<AuthorizerOutcome, NotTried> {
        let _place = self.places.try_acquire().map_err(|_| NotTried::Busy)?;
        self.plane.try_authorizer(trial).await
    }
}

/// What stays the same while something is tried.
struct Trying<'a> {
    api: &'a RestApi,
    request: &'a TrialRequest,
    ids: RequestIds,
    now: Timestamp,
    /// The variables of a caller who is not there.
    stand_ins: BTreeMap<String, String>,
    began: u64,
}

impl<'a> Trying<'a> {
    fn new(plane: &DataPlane, api: &'a RestApi, request: &'a TrialRequest) -> Self {
        Self {
            api,
            request,
            ids: RequestIds::of(&request.headers),
            now: plane.clock.now(),
            stand_ins: trial::stand_ins(api.tenant.account.as_str(), request.context.clone()),
            began: plane.monotonic.nanoseconds(),
        }
    }

    /// The request with what may be known of it: nobody sent it, and it came by no connection.
    fn exchange(
        &'a self,
        verb: &'a str,
        resource: (&'a str, &'a str),
        parameters: &'a [(&'a str, &'a str)],
    ) -> Exchange<'a> {
        let (id, resource_path) = resource;
        let Self { api, request, ids, now, stand_ins, .. } = self;
        let path = request.target.path();
        Exchange {
            request: Request {
                method: verb,
                path,
                query: request.target.query(),
                headers: &request.headers,
                path_parameters: parameters,
                body: &request.body,
            },
            context: Context {
                account: &api.tenant.account,
                api_id: api.id.as_str(),
                stage: METHOD_STAGE,
                deployment_id: "",
                resource_id: Some(id),
                resource_path: Some(resource_path),
                route_key: None,
                method: verb,
                path,
                protocol: "HTTP/1.1",
                is_canary: None,
                domain_name: DOMAIN_NAME,
                base_path: None,
                request_id: &ids.request,
                extended_request_id: &ids.extended,
                request_time: *now,
                secure: true,
                source_ip: std::net::Ipv4Addr::LOCALHOST.into(),
                user_agent: request.headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok()),
                api_key: None,
                api_key_id: None,
                signer: None,
                claims: None,
                authorizer: None,
                stand_ins: Some(stand_ins),
            },
            stage_variables: &request.stage_variables,
        }
    }

    fn latency_milliseconds(&self, monotonic: &dyn Monotonic) -> u64 {
        monotonic.nanoseconds().saturating_sub(self.began) / NANOSECONDS_PER_MILLISECOND
    }
}
