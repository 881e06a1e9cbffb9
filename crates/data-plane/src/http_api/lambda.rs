//! `AWS_PROXY` to a Lambda function.

use std::time::Duration;

use claviger_gateway::exchange::Exchange;
use claviger_gateway::http_api::lambda::LambdaProxy;
use claviger_gateway::http_api::{Authorization, CompiledRoute, Refusal};

use super::Outcome;
use super::authorize::Permit;
use crate::DataPlane;
use crate::functions::{call, in_gateway_words};
use crate::ids::trace_id;

impl DataPlane {
    /// Has the function of an `AWS_PROXY` integration answer. `source_arn` is what it is called for.
    pub(super) async fn http_api_lambda(
        &self,
        lambda: &LambdaProxy,
        route: &CompiledRoute,
        _permit: Permit,
        exchange: &Exchange<'_>,
        source_arn: &str,
    ) -> Result<Outcome, Refusal> {
        let trace = trace_id(exchange.request.headers, exchange.context.request_time);
        let (function, milliseconds) = (lambda.function(exchange)?, lambda.timeout_milliseconds());
        let scopes = match &route.authorization {
            Authorization::Jwt(authorization) => &*authorization.scopes,
            _ => &[],
        };
        let event = lambda.event(exchange, scopes, &trace);
        let duration_max = Duration::from_millis(milliseconds.into());
        let answer = call(&self.functions, &function, event, duration_max, source_arn).await;
        let answer = answer.map_err(|error| in_gateway_words(error, milliseconds))?;
        Ok(Outcome::Whole(lambda.answer(exchange, &answer)?))
    }
}
