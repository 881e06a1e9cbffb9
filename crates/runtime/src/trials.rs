//! Trying out methods and authorizers of REST APIs: what the control plane asks for, and the data plane does as it does for
//! traffic. A node gives the one to the other, so that neither knows of the other.

use std::collections::BTreeMap;

use async_trait::async_trait;
use bytes::Bytes;
use claviger_gateway::CompileError;
use claviger_resources::ResourceId;
use claviger_resources::rest_api::{Authorizer, MethodVerb, RestApi, RestApiDefinition};
use http::{HeaderMap, StatusCode, Uri};

/// Tries out what APIs are made of. Nothing is written, and nothing of it is kept.
#[async_trait]
pub trait Trials: Send + Sync {
    /// Sends a request through a method as it is now, past whoever guards it.
    async fn method(&self, trial: MethodTrial) -> Result<MethodOutcome, NotTried>;

    /// Asks an authorizer as it is now about a request.
    async fn authorizer(&self, trial: AuthorizerTrial) -> Result<AuthorizerOutcome, NotTried>;
}

/// A request that nobody sent.
#[derive(Clone)]
pub struct TrialRequest {
    /// The path after the stage, and the query.
    pub target: Uri,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// The variables of the stage that it seems to come to.
    pub stage_variables: BTreeMap<String, String>,
    /// Context variables that it has beside its own.
    pub context: BTreeMap<String, String>,
}

/// A method to be tried.
pub struct MethodTrial {
    /// The API as it is now.
    pub definition: RestApiDefinition,
    /// The resource whose method is meant.
    pub resource: ResourceId,
    /// The method: that of the request's verb, or `ANY`.
    pub method: MethodVerb,
    /// The request's verb.
    pub verb: MethodVerb,
    /// The request.
    pub request: TrialRequest,
}

/// What became of a request to a method.
pub struct MethodOutcome {
    /// The status a client would get.
    pub status: StatusCode,
    /// The headers, under the names by which API Gateway writes them.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
    /// What happened on the way.
    pub log: String,
    /// How long it took.
    pub latency_milliseconds: u64,
}

/// An authorizer to be tried.
pub struct AuthorizerTrial {
    /// The API it belongs to.
    pub api: RestApi,
    /// The authorizer.
    pub authorizer: Authorizer,
    /// The request.
    pub request: TrialRequest,
}

/// What an authorizer made of a request.
pub struct AuthorizerOutcome {
    /// The status of a client who would be turned away.
    pub client_status: Option<StatusCode>,
    /// Who the caller is, by a function's word.
    pub principal_id: Option<String>,
    /// The policy that a function answered, as JSON.
    pub policy: Option<String>,
    /// What else a function said.
    pub context: BTreeMap<String, String>,
    /// The claims of a token that was accepted, as text.
    pub claims: Option<BTreeMap<String, String>>,
    /// What happened on the way.
    pub log: String,
    /// How long it took.
    pub latency_milliseconds: u64,
}

/// Why nothing could be tried.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTried {
    /// It could not be deployed either.
    #[error(transparent)]
    Method(#[from] CompileError),
    /// The authorizer could not decide anything.
    #[error("{0}")]
    Authorizer(String),
    /// Too much is being tried at the moment.
    #[error("Too Many Requests")]
    Busy,
}
