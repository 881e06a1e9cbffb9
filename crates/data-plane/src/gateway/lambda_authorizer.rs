//! Asking Lambda authorizers: who calls, what the function said of them, now or a while ago, and what that means for the
//! method.

use std::time::Duration;

use claviger_gateway::context::Authorizer;
use claviger_gateway::lambda_authorizer::{Answer, AnswerForm, Identity, LambdaAuthorizer};
use claviger_gateway::policy::{Asker, Decision};
use claviger_gateway::refusal::Refusal;
use claviger_resources::Secret;
use claviger_resources::limits::METHOD_ARN_BYTES_MAX;

use super::authorize::Asking;
use super::denied::{Denial, Denied};
use crate::DataPlane;
use crate::authorizer_cache::Key;
use crate::functions::{call, in_authorizer_words};
use crate::ids::trace_id;

/// How long an authorizer's function may take: as long as the request it decides about (API Gateway, "Amazon API Gateway
/// quotas", integration timeout).
pub(super) const DURATION_MAX: Duration = Duration::from_secs(29);

/// What an authorizer says of a request.
pub(super) struct Said {
    pub(super) decision: Decision,
    pub(super) authorizer: Authorizer,
    pub(super) usage_identifier_key: Option<Secret<String>>,
    /// What operators are told if the caller is turned away.
    pub(super) denial: Denial,
}

impl DataPlane {
    /// Has a Lambda authorizer decide.
    pub(super) async fn ask_authorizer(
        &self,
        authorizer: &LambdaAuthorizer,
        asking: &Asking<'_>,
    ) -> Result<Said, Denied> {
        let Asking { stage, compiled, exchange, .. } = *asking;
        let context = &exchange.context;
        let method_arn = asking.method_arn();
        if method_arn.len() > METHOD_ARN_BYTES_MAX {
            return Err(Refusal::UriTooLong.into());
        }
        let identity = authorizer.identify(exchange).map_err(|error| Denied::unidentified(error, authorizer))?;
        let ask = || self.ask_function(authorizer, &identity, &method_arn, asking);
        let told = match authorizer.result_ttl_seconds {
            0 => self.authorizers.timed(ask()).await,
            ttl => {
                let kept_as = &stage.stage.authorizer_cache;
                let names =
                    [compiled.id.as_str(), context.stage, kept_as, context.deployment_id, authorizer.id.as_str()];
                let key = Key::of(names.into_iter().chain(identity.values().iter().map(String::as_str)));
                self.authorizers.answer(key, ttl, ask).await
            }
        };
        let denial = Denial::new(authorizer, identity.values());
        let told = match told {
            Ok(told) => told,
            Err(refusal) => return Err(denial.because(refusal)),
        };
        Ok(Said {
            decision: asking.decision(|question| told.answer.decide(question), Asker::Bearer, &method_arn),
            authorizer: told.authorizer(),
            usage_identifier_key: told.answer.usage_identifier_key.clone(),
            denial: denial.of_policy(
                told.answer.principal_id.as_deref().unwrap_or_default(),
                &method_arn,
                told.latency.is_none(),
            ),
        })
    }

    async fn ask_function(
        &self,
        authorizer: &LambdaAuthorizer,
        identity: &Identity,
        method_arn: &str,
        asking: &Asking<'_>,
    ) -> Result<Answer, Refusal> {
        let exchange = asking.exchange;
        let function = authorizer.function.function(exchange.stage_variables).ok_or_else(|| {
            Refusal::AuthorizerConfiguration(
                "the authorizer's URI names no function with the variables of this stage".into(),
            )
        })?;
        let trace = trace_id(exchange.request.headers, exchange.context.request_time);
        let event = authorizer.event(identity, method_arn, exchange, &trace);
        let source_arn = asking.compiled.authorizer_arn(&authorizer.id);
        let answer = call(&self.functions, &function, event, DURATION_MAX, &source_arn).await;
        let answer = answer.map_err(in_authorizer_words)?;
        Answer::read(&answer, AnswerForm::Policy)
            .map_err(|error| Refusal::AuthorizerConfiguration(error.to_string().into()))
    }
}
