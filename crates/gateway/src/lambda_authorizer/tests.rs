#![expect(clippy::needless_pass_by_value, reason = "literal documents read best where they are used")]

use claviger_resources::rest_api::Authorizer;
use serde_json::{Value, json};

use super::*;
use crate::exchange::tests::with;

fn authorizer(members: Value) -> Result<LambdaAuthorizer, String> {
    let mut stored = json!({
        "id": "abc123", "restApiId": "a1b2c3d4e5", "tenant": { "account": "000000000000", "region": "us-east-1" },
        "name": "gate", "type": "TOKEN", "identitySource": "method.request.header.Authorization",
        "authorizerUri": "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/gate/invocations",
    });
    for (name, value) in members.as_object().unwrap() {
        stored[name] = value.clone();
    }
    LambdaAuthorizer::compile(&serde_json::from_value::<Authorizer>(stored).unwrap())
}

const ARN: &str = "arn:aws:execute-api:us-east-1:000000000000:a1b2c3d4e5/prod/GET/user/7";

#[test]
fn a_token_is_one_header_that_matches_as_a_whole() {
    let check = |members: Value, headers: &[(&'static str, &str)], expected: Result<&str, &str>| {
        let authorizer = authorizer(members.clone()).unwrap();
        with(headers, None, b"", |exchange| {
            let identity = authorizer.identify(exchange).map_err(|error| error.to_string());
            let token = identity.map(|identity| identity.values().join(" + "));
            assert_eq!(token, expected.map(str::to_owned).map_err(str::to_owned), "{members} {headers:?}");
        });
    };
    let missing = Err("the identity source method.request.header.Authorization has no value");
    check(json!({}), &[("authorization", "Bearer a")], Ok("Bearer a"));
    check(json!({}), &[], missing);
    check(json!({}), &[("authorization", "")], missing);
    let pattern = json!({ "identityValidationExpression": "^Bearer [a-z]+$" });
    check(pattern.clone(), &[("authorization", "Bearer abc")], Ok("Bearer abc"));
    let no_match = Err("the token does not match identityValidationExpression");
    check(pattern.clone(), &[("authorization", "Bearer abc1")], no_match);
    check(json!({ "identityValidationExpression": "Bearer" }), &[("authorization", "Bearer abc")], no_match);
    check(pattern, &[], missing);
}

#[test]
fn a_request_is_identified_by_all_of_its_sources_in_order() {
    let check = |sources: &str, query: Option<&str>, expected: Result<&str, &str>| {
        let authorizer = authorizer(json!({ "type": "REQUEST", "identitySource": sources })).unwrap();
        with(&[("x-tenant", "north"), ("x-none", "")], query, b"", |exchange| {
            let identity = authorizer.identify(exchange).map_err(|error| error.to_string());
            let values = identity.map(|identity| identity.values().join(" + "));
            assert_eq!(values, expected.map(str::to_owned).map_err(str::to_owned), "{sources} {query:?}");
        });
    };
    let four =
        "method.request.header.X-Tenant, method.request.querystring.a,stageVariables.color,context.identity.sourceIp";
    check(four, Some("a=1&a=2"), Ok("north + 2 + blue + 192.0.2.10"));
    check(four, None, Err("the identity source method.request.querystring.a has no value"));
    check(four, Some("a="), Err("the identity source method.request.querystring.a has no value"));
    check("method.request.header.x-none", None, Err("the identity source method.request.header.x-none has no value"));
    check("stageVariables.none", None, Err("the identity source stageVariables.none has no value"));
    check("context.httpMethod", None, Ok("GET"));
    check("", None, Ok(""));
}

#[test]
fn what_is_answered_is_kept_for_as_long_as_the_authorizer_says() {
    let check = |members: Value, expected: u32| {
        assert_eq!(authorizer(members.clone()).unwrap().result_ttl_seconds, expected, "{members}");
    };
    check(json!({}), 300);
    check(json!({ "authorizerResultTtlInSeconds": 0 }), 0);
    check(json!({ "authorizerResultTtlInSeconds": 3_600 }), 3_600);
    check(json!({ "authorizerResultTtlInSeconds": 4_000 }), 3_600);
    check(json!({ "type": "REQUEST", "identitySource": "context.stage" }), 300);
    check(json!({ "type": "REQUEST", "identitySource": null }), 0);
}

#[test]
fn says_what_is_wrong_with_it() {
    let check = |members: Value, expected: &str| assert_eq!(authorizer(members).unwrap_err(), expected);
    check(
        json!({ "authorizerUri": "https://a" }),
        "authorizer gate: \"https://a\" is not the URI of a Lambda function",
    );
    check(json!({ "identitySource": null }), "authorizer gate: the identity source \"\" is not one header");
    let two = "method.request.header.a,method.request.header.b";
    check(json!({ "identitySource": two }), &format!("authorizer gate: the identity source {two:?} is not one header"));
    let of_path = json!({ "type": "REQUEST", "identitySource": "method.request.path.id" });
    check(of_path, "authorizer gate: \"method.request.path.id\" is no identity source");
    let error = authorizer(json!({ "identityValidationExpression": "(" })).unwrap_err();
    assert!(error.starts_with("authorizer gate: \"(\": "), "{error}");
    assert!(are_identity_sources("context.stage, method.request.querystring.a"));
    assert!(!are_identity_sources("context.stage,"));
}

#[test]
fn the_function_is_told_the_token_or_the_whole_request() {
    let trace = HeaderValue::from_static("Root=1-2-3");
    with(&[("authorization", "Bearer a"), ("user-agent", "curl")], Some("a=1&b=x&a=2"), b"body", |exchange| {
        let event = |members: Value| {
            let authorizer = authorizer(members).unwrap();
            let identity = authorizer.identify(exchange).ok().unwrap();
            String::from_utf8(authorizer.event(&identity, ARN, exchange, &trace).to_vec()).unwrap()
        };
        assert_eq!(
            event(json!({})),
            format!(r#"{{"type":"TOKEN","authorizationToken":"Bearer a","methodArn":"{ARN}"}}"#)
        );
        let request: Value = serde_json::from_str(&event(json!({ "type": "REQUEST" }))).unwrap();
        let members: Vec<_> = request.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(
            members,
            [
                "type",
                "methodArn",
                "resource",
                "path",
                "httpMethod",
                "headers",
                "multiValueHeaders",
                "queryStringParameters",
                "multiValueQueryStringParameters",
                "pathParameters",
                "stageVariables",
                "requestContext",
            ]
        );
        assert_eq!(request["type"], "REQUEST");
        assert_eq!(request["queryStringParameters"], json!({ "a": "2", "b": "x" }));
        assert_eq!(request["requestContext"].get("authorizer"), None);
    });
    with(&[("authorization", "a")], None, b"", |exchange| {
        let authorizer = authorizer(json!({ "type": "REQUEST" })).unwrap();
        let identity = authorizer.identify(exchange).ok().unwrap();
        let event: Value = serde_json::from_slice(&authorizer.event(&identity, ARN, exchange, &trace)).unwrap();
        assert_eq!(
            (&event["queryStringParameters"], &event["multiValueQueryStringParameters"]),
            (&json!({}), &json!({}))
        );
    });
}
