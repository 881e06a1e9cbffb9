//! Functions: calling the one behind an ARN, whoever needs its answer.
//!
//! A function is either stored here and run in processes of its own ([`runner`]), or stands behind a URL that the operator
//! names ([`url`]), which comes first. What calls it sees no difference.
//!
//! On the way of an event: [`runner`] decides whether it may go ahead and which [`process`] gets it; [`launch`] says how a
//! process is started, [`code`] where its code stands, [`quarters`] as whom it runs, and [`runtime_api`] is what it talks to.
//! [`guard`] is the part that runs in processes of its own.

mod archive;
mod code;
mod events;
mod failure;
pub mod guard;
mod identities;
mod idle;
mod launch;
mod layers;
mod output;
mod process;
mod quarters;
mod report;
mod reservations;
mod runner;
mod runtime_api;
mod turns;
mod url;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use claviger_resources::function::LATEST;
use claviger_resources::limits::FUNCTION_RESULT_BYTES_MAX;

pub(crate) use self::archive::Archive;
pub use self::archive::ArchiveError;
pub use self::code::{CodeError, CodeStore, blob_of};
pub use self::failure::Failure;
pub use self::launch::{Surroundings, is_reserved, is_run_here};
pub use self::quarters::{Apartness, apartness};
use self::runner::Runner;
pub use self::runner::Stored;
use self::url::FunctionUrls;
pub use self::url::{FunctionUrl, FunctionUrlError};

/// The functions of a node.
pub struct Functions {
    urls: FunctionUrls,
    runner: Option<Arc<Runner>>,
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

/// What a caller of `Invoke` may ask for beside the result.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wishes {
    /// The end of the log.
    pub log_tail: bool,
    /// What the function is told of the calling application: JSON.
    pub client_context: Option<String>,
}

/// What came of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invoked {
    /// The function's result, or how it failed.
    pub result: Result<Bytes, Failure>,
    /// The end of the log, where it was asked for.
    pub log_tail: Vec<u8>,
    /// The version that was called.
    pub version: String,
}

/// Why a function has no result. What it says is for those who call the function, so it names no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FunctionError {
    /// There is no such function.
    #[error("there is no function {0}; create it, or say where it is with --function ARN=URL or CLAVIGER_FUNCTIONS")]
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
    /// As many calls of it are under way as are reserved for it.
    #[error("as many calls of the function are under way as are reserved for it; try again later")]
    ReservationFull,
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
        Self { urls: FunctionUrls::new(urls), runner: None }
    }

    /// The same, and those that are stored on a node.
    #[must_use]
    pub fn with_stored(self, node: Stored) -> Self {
        Self { runner: Some(Runner::new(node)), ..self }
    }

    /// Calls a function and waits for its result.
    pub async fn call(&self, invocation: Invocation<'_>) -> Result<Bytes, FunctionError> {
        self.invoke(invocation, Wishes::default()).await?.result.map_err(FunctionError::Failed)
    }

    /// Calls a function and waits for what comes of it. A function that fails is no error here.
    pub async fn invoke(&self, invocation: Invocation<'_>, wishes: Wishes) -> Result<Invoked, FunctionError> {
        if let Some(url) = self.urls.url(invocation.arn) {
            // A URL is the operator's word, which needs no policy beside it.
            let outcome = self.urls.call(url, invocation.event, invocation.duration_max).await;
            let result = match outcome {
                Err(FunctionError::Failed(failure)) => Err(failure),
                other => Ok(other?),
            };
            return Ok(Invoked { result, log_tail: Vec::new(), version: LATEST.to_owned() });
        }
        match &self.runner {
            Some(runner) => runner.call(invocation, wishes).await,
            None => Err(FunctionError::NotFound(invocation.arn.to_owned())),
        }
    }

    /// Takes an event that nobody waits for.
    pub fn submit(&self, invocation: Invocation<'_>, wishes: Wishes) -> Result<(), FunctionError> {
        match &self.runner {
            Some(runner) => runner.submit(invocation, wishes),
            None => Err(FunctionError::NotFound(invocation.arn.to_owned())),
        }
    }

    /// Whether something is known to run the function with this ARN.
    pub fn has(&self, arn: &str) -> bool {
        self.urls.url(arn).is_some() || self.runner.as_ref().is_some_and(|runner| runner.resolve(arn).is_some())
    }

    /// Whether a call would go ahead, by the function's policy; nothing is called.
    pub fn admits(&self, invocation: &Invocation<'_>) -> Result<(), FunctionError> {
        match &self.runner {
            _ if self.urls.url(invocation.arn).is_some() => Ok(()),
            Some(runner) => runner.admitted(invocation).map(|_| ()),
            None => Err(FunctionError::NotFound(invocation.arn.to_owned())),
        }
    }

    /// Where the code of stored functions stands; `None` where functions are not run.
    pub fn code(&self) -> Option<&CodeStore> {
        self.runner.as_ref().map(|runner| runner.code())
    }

    /// Ends all processes of functions, and waits until they are gone.
    pub async fn close(&self) {
        if let Some(runner) = &self.runner {
            runner.close().await;
        }
    }
}
