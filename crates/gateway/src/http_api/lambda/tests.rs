use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::*;
use crate::claims::Claims;
use crate::context::{Authorizer, Context, Signer};
use crate::exchange::tests::with;

const TRACE: HeaderValue = HeaderValue::from_static("Root=1-6a464ef8-6ae629315d45f81e58ee5a15");
const DOMAIN: &str = "a1b2c3d4e5.execute-api.eu-west-2.amazonaws.com";

fn proxy(format: &str, changes: &Value) -> LambdaProxy {
    let mut stored = json!({
        "integrationId": "abc1234", "apiId": "a1b2c3d4e5", "integrationType": "AWS_PROXY",
        "tenant": { "account": "000000000000", "region": "us-east-1" }, "connectionType": "INTERNET",
        "integrationUri": "arn:aws:lambda:us-east-1:000000000000:function:${stageVariables.color}",
        "payloadFormatVersion": format, "timeoutInMillis": 30_000,
    });
    for (name, value) in changes.as_object().unwrap() {
        stored[name] = value.clone();
    }
    LambdaProxy::compile(&serde_json::from_value(stored).unwrap()).unwrap()
}

/// The event of a request to `GET /user/{id}` with this context.
fn told(format: &str, exchange: &Exchange<'_>, context: &Context<'_>, scopes: &[Box<str>]) -> String {
    let context = Context { route_key: Some("GET /user/{id}"), ..*context };
    let event = proxy(format, &json!({})).event(&Exchange { context, ..*exchange }, scopes, &TRACE);
    String::from_utf8(event.to_vec()).unwrap()
}

const HEADERS: [(&str, &str); 9] = [
    ("accept", "*/*"),
    ("connection", "close"),
    ("cookie", "a=b; c=d"),
    ("cookie", "e=f"),
    ("content-type", "application/json; charset=utf-8"),
    ("user-agent", "curl/8.13.0"),
    ("x-forwarded-for", "10.0.0.1"),
    ("x-many", "1"),
    ("x-many", "2"),
];

#[test]
fn an_event_of_format_2_has_its_members_in_their_order() {
    with(&HEADERS, Some("q=1&q=2&r=%20x"), br#"{"a":1}"#, |exchange| {
        let expected = json!({
            "version": "2.0", "routeKey": "GET /user/{id}", "rawPath": "/prod/user/7", "rawQueryString": "q=1&q=2&r=%20x",
            "cookies": ["a=b", "c=d", "e=f"],
            "headers": {
                "accept": "*/*", "content-length": "7", "content-type": "application/json; charset=utf-8", "host": DOMAIN,
                "user-agent": "curl/8.13.0", "x-amzn-trace-id": "Root=1-6a464ef8-6ae629315d45f81e58ee5a15",
                "x-forwarded-for": "10.0.0.1, 192.0.2.10", "x-forwarded-port": "443", "x-forwarded-proto": "https",
                "x-many": "1,2",
            },
            "queryStringParameters": { "q": "1,2", "r": " x" },
            "requestContext": {
                "accountId": "000000000000", "apiId": "a1b2c3d4e5", "domainName": DOMAIN, "domainPrefix": "a1b2c3d4e5",
                "http": { "method": "GET", "path": "/prod/user/7", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.10",
                    "userAgent": "curl/8.13.0" },
                "requestId": "1be02043-9fd1-43a9-ace6-f4c6e4ec2603", "routeKey": "GET /user/{id}", "stage": "prod",
                "time": "02/Jul/2026:11:43:52 +0000", "timeEpoch": 1_782_992_632_627_i64,
            },
            "pathParameters": { "id": "7" }, "stageVariables": { "color": "blue" },
            "body": "{\"a\":1}", "isBase64Encoded": false,
        });
        assert_eq!(told("2.0", exchange, &exchange.context, &[]), expected.to_string());
    });
}

#[test]
fn an_event_of_format_1_has_its_members_in_their_order() {
    with(&HEADERS[4..], Some("q=1&q=2"), br#"{"a":1}"#, |exchange| {
        let expected = json!({
            "version": "1.0", "resource": "/user/{id}", "path": "/prod/user/7", "httpMethod": "GET",
            "headers": {
                "Content-Length": "7", "Content-Type": "application/json; charset=utf-8", "Host": DOMAIN,
                "User-Agent": "curl/8.13.0", "X-Amzn-Trace-Id": "Root=1-6a464ef8-6ae629315d45f81e58ee5a15",
                "X-Forwarded-For": "10.0.0.1, 192.0.2.10", "X-Forwarded-Port": "443", "X-Forwarded-Proto": "https",
                "x-many": "2",
            },
            "multiValueHeaders": {
                "Content-Length": ["7"], "Content-Type": ["application/json; charset=utf-8"], "Host": [DOMAIN],
                "User-Agent": ["curl/8.13.0"], "X-Amzn-Trace-Id": ["Root=1-6a464ef8-6ae629315d45f81e58ee5a15"],
                "X-Forwarded-For": ["10.0.0.1, 192.0.2.10"], "X-Forwarded-Port": ["443"],
                "X-Forwarded-Proto": ["https"], "x-many": ["1", "2"],
            },
            "queryStringParameters": { "q": "2" }, "multiValueQueryStringParameters": { "q": ["1", "2"] },
            "requestContext": {
                "accountId": "000000000000", "apiId": "a1b2c3d4e5", "domainName": DOMAIN, "domainPrefix": "a1b2c3d4e5",
                "extendedRequestId": "f4FG6GoQvHcEtuQ=", "httpMethod": "GET",
                "identity": {
                    "accessKey": null, "accountId": null, "caller": null, "cognitoAmr": null,
                    "cognitoAuthenticationProvider": null, "cognitoAuthenticationType": null, "cognitoIdentityId": null,
                    "cognitoIdentityPoolId": null, "principalOrgId": null, "sourceIp": "192.0.2.10", "user": null,
                    "userAgent": "curl/8.13.0", "userArn": null,
                },
                "path": "/prod/user/7", "protocol": "HTTP/1.1", "requestId": "1be02043-9fd1-43a9-ace6-f4c6e4ec2603",
                "requestTime": "02/Jul/2026:11:43:52 +0000", "requestTimeEpoch": 1_782_992_632_627_i64,
                "resourceId": null, "resourcePath": "/user/{id}", "stage": "prod",
            },
            "pathParameters": { "id": "7" }, "stageVariables": { "color": "blue" },
            "body": "{\"a\":1}", "isBase64Encoded": false,
        });
        assert_eq!(told("1.0", exchange, &exchange.context, &[]), expected.to_string());
    });
}

#[test]
fn what_there_is_not_is_left_out_or_null() {
    with(&[], None, b"", |exchange| {
        let none = BTreeMap::new();
        let exchange = Exchange {
            stage_variables: &none,
            request: Request { path_parameters: &[], ..exchange.request },
            ..*exchange
        };
        let event: Value = serde_json::from_str(&told("2.0", &exchange, &exchange.context, &[])).unwrap();
        for name in ["cookies", "queryStringParameters", "pathParameters", "stageVariables", "body"] {
            assert_eq!(event.get(name), None, "{name}");
        }
        assert_eq!((&event["rawQueryString"], event["requestContext"].get("authorizer")), (&json!(""), None));
        let event: Value = serde_json::from_str(&told("1.0", &exchange, &exchange.context, &[])).unwrap();
        for name in ["queryStringParameters", "pathParameters", "stageVariables", "body"] {
            assert_eq!(event.get(name), Some(&Value::Null), "{name}");
        }
    });
}

#[test]
fn a_body_is_text_when_its_type_says_so() {
    let check = |kind: Option<&str>, bytes: &[u8], expected: (Option<&str>, bool)| {
        let headers: Vec<_> = kind.into_iter().map(|kind| ("content-type", kind)).collect();
        with(&headers, None, bytes, |exchange| {
            let (text, is_encoded) = body(&exchange.request);
            assert_eq!((text.as_deref(), is_encoded), expected, "{kind:?}");
        });
    };
    for kind in
        ["application/json", "Application/JSON; charset=utf-8", "text/csv", "application/xml", "application/javascript"]
    {
        check(Some(kind), b"hi", (Some("hi"), false));
    }
    for kind in
        ["application/x-www-form-urlencoded", "application/octet-stream", "image/png", "application/problem+json"]
    {
        check(Some(kind), b"hi", (Some("aGk="), true));
    }
    check(None, b"hi", (Some("aGk="), true));
    check(Some("text/plain"), &[0xff], (Some("/w=="), true));
    check(Some("image/png"), b"", (None, false));
}

#[test]
fn the_path_is_decoded_and_has_the_stage_before_it() {
    with(&[], None, b"", |exchange| {
        let check = |stage: &'static str, whole: &'static str, path: &'static str, expected: &str| {
            let context = Context { stage, path: whole, ..exchange.context };
            let exchange = Exchange { request: Request { path, ..exchange.request }, context, ..*exchange };
            assert_eq!(path_with_stage(&exchange), expected);
        };
        check("prod", "/prod/a%20b", "/a%20b", "/prod/a b");
        check("$default", "/a%2Fb", "/a%2Fb", "/a/b");
        check("$default", "/%24default/x", "/x", "/x");
        check("prod", "/prod/%ff", "/%ff", "/prod/%ff");
    });
}

#[test]
fn whoever_calls_is_told_by_what_let_them_in() {
    with(&[], None, b"", |exchange| {
        let authorizer = |format: &str, context: &Context<'_>, scopes: &[Box<str>]| {
            let event: Value = serde_json::from_str(&told(format, exchange, context, scopes)).unwrap();
            event["requestContext"]["authorizer"].clone()
        };
        let claims = Claims::of_http_api(br#"{"sub":"m","exp":1675021635,"groups":["a","b"]}"#);
        let by_token = Context { claims: Some(&claims), ..exchange.context };
        let claims = json!({ "sub": "m", "exp": "1675021635", "groups": "[a b]" });
        let with_scopes = json!({ "claims": claims, "scopes": ["read"] });
        assert_eq!(authorizer("2.0", &by_token, &["read".into()]), json!({ "jwt": with_scopes }));
        assert_eq!(authorizer("1.0", &by_token, &["read".into()]), with_scopes);
        assert_eq!(authorizer("2.0", &by_token, &[]), json!({ "jwt": { "claims": claims, "scopes": null } }));

        let values = Map::from_iter([("level".to_owned(), json!([1, { "a": true }]))]);
        let said = Authorizer { principal_id: Some("ada".to_owned()), values, latency_milliseconds: 3 };
        let by_lambda = Context { authorizer: Some(&said), ..exchange.context };
        assert_eq!(authorizer("2.0", &by_lambda, &[]), json!({ "lambda": { "level": [1, { "a": true }] } }));
        let expected = json!({ "level": [1, { "a": true }], "principalId": "ada", "integrationLatency": 3 });
        assert_eq!(authorizer("1.0", &by_lambda, &[]), expected);
        let nothing = Authorizer::default();
        let by_lambda = Context { authorizer: Some(&nothing), ..exchange.context };
        assert_eq!(authorizer("2.0", &by_lambda, &[]), json!({ "lambda": null }));

        let signer = Signer {
            access_key: "AKIA".to_owned(),
            account: claviger_resources::AccountId::DEFAULT,
            arn: "arn:aws:iam::000000000000:user/ada".to_owned(),
            id: "AIDA".to_owned(),
        };
        let by_signature = Context { signer: Some(&signer), ..exchange.context };
        let expected = json!({ "iam": {
            "accessKey": "AKIA", "accountId": "000000000000", "callerId": "AIDA", "cognitoIdentity": null,
            "principalOrgId": null, "userArn": "arn:aws:iam::000000000000:user/ada", "userId": "AIDA",
        } });
        assert_eq!(authorizer("2.0", &by_signature, &[]), expected);
        assert_eq!(authorizer("1.0", &by_signature, &[]), Value::Null);
    });
}

#[test]
fn authorizers_are_told_what_identifies_the_caller() {
    with(&[("x-a", "1")], None, b"x", |exchange| {
        let identity = ["user1".to_owned(), "123".to_owned()];
        let read = |event: Vec<u8>| -> Value { serde_json::from_slice(&event).unwrap() };
        let second = read(event::authorizer_event(exchange, "/", &identity, "arn:x", &TRACE));
        let names: Vec<_> = second.as_object().unwrap().keys().take(5).map(String::as_str).collect();
        assert_eq!(names, ["version", "type", "routeArn", "identitySource", "routeKey"]);
        assert_eq!(second["identitySource"], json!(["user1", "123"]));
        assert_eq!((second.get("body"), second.get("isBase64Encoded")), (None, None));
        let second = read(event::authorizer_event(exchange, "/", &[], "arn:x", &TRACE));
        assert_eq!(second["identitySource"], Value::Null);

        let first = read(event_1_0::authorizer_event(exchange, "/", &identity, "arn:x", &TRACE));
        let names: Vec<_> = first.as_object().unwrap().keys().take(5).map(String::as_str).collect();
        assert_eq!(names, ["version", "type", "methodArn", "identitySource", "authorizationToken"]);
        assert_eq!(
            (&first["identitySource"], &first["authorizationToken"]),
            (&json!("user1,123"), &json!("user1,123"))
        );
        assert_eq!((&first["queryStringParameters"], first.get("body")), (&json!({}), None));
    });
}

#[test]
fn mappings_change_what_the_function_is_told_and_what_it_says() {
    with(&[("x-a", "1")], Some("q=1"), b"", |exchange| {
        let mapped = json!({
            "requestParameters": {
                "overwrite:header.x-a": "2", "append:querystring.r": "3", "overwrite:path": "/other",
            },
            "responseParameters": { "200": { "overwrite:statuscode": "202", "append:header.x-id": "$response.body.id" } },
        });
        let proxy = proxy("2.0", &mapped);
        let event: Value = serde_json::from_slice(&proxy.event(exchange, &[], &TRACE)).unwrap();
        let shown = (&event["headers"]["x-a"], &event["rawQueryString"], &event["rawPath"]);
        assert_eq!(shown, (&json!("2"), &json!("q=1&r=3"), &json!("/other")));
        let answer = proxy.answer(exchange, br#"{"id":"7"}"#).unwrap();
        assert_eq!((answer.status.as_u16(), answer.headers.get("x-id").unwrap().to_str().unwrap()), (202, "7"));
    });
}

#[test]
fn stage_variables_may_name_the_function() {
    with(&[], None, b"", |exchange| {
        let proxy = proxy("2.0", &json!({}));
        assert_eq!(proxy.function(exchange), Ok("arn:aws:lambda:us-east-1:000000000000:function:blue".to_owned()));
        let none = BTreeMap::new();
        let refusal = proxy.function(&Exchange { stage_variables: &none, ..*exchange }).unwrap_err();
        assert_eq!(refusal.status(), 500);
    });
}
