//! Functions behind methods and authorizers: calling them on API Gateway's behalf, and its words for what goes wrong.

use std::time::Duration;

use bytes::Bytes;
use claviger_gateway::lambda_authorizer::UNAUTHORIZED;
use claviger_gateway::refusal::Refusal;
use claviger_runtime::functions::{FunctionError, Functions, Invocation, Invoker};

/// What API Gateway calls functions as.
const PRINCIPAL: &str = "apigateway.amazonaws.com";

/// Calls a function for API Gateway and waits for its result. `source_arn` is what the function's policy must let it be
/// called for.
pub(crate) async fn call(
    functions: &Functions,
    function: &str,
    event: Bytes,
    duration_max: Duration,
    source_arn: &str,
) -> Result<Bytes, FunctionError> {
    let invoker = Invoker::Service { principal: PRINCIPAL, source_arn };
    functions.call(Invocation { arn: function, event, duration_max, invoker }).await
}

/// What a failed call means for a request whose method is behind the function.
pub(crate) fn in_gateway_words(error: FunctionError, milliseconds: u32) -> Refusal {
    match error {
        FunctionError::Failed(_) | FunctionError::TooLarge => Refusal::FunctionFailed(error.to_string()),
        FunctionError::TimedOut(_) => Refusal::IntegrationTimeout { milliseconds },
        FunctionError::NotFound(_) | FunctionError::NotPermitted { .. } => {
            Refusal::configuration(format!("Invalid permissions on Lambda function: {error}"))
        }
        other => Refusal::FunctionUnavailable(unavailable(other)),
    }
}

/// What a failed call means for a request whose authorizer is the function.
pub(crate) fn in_authorizer_words(error: FunctionError) -> Refusal {
    let configuration = |reason: String| Refusal::AuthorizerConfiguration(reason.into());
    match error {
        FunctionError::Failed(failure) if failure.message == UNAUTHORIZED => {
            Refusal::Unauthorized("the authorizer's function says that the caller is unauthorized".into())
        }
        FunctionError::Failed(failure) => configuration(format!("the authorizer's function failed: {failure}")),
        FunctionError::TooLarge | FunctionError::TimedOut(_) => configuration(error.to_string()),
        FunctionError::NotFound(_) | FunctionError::NotPermitted { .. } => configuration(format!(
            "Execution failed due to configuration error: Invalid permissions on Lambda function: {error}"
        )),
        other => Refusal::AuthorizerFailure(unavailable(other).into()),
    }
}

/// Why a function could not be asked, for operators.
fn unavailable(error: FunctionError) -> String {
    match error {
        FunctionError::Unreachable { reason } => format!("the function cannot be reached: {reason}"),
        other => other.to_string(),
    }
}
