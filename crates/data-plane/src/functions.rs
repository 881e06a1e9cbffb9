//! Functions behind methods and authorizers: calling them on API Gateway's behalf, and its words for what goes wrong.

use std::time::Duration;

use bytes::Bytes;
use claviger_gateway::execution_log::ExecutionLog;
use claviger_gateway::lambda_authorizer::UNAUTHORIZED;
use claviger_gateway::refusal::Refusal;
use claviger_runtime::functions::{FunctionError, Functions, Invocation, Invoker};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

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

/// Tells a log of a call, as API Gateway tells of the request that it sends to Lambda.
pub(crate) fn tell_call(
    log: Option<&mut ExecutionLog<'_>>,
    function: &str,
    event: &[u8],
    source_arn: &str,
    trace: &HeaderValue,
) {
    let Some(log) = log else { return };
    let region = function.split(':').nth(3).map_or(String::new(), |region| format!("{region}."));
    let host = format!("lambda.{region}amazonaws.com");
    let uri = format!("https://{host}/2015-03-31/functions/{function}/invocations");
    let mut headers = HeaderMap::new();
    headers.insert("x-amzn-trace-id", trace.clone());
    if let Ok(source_arn) = HeaderValue::from_str(source_arn) {
        headers.insert("x-amz-source-arn", source_arn);
    }
    log.endpoint_request(&uri, Some(&host), &headers, event);
}

/// Tells a log what a function answered, if it did.
pub(crate) fn tell_answer(log: Option<&mut ExecutionLog<'_>>, answer: &Result<Bytes, FunctionError>) {
    const FUNCTION_ERROR: HeaderName = HeaderName::from_static("x-amz-function-error");
    let Some(log) = log else { return };
    match answer {
        Ok(answer) => log.endpoint_response(StatusCode::OK, &HeaderMap::new(), answer),
        Err(FunctionError::Failed(failure)) => {
            let headers = HeaderMap::from_iter([(FUNCTION_ERROR, HeaderValue::from_static("Unhandled"))]);
            log.endpoint_response(StatusCode::OK, &headers, &failure.json);
        }
        Err(_) => {}
    }
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

#[cfg(test)]
mod tests {
    use claviger_runtime::functions::Failure;

    use super::*;

    fn failed(message: &str) -> FunctionError {
        let json = format!(r#"{{"errorMessage":"{message}"}}"#).into();
        FunctionError::Failed(Failure { message: message.to_owned(), error_type: String::new(), json })
    }

    fn not_permitted() -> FunctionError {
        let [function, principal, source_arn] = ["f", PRINCIPAL, "a"].map(str::to_owned);
        FunctionError::NotPermitted { function, principal, source_arn }
    }

    #[test]
    fn a_method_whose_function_fails_answers_in_the_words_of_api_gateway() {
        let check = |error: FunctionError, status: u16, kind: &str, reason: &str| {
            let refusal = in_gateway_words(error, 50);
            let told = (refusal.status(), refusal.response_type().as_str(), refusal.to_string());
            assert_eq!((told.0, told.1), (status, kind));
            assert!(told.2.contains(reason), "{refusal}");
        };
        check(failed("no pet"), 502, "INTEGRATION_FAILURE", "customer function error: no pet");
        check(FunctionError::TooLarge, 502, "INTEGRATION_FAILURE", "larger than 6291456 bytes");
        check(FunctionError::TimedOut(Duration::ZERO), 504, "INTEGRATION_TIMEOUT", "within 50 ms");
        let permissions = "Invalid permissions on Lambda function";
        check(FunctionError::NotFound("f".to_owned()), 500, "API_CONFIGURATION_ERROR", permissions);
        check(not_permitted(), 500, "API_CONFIGURATION_ERROR", permissions);
        check(FunctionError::Throttled, 500, "INTEGRATION_FAILURE", "too many calls");
        check(FunctionError::ReservationFull, 500, "INTEGRATION_FAILURE", "as are reserved for it");
        let broken = || "broken".to_owned();
        check(FunctionError::Unreachable { reason: broken() }, 500, "INTEGRATION_FAILURE", "reached: broken");
        check(FunctionError::Unavailable { reason: broken() }, 500, "INTEGRATION_FAILURE", "run: broken");
        check(FunctionError::Status(503), 500, "INTEGRATION_FAILURE", "status 503");
    }

    #[test]
    fn an_authorizer_whose_function_fails_answers_in_the_words_of_api_gateway() {
        let check = |error: FunctionError, status: u16, kind: &str| {
            let refusal = in_authorizer_words(error);
            assert_eq!((refusal.status(), refusal.response_type().as_str()), (status, kind), "{refusal}");
        };
        let (configuration, failure) = ("AUTHORIZER_CONFIGURATION_ERROR", "AUTHORIZER_FAILURE");
        check(failed("Unauthorized"), 401, "UNAUTHORIZED");
        check(failed("unauthorized"), 500, configuration);
        check(failed(""), 500, configuration);
        check(FunctionError::TooLarge, 500, configuration);
        check(FunctionError::TimedOut(Duration::ZERO), 500, configuration);
        check(FunctionError::NotFound("f".to_owned()), 500, configuration);
        check(not_permitted(), 500, configuration);
        check(FunctionError::Throttled, 500, failure);
        check(FunctionError::Unreachable { reason: String::new() }, 500, failure);
        check(FunctionError::Unavailable { reason: String::new() }, 500, failure);
        check(FunctionError::Status(503), 500, failure);
    }
}
