//! An authorizer that is tried: asked as traffic asks it, but that nothing it says is kept or held against a method.

use std::collections::BTreeMap;

use bytes::Bytes;
use claviger_gateway::claims::Claims;
use claviger_gateway::compile::{CompiledAuthorizer, JwtMethod, UserPools};
use claviger_gateway::exchange::Exchange;
use claviger_gateway::execution_log::{ExecutionLog, concealed};
use claviger_gateway::lambda_authorizer::{Answer, AnswerForm, LambdaAuthorizer};
use claviger_gateway::refusal::Refusal;
use claviger_gateway::trial::{AUTHORIZER_STAGE, authorizer_arn, method_arn};
use claviger_resources::limits::METHOD_ARN_BYTES_MAX;
use claviger_runtime::functions::FunctionError;
use claviger_runtime::trials::{AuthorizerOutcome, AuthorizerTrial, NotTried};
use http::StatusCode;
use serde_json::Value;

use super::Trying;
use crate::DataPlane;
use crate::functions::{call, in_authorizer_words, tell_call};
use crate::gateway::authorize::{bearer, jwt};
use crate::gateway::denied::Denied;
use crate::gateway::lambda_authorizer::DURATION_MAX;
use crate::ids::trace_id;

/// The verb and the resource of the method that a tried authorizer is asked about (observed).
const VERB: &str = "GET";
const RESOURCE_ID: &str = "test-invoke-resource-id";

/// What an authorizer says of a caller whom it knows.
#[derive(Default)]
struct Verdict {
    principal_id: Option<String>,
    policy: Option<String>,
    context: BTreeMap<String, String>,
    claims: Option<BTreeMap<String, String>>,
}

impl DataPlane {
    pub(super) async fn try_authorizer(&self, trial: AuthorizerTrial) -> Result<AuthorizerOutcome, NotTried> {
        let AuthorizerTrial { api, authorizer, request } = trial;
        let compiled = CompiledAuthorizer::compile(&authorizer).map_err(NotTried::Authorizer)?;
        let trying = Trying::new(self, &api, &request);
        let exchange = trying.exchange(VERB, (RESOURCE_ID, request.target.path()), &[]);
        let mut log = ExecutionLog::new(&trying.ids.request, &request.headers, &*self.clock, &*self.monotonic);
        log.line(format_args!("Starting authorizer: {} for request: {}", authorizer.id, trying.ids.request));
        let verdict = match compiled {
            CompiledAuthorizer::UserPools(authorizer) => {
                self.try_user_pools(&UserPools { authorizer, scopes: Box::default() }, &exchange, &mut log)
            }
            CompiledAuthorizer::Jwt(authorizer) => {
                self.try_jwt(&JwtMethod { authorizer, scopes: Box::default() }, &exchange, &mut log).await
            }
            CompiledAuthorizer::Lambda(authorizer) => self.try_lambda(&authorizer, &trying, &exchange, &mut log).await,
        };
        let (verdict, client_status) = match verdict {
            Ok(verdict) => {
                log.line("Successfully completed authorizer execution");
                (verdict, None)
            }
            Err(denied) => {
                turned_away(&denied, &trying.ids.request, &mut log);
                let status = StatusCode::from_u16(denied.refusal.status());
                (Verdict::default(), Some(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)))
            }
        };
        let Verdict { principal_id, policy, context, claims } = verdict;
        let latency_milliseconds = trying.latency_milliseconds(&*self.monotonic);
        let log = log.into_text();
        Ok(AuthorizerOutcome { client_status, principal_id, policy, context, claims, log, latency_milliseconds })
    }

    /// A token of a user pool. Where no scope is asked for, that is an ID token.
    fn try_user_pools(
        &self,
        pools: &UserPools,
        exchange: &Exchange<'_>,
        log: &mut ExecutionLog<'_>,
    ) -> Result<Verdict, Denied> {
        let (headers, now) = (exchange.request.headers, exchange.context.request_time);
        let presented = headers.get(&pools.authorizer.header).and_then(|value| value.to_str().ok());
        tell_token(presented, log);
        let token = bearer(self, pools, &self.current.load_full(), headers, now);
        let token = token.map_err(|refusal| Denied::token(refusal, pools, headers, now))?;
        Ok(Verdict { claims: Some(claims(token.payload())), ..Verdict::default() })
    }

    async fn try_jwt(
        &self,
        method: &JwtMethod,
        exchange: &Exchange<'_>,
        log: &mut ExecutionLog<'_>,
    ) -> Result<Verdict, Denied> {
        let now = exchange.context.request_time;
        let presented = exchange.request.headers.get(&method.authorizer.header);
        let presented = presented.and_then(|value| value.to_str().ok());
        tell_token(presented, log);
        let token = jwt(self, method, &self.current.load_full(), presented, now).await;
        let token = token.map_err(|refusal| Denied::jwt(&refusal, method, presented, now))?;
        Ok(Verdict { claims: Some(claims(token.payload())), ..Verdict::default() })
    }

    async fn try_lambda(
        &self,
        authorizer: &LambdaAuthorizer,
        trying: &Trying<'_>,
        exchange: &Exchange<'_>,
        log: &mut ExecutionLog<'_>,
    ) -> Result<Verdict, Denied> {
        let method_arn = method_arn(trying.api, AUTHORIZER_STAGE, VERB, exchange.request.path);
        if method_arn.len() > METHOD_ARN_BYTES_MAX {
            return Err(Refusal::UriTooLong.into());
        }
        let identity = authorizer.identify(exchange).map_err(|error| Denied::unidentified(error, authorizer))?;
        tell_identity(authorizer, identity.values(), log);
        let function = authorizer.function.function(exchange.stage_variables).ok_or_else(|| {
            configuration("the authorizer's URI names no function with the stage variables of the request".to_owned())
        })?;
        let trace = trace_id(exchange.request.headers, exchange.context.request_time);
        let event = authorizer.event(&identity, &method_arn, exchange, &trace);
        let source_arn = authorizer_arn(trying.api, &authorizer.id);
        tell_call(Some(log), &function, &event, &source_arn, &trace);
        let answer = call(&self.functions, &function, event, DURATION_MAX, &source_arn).await;
        let told = match &answer {
            Ok(answer) => answer.as_ref(),
            Err(FunctionError::Failed(failure)) => failure.json.as_ref(),
            Err(_) => b"",
        };
        if !told.is_empty() {
            log.line(format_args!("Authorizer result body before parsing: {}", String::from_utf8_lossy(told)));
        }
        let answer = answer.map_err(in_authorizer_words)?;
        let said = read(&answer)?;
        let principal = said.principal_id.as_deref().unwrap_or_default();
        log.line(format_args!("Using valid authorizer policy for principal: {}", concealed(principal)));
        Ok(said)
    }
}

/// What a function answered, in the form that it must have at the gate.
fn read(answer: &Bytes) -> Result<Verdict, Refusal> {
    let said = Answer::read(answer, AnswerForm::Policy).map_err(|error| configuration(error.to_string()))?;
    let whole: Value = serde_json::from_slice(answer).unwrap_or_default();
    let text = |value: Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Ok(Verdict {
        principal_id: said.principal_id,
        policy: whole.get("policyDocument").map(Value::to_string),
        context: said.context.into_iter().map(|(name, value)| (name, text(value))).collect(),
        claims: None,
    })
}

fn configuration(reason: String) -> Refusal {
    Refusal::AuthorizerConfiguration(reason.into())
}

fn claims(payload: &[u8]) -> BTreeMap<String, String> {
    Claims::from_payload(payload).texts().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn tell_token(presented: Option<&str>, log: &mut ExecutionLog<'_>) {
    if let Some(token) = presented {
        log.conceal(token);
        log.line(format_args!("Incoming identity: {}", concealed(token)));
    }
}

/// Tells who calls: of a token its last letters, of several values each with where it was found.
fn tell_identity(authorizer: &LambdaAuthorizer, values: &[String], log: &mut ExecutionLog<'_>) {
    for value in values {
        log.conceal(value);
    }
    match values {
        [token] if authorizer.is_of_token() => log.line(format_args!("Incoming identity: {}", concealed(token))),
        _ => {
            let sources = authorizer.identity_sources().zip(values);
            let named: Vec<_> = sources.map(|(source, value)| format!("{source}={}", concealed(value))).collect();
            log.line(format_args!("Incoming identity: {{{}}}", named.join(", ")));
        }
    }
}

/// Tells why a client would be turned away, and which setting decided.
fn turned_away(denied: &Denied, request_id: &str, log: &mut ExecutionLog<'_>) {
    let refusal = &denied.refusal;
    if refusal.status() < 500 {
        log.line(format_args!("Unauthorized request: {request_id}"));
        log.line(refusal);
    } else {
        log.failure(refusal);
    }
    if let Some(setting) = denied.setting() {
        log.line(setting);
    }
    log.line(refusal.error_type());
}
