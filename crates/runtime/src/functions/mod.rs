//! Functions: calling the one behind an ARN, whoever needs its answer.
//!
//! How a function is run is a closed set; being called over HTTP ([`url`]) is the only way yet.

mod failure;
mod url;

use std::time::Duration;

use bytes::Bytes;
use claviger_resources::limits::FUNCTION_RESULT_BYTES_MAX;

pub use self::failure::Failure;
use self::url::FunctionUrls;
pub use self::url::{FunctionUrl, FunctionUrlError};

/// The functions of a node.
pub struct Functions {
    urls: FunctionUrls,
}

/// One call of a function.
#[derive(Clone, Debug)]
pub struct Invocation<'a> {
    /// The function's ARN, with or without a qualifier.
    pub arn: &'a str,
    /// What the function gets: JSON.
    pub event: Bytes,
    /// How long the caller waits. The function's own timeout may end it sooner.
    pub duration_max: Duration,
    /// Who calls.
    pub invoker: Invoker<'a>,
}

/// Who calls a function, which decides whether the function's policy is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invoker<'a> {
    /// An AWS service, on behalf of one of its resources: the function's policy must allow it.
    Service {
        /// The service's name, such as `apigateway.amazonaws.com`.
        principal: &'a str,
        /// The ARN of the resource.
        source_arn: &'a str,
    },
    /// A caller of the API, whose right to call was decided before.
    Caller,
}

/// Why a function has no result. What it says is for those who call the function, so it names no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FunctionError {
    /// There is no such function.
    #[error("the function {0} has no URL; set one with --function ARN=URL or CLAVIGER_FUNCTIONS")]
    NotFound(String),
    /// The function's policy does not let this service call it.
    #[error("the policy of the function {function} does not let {principal} invoke it for {source_arn}")]
    NotPermitted {
        /// The function's ARN.
        function: String,
        /// The service that called.
        principal: String,
        /// On behalf of what.
        source_arn: String,
    },
    /// Too many calls are under way.
    #[error("too many calls of functions are under way; try again later")]
    Throttled,
    /// It did not answer within the caller's time.
    #[error("the function did not answer within {} seconds", .0.as_secs())]
    TimedOut(Duration),
    /// It cannot be started here.
    #[error("the function cannot be run: {reason}")]
    Unavailable {
        /// Why not, and what to do.
        reason: String,
    },
    /// It cannot be reached, or does not speak HTTP.
    #[error("the function cannot be reached")]
    Unreachable {
        /// Why not, for operators.
        reason: String,
    },
    /// What stands for it answered with another status than success.
    #[error("the function's URL answered with status {0}")]
    Status(u16),
    /// Its result is too large.
    #[error("the function's result is larger than {FUNCTION_RESULT_BYTES_MAX} bytes")]
    TooLarge,
    /// It failed by its own account or its runtime's, which this is; its own timeout is one such.
    #[error("{0}")]
    Failed(Failure),
}

impl Default for Functions {
    /// No functions.
    fn default() -> Self {
        Self::new([])
    }
}

impl Functions {
    /// Functions behind these addresses; of two for one ARN the later counts.
    pub fn new(urls: impl IntoIterator<Item = FunctionUrl>) -> Self {
        Self { urls: FunctionUrls::new(urls) }
    }

    /// Calls a function and waits for its result.
    pub async fn call(&self, invocation: Invocation<'_>) -> Result<Bytes, FunctionError> {
        match self.urls.url(invocation.arn) {
            // A URL is the operator's word, which needs no policy beside it.
            Some(url) => self.urls.call(url, invocation.event, invocation.duration_max).await,
            None => Err(FunctionError::NotFound(invocation.arn.to_owned())),
        }
    }
}
