//! `AWS_PROXY` and `AWS` to a Lambda function.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use claviger_gateway::exchange::Exchange;
use claviger_gateway::execution_log::ExecutionLog;
use claviger_gateway::lambda::{Lambda, LambdaProxy, LambdaRequest, Outcome};
use claviger_gateway::refusal::Refusal;
use claviger_gateway::rendering::Rendering;
use claviger_runtime::functions::FunctionError;

use crate::DataPlane;
use crate::functions::{call, in_gateway_words, tell_answer, tell_call};
use crate::gateway::{Answer, Permit};
use crate::ids::{trace_id, trace_of_function};

/// How long a function may take for which nobody waits (AWS Lambda, "Lambda quotas", function timeout).
const UNAWAITED_DURATION_MAX: Duration = Duration::from_mins(15);

impl DataPlane {
    /// Has the function of an `AWS_PROXY` integration answer. `source_arn` is what it is called for.
    pub(crate) async fn lambda_proxy(
        &self,
        proxy: &LambdaProxy,
        _permit: Permit,
        exchange: &Exchange<'_>,
        source_arn: &str,
        mut log: Option<&mut ExecutionLog<'_>>,
    ) -> Result<Answer, Refusal> {
        let trace = trace_id(exchange.request.headers, exchange.context.request_time);
        let (function, milliseconds) = (proxy.call().function(exchange)?, proxy.call().timeout_milliseconds());
        let event = proxy.event(exchange, &trace);
        tell_call(log.as_deref_mut(), &function, &event, source_arn, &trace);
        let answer = call(&self.functions, &function, event, duration(milliseconds), source_arn).await;
        tell_answer(log, &answer);
        let answer = answer.map_err(|error| in_gateway_words(error, milliseconds))?;
        Ok(Answer::Traced(proxy.reply(exchange, &answer)?, trace_of_function(&trace)))
    }

    /// Has the function of an `AWS` integration answer, between templates.
    pub(crate) async fn lambda(
        &self,
        lambda: &Lambda,
        _permit: Permit,
        exchange: &Exchange<'_>,
        source_arn: &str,
        mut log: Option<&mut ExecutionLog<'_>>,
    ) -> Result<Answer, Refusal> {
        let trace = trace_id(exchange.request.headers, exchange.context.request_time);
        let mut rendering = Rendering::new(exchange);
        let (function, milliseconds) = (lambda.call().function(exchange)?, lambda.call().timeout_milliseconds());
        let kept;
        let outcome = match lambda.request(&mut rendering)? {
            LambdaRequest::Answer(event) => {
                tell_call(log.as_deref_mut(), &function, &event, source_arn, &trace);
                let answer = call(&self.functions, &function, event, duration(milliseconds), source_arn).await;
                tell_answer(log, &answer);
                match answer {
                    Ok(answer) => {
                        kept = (String::new(), answer);
                        Outcome::Answered(&kept.1)
                    }
                    Err(FunctionError::Failed(failure)) => {
                        kept = (failure.message, failure.json);
                        Outcome::Failed { message: &kept.0, error: &kept.1 }
                    }
                    Err(error) => return Err(in_gateway_words(error, milliseconds)),
                }
            }
            LambdaRequest::Take(event) => {
                tell_call(log, &function, &event, source_arn, &trace);
                self.send_event(function, event, source_arn)?;
                Outcome::Taken
            }
            LambdaRequest::Nothing => Outcome::Tried,
            LambdaRequest::Unreadable(error) => {
                kept = (String::new(), error);
                Outcome::Refused(&kept.1)
            }
        };
        Ok(Answer::Traced(lambda.reply(&mut rendering, outcome)?, trace_of_function(&trace)))
    }

    /// Hands a function an event for which nobody waits. It is lost when the server stops before the function is done.
    fn send_event(&self, function: String, event: Bytes, source_arn: &str) -> Result<(), Refusal> {
        let place = Arc::clone(&self.unawaited).try_acquire_owned();
        let place = place.map_err(|_| Refusal::FunctionUnavailable("too many events wait for functions".to_owned()))?;
        let (functions, source_arn) = (Arc::clone(&self.functions), source_arn.to_owned());
        tokio::spawn(async move {
            let _place = place;
            let outcome = call(&functions, &function, event, UNAWAITED_DURATION_MAX, &source_arn).await;
            if let Err(error) = outcome {
                // What a function says of its own failure is not for the log.
                let failed_itself = matches!(error, FunctionError::Failed(_));
                let reason = if failed_itself { "it failed".to_owned() } else { error.to_string() };
                tracing::warn!(function, reason, "a function did not take an event");
            }
        });
        Ok(())
    }
}

fn duration(milliseconds: u32) -> Duration {
    Duration::from_millis(milliseconds.into())
}
