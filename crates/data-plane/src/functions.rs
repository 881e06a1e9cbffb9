//! Functions behind methods and authorizers: calling them on API Gateway's behalf, and its words for what goes wrong.

use std::time::Duration;

use bytes::Bytes;
use claviger_gateway::refusal::Refusal;
use claviger_runtime::functions::{FunctionError, Functions};

use crate::DataPlane;

impl DataPlane {
    /// Calls a function and waits for its result. `source_arn` is what its policy must let API Gateway call it for.
    pub(crate) async fn call_function(
        &self,
        function: &str,
        event: Bytes,
        duration_max: Duration,
        source_arn: &str,
    ) -> Result<Bytes, FunctionError> {
        call(&self.functions, function, event, duration_max, source_arn).await
    }
}

/// Calls a function for API Gateway.
pub(crate) async fn call(
    functions: &Functions,
    function: &str,
    event: Bytes,
    duration_max: Duration,
    _source_arn: &str,
) -> Result<Bytes, FunctionError> {
    functions.call(function, event, duration_max).await
}

/// What a failed call means for a request whose method is behind the function.
pub(crate) fn in_gateway_words(error: FunctionError, milliseconds: u32) -> Refusal {
    match error {
        FunctionError::Failed(message) => Refusal::FunctionFailed(message),
        FunctionError::TooLarge => Refusal::FunctionFailed(error.to_string()),
        FunctionError::TimedOut(_) => Refusal::IntegrationTimeout { milliseconds },
        FunctionError::NoUrl(_) => Refusal::configuration(format!("Invalid permissions on Lambda function: {error}")),
        FunctionError::Unreachable { reason } => {
            Refusal::FunctionUnavailable(format!("the function cannot be reached: {reason}"))
        }
        FunctionError::Status(_) => Refusal::FunctionUnavailable(error.to_string()),
    }
}

/// What a failed call means for a request whose authorizer is the function.
pub(crate) fn in_authorizer_words(error: FunctionError) -> Refusal {
    match error {
        FunctionError::Failed(message) if message == claviger_gateway::lambda_authorizer::UNAUTHORIZED => {
            Refusal::Unauthorized("the authorizer's function says that the caller is unauthorized".into())
        }
        FunctionError::Failed(message) => {
            Refusal::AuthorizerConfiguration(format!("the authorizer's function failed: {message}").into())
        }
        FunctionError::NoUrl(_) => Refusal::AuthorizerConfiguration(
            format!("Execution failed due to configuration error: Invalid permissions on Lambda function: {error}")
                .into(),
        ),
        FunctionError::TooLarge | FunctionError::TimedOut(_) => {
            Refusal::AuthorizerConfiguration(error.to_string().into())
        }
        FunctionError::Unreachable { reason } => {
            Refusal::AuthorizerFailure(format!("the function cannot be reached: {reason}").into())
        }
        FunctionError::Status(_) => Refusal::AuthorizerFailure(error.to_string().into()),
    }
}
