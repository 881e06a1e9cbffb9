//! Asking Lambda authorizers of HTTP APIs: who calls, what the function said of them, now or a while ago, and what that means
//! for the route.

use std::time::Duration;

use claviger_gateway::context::Authorizer;
use claviger_gateway::http_api::Refusal;
use claviger_gateway::http_api::lambda_authorizer::LambdaAuthorizer;
use claviger_gateway::lambda_authorizer::{Answer, Identity};
use claviger_gateway::policy::{Asker, Circumstances, Decision, INVOKE, Question};
use claviger_gateway::refusal::Refusal as RestRefusal;

use super::authorize::Asking;
use super::denied::Denied;
use crate::DataPlane;
use crate::authorizer_cache::Key;
use crate::functions::{call, in_authorizer_words};
use crate::ids::trace_id;

/// How long an authorizer's function may take (API Gateway, "Control access to HTTP APIs with AWS Lambda authorizers").
const DURATION_MAX: Duration = Duration::from_secs(10);

impl DataPlane {
    /// Has a Lambda authorizer decide; gives what it said of a caller whom it lets in.
    pub(super) async fn ask_authorizer_of_http_api(
        &self,
        authorizer: &LambdaAuthorizer,
        asking: &Asking<'_>,
    ) -> Result<Authorizer, Box<Denied>> {
        let context = &asking.exchange.context;
        let compiled = &asking.place.compiled;
        let route_arn = compiled.route_arn(context.stage, context.method, asking.exchange.request.path);
        let identity =
            authorizer.identify(asking.exchange).map_err(|error| Denied::unidentified(&error, authorizer))?;
        let ask = || self.ask_function_of_http_api(authorizer, &identity, &route_arn, asking);
        let told = match authorizer.result_ttl_seconds {
            0 => self.authorizers.timed(ask()).await,
            ttl => {
                let kept_as = &asking.place.stage.stage.authorizer_cache;
                let names =
                    [compiled.id.as_str(), context.stage, kept_as, context.deployment_id, authorizer.id.as_str()];
                let key = Key::of(names.into_iter().chain(identity.values().iter().map(String::as_str)));
                self.authorizers.answer(key, ttl, ask).await
            }
        };
        let turned_away =
            |refusal: Refusal, setting: String| Denied::by_authorizer(refusal, setting, authorizer, identity.values());
        let told = told.map_err(|refusal| {
            let setting = format!("the function of the authorizer {} ({}) decides", authorizer.name, authorizer.id);
            turned_away(in_words_of_http_apis(refusal), setting)
        })?;
        let circumstances = Circumstances::of(asking.exchange);
        let question =
            Question { asker: Asker::Bearer, action: INVOKE, resource: &route_arn, circumstances: &circumstances };
        let reason = match told.answer.decide(&question) {
            Decision::Allowed => return Ok(told.authorizer()),
            Decision::Denied => "the authorizer denies it to the caller",
            Decision::NotAllowed => "the authorizer does not allow it to the caller",
        };
        let when = if told.latency.is_none() { "answered before, and which is kept" } else { "answered" };
        let setting = match &told.answer.principal_id {
            Some(principal) => format!(
                "the policy that the authorizer {} ({}) {when}, for the principal {principal:?}, held against {route_arn}",
                authorizer.name, authorizer.id
            ),
            None => format!("isAuthorized, which the authorizer {} ({}) {when}", authorizer.name, authorizer.id),
        };
        Err(turned_away(Refusal::Forbidden { reason: reason.into(), challenge: None }, setting))
    }

    async fn ask_function_of_http_api(
        &self,
        authorizer: &LambdaAuthorizer,
        identity: &Identity,
        route_arn: &str,
        asking: &Asking<'_>,
    ) -> Result<Answer, RestRefusal> {
        let configuration = |reason: String| RestRefusal::AuthorizerConfiguration(reason.into());
        let exchange = asking.exchange;
        let function = authorizer.function.function(exchange.stage_variables).ok_or_else(|| {
            configuration("the authorizer's URI names no function with the variables of this stage".to_owned())
        })?;
        let trace = trace_id(exchange.request.headers, exchange.context.request_time);
        let event = authorizer.event(identity, route_arn, exchange, &trace);
        let source_arn = asking.place.compiled.authorizer_arn(&authorizer.id);
        let answer = call(&self.functions, &function, event, DURATION_MAX, &source_arn).await;
        let answer = answer.map_err(in_authorizer_words)?;
        Answer::read(&answer, authorizer.form).map_err(|error| configuration(error.to_string()))
    }
}

/// However an authorizer fails, it is the API's own fault; no failure of a function means 401 here.
fn in_words_of_http_apis(refusal: RestRefusal) -> Refusal {
    match refusal {
        RestRefusal::Unauthorized(_) => Refusal::internal(
            "the authorizer's function failed with Unauthorized, which HTTP APIs do not understand: answer isAuthorized \
             false, or a policy that denies",
        ),
        other => other.into(),
    }
}
