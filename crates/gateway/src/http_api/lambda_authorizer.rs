//! `REQUEST` authorizers: what identifies a caller, what the function is told, and in which form it answers (API Gateway,
//! "Control access to HTTP APIs with AWS Lambda authorizers"). Calling the function, and keeping what it answers, is the data
//! plane's.

use bytes::Bytes;
use claviger_resources::AuthorizerId;
use claviger_resources::http_api::Authorizer;
use claviger_resources::limits::AUTHORIZER_RESULT_TTL_SECONDS_MAX;
use http::{HeaderName, HeaderValue};

use super::lambda::{PayloadFormat, event, event_1_0, path_with_stage};
use crate::exchange::Exchange;
use crate::lambda::FunctionUri;
use crate::lambda_authorizer::{AnswerForm, Identity, IdentitySource, Unidentified};
use crate::mapping::{Place, Source};

/// A compiled `REQUEST` authorizer.
#[derive(Clone, Debug)]
pub struct LambdaAuthorizer {
    /// Its id.
    pub id: AuthorizerId,
    /// Its name.
    pub name: String,
    /// The function that decides.
    pub function: FunctionUri,
    /// In which form it answers.
    pub form: AnswerForm,
    /// For how long its answer may be kept, in seconds. Without an identity to keep it under, that is no time at all.
    pub result_ttl_seconds: u32,
    format: PayloadFormat,
    sources: Vec<IdentitySource>,
}

impl LambdaAuthorizer {
    /// Compiles an authorizer; the error says what is wrong with it.
    pub fn compile(authorizer: &Authorizer) -> Result<Self, String> {
        let format = authorizer.authorizer_payload_format_version.as_deref().unwrap_or_default();
        let format = PayloadFormat::parse(format)?;
        let form = match (format, authorizer.enable_simple_responses) {
            (PayloadFormat::V1, _) => AnswerForm::Policy,
            (PayloadFormat::V2, Some(true)) => AnswerForm::Simple,
            (PayloadFormat::V2, _) => AnswerForm::PolicyWithAnyContext,
        };
        let sources = authorizer.identity_source.iter().map(|source| identity_source(source));
        let sources = sources.collect::<Result<Vec<_>, _>>()?;
        let ttl = if sources.is_empty() { 0 } else { authorizer.authorizer_result_ttl_in_seconds.unwrap_or_default() };
        Ok(Self {
            id: authorizer.authorizer_id.clone(),
            name: authorizer.name.clone(),
            function: FunctionUri::compile(authorizer.authorizer_uri.as_deref().unwrap_or_default())?,
            form,
            result_ttl_seconds: ttl.min(AUTHORIZER_RESULT_TTL_SECONDS_MAX),
            format,
            sources,
        })
    }

    /// The values that identify the caller. The function is not called for one of whom a value is missing.
    pub fn identify(&self, exchange: &Exchange<'_>) -> Result<Identity, Unidentified> {
        Identity::of(&self.sources, exchange)
    }

    /// The event that the function gets. `trace_id` is for `x-amzn-trace-id`.
    pub fn event(
        &self,
        identity: &Identity,
        route_arn: &str,
        exchange: &Exchange<'_>,
        trace_id: &HeaderValue,
    ) -> Bytes {
        let path = path_with_stage(exchange);
        let event = match self.format {
            PayloadFormat::V1 => event_1_0::authorizer_event(exchange, &path, identity.values(), route_arn, trace_id),
            PayloadFormat::V2 => event::authorizer_event(exchange, &path, identity.values(), route_arn, trace_id),
        };
        event.into()
    }

    /// Where it looks for who calls, as it was written.
    pub fn identity_sources(&self) -> impl Iterator<Item = &str> {
        self.sources.iter().map(IdentitySource::text)
    }
}

/// Reads an identity source: `$request.header.{name}`, `$request.querystring.{name}`, `$context.{name}` or
/// `$stageVariables.{name}`.
pub fn identity_source(text: &str) -> Result<IdentitySource, String> {
    let parts = text.strip_prefix('$').and_then(|rest| rest.split_once('.'));
    let source = parts.and_then(|(kind, name)| match kind {
        _ if name.is_empty() => None,
        "context" => Some(Source::Context(name.to_owned())),
        "stageVariables" => Some(Source::StageVariable(name.to_owned())),
        "request" => match name.split_once('.')? {
            ("header", name) => {
                HeaderName::from_bytes(name.as_bytes()).ok().map(|_| Source::Request(Place::Header, name.to_owned()))
            }
            ("querystring", name) if !name.is_empty() => Some(Source::Request(Place::QueryString, name.to_owned())),
            _ => None,
        },
        _ => None,
    });
    let source = source.ok_or_else(|| format!("{text:?} is no identity source"))?;
    Ok(IdentitySource::new(text, source))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::context::Context;
    use crate::exchange::tests::with;

    fn authorizer(changes: &Value) -> Result<LambdaAuthorizer, String> {
        let uri = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/gate/invocations";
        let mut stored = json!({
            "authorizerId": "abc123", "apiId": "a1b2c3d4e5", "name": "gate", "authorizerType": "REQUEST",
            "tenant": { "account": "000000000000", "region": "us-east-1" }, "authorizerUri": uri,
            "authorizerPayloadFormatVersion": "2.0",
        });
        for (name, value) in changes.as_object().unwrap() {
            stored[name] = value.clone();
        }
        LambdaAuthorizer::compile(&serde_json::from_value(stored).unwrap())
    }

    #[test]
    fn the_form_of_the_answer_goes_by_the_format() {
        let check = |changes: Value, expected: AnswerForm| {
            assert_eq!(authorizer(&changes).unwrap().form, expected, "{changes}");
        };
        check(json!({ "authorizerPayloadFormatVersion": "1.0" }), AnswerForm::Policy);
        check(json!({}), AnswerForm::PolicyWithAnyContext);
        check(json!({ "enableSimpleResponses": false }), AnswerForm::PolicyWithAnyContext);
        check(json!({ "enableSimpleResponses": true }), AnswerForm::Simple);
        assert!(authorizer(&json!({ "authorizerPayloadFormatVersion": "3.0" })).is_err());
        assert!(authorizer(&json!({ "authorizerUri": "gate" })).is_err());
    }

    #[test]
    fn answers_are_kept_under_an_identity_alone() {
        let check = |changes: Value, expected: u32| {
            assert_eq!(authorizer(&changes).unwrap().result_ttl_seconds, expected, "{changes}");
        };
        check(json!({}), 0);
        check(json!({ "authorizerResultTtlInSeconds": 60 }), 0);
        let sources = ["$request.header.a"];
        check(json!({ "authorizerResultTtlInSeconds": 60, "identitySource": sources }), 60);
        check(json!({ "authorizerResultTtlInSeconds": 9_999, "identitySource": sources }), 3_600);
        check(json!({ "identitySource": sources }), 0);
    }

    #[test]
    fn callers_are_known_by_all_their_sources() {
        with(&[("x-a", "1"), ("x-empty", "")], Some("q=2"), b"", |exchange| {
            let context = Context { route_key: Some("GET /user/{id}"), ..exchange.context };
            let exchange = &Exchange { context, ..*exchange };
            let check = |sources: &[&str], expected: Result<&[&str], &str>| {
                let authorizer = authorizer(&json!({ "identitySource": sources })).unwrap();
                let identity = authorizer.identify(exchange);
                let expected = expected.map(|values| values.iter().map(|value| (*value).to_owned()).collect());
                let values: Result<Vec<String>, _> = identity.map(|identity| identity.values().to_vec());
                assert_eq!(values, expected.map_err(|source| Unidentified::Missing(source.to_owned())));
                assert_eq!(authorizer.identity_sources().collect::<Vec<_>>(), sources);
            };
            check(&[], Ok(&[]));
            check(&["$request.querystring.q", "$request.header.X-A"], Ok(&["2", "1"]));
            check(&["$context.routeKey", "$stageVariables.color"], Ok(&["GET /user/{id}", "blue"]));
            check(&["$request.header.x-a", "$request.header.x-b"], Err("$request.header.x-b"));
            for source in ["$request.header.x-empty", "$request.querystring.x", "$context.x", "$stageVariables.x"] {
                check(&[source], Err(source));
            }
        });
        for text in [
            "",
            "$request.header.",
            "$request.header.a b",
            "$request.path.id",
            "$request.body",
            "request.header.a",
            "$context.",
            "$x.y",
        ] {
            assert!(authorizer(&json!({ "identitySource": [text] })).is_err(), "{text}");
        }
    }
}
