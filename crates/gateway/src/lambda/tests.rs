use std::collections::BTreeMap;

use claviger_resources::rest_api::Method as StoredMethod;
use http::HeaderValue;
use serde_json::{Value, json};

use super::*;
use crate::claims::Claims;
use crate::content_handling::BinaryMediaTypes;
use crate::context::{Authorizer, Context};
use crate::exchange::tests::with;
use crate::rendering::Rendering;
use crate::request::Request;

const ARN: &str = "arn:aws:lambda:us-east-1:000000000000:function:pets";
const TRACE: HeaderValue = HeaderValue::from_static("Root=1-6a464ef8-6ae629315d45f81e58ee5a15");

fn method(members: &Value) -> StoredMethod {
    let mut integration = json!({
        "type": "AWS", "httpMethod": "POST", "cacheNamespace": "x",
        "uri": format!("arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{ARN}/invocations"),
        "integrationResponses": { "200": { "statusCode": "200" } },
    });
    for (name, value) in members.as_object().unwrap() {
        integration[name] = value.clone();
    }
    let responses: serde_json::Map<_, _> = integration["integrationResponses"]
        .as_object()
        .unwrap()
        .keys()
        .map(|code| (code.clone(), json!({ "statusCode": code })))
        .collect();
    let method = json!({ "httpMethod": "GET", "methodIntegration": integration, "methodResponses": responses });
    serde_json::from_value(method).unwrap()
}

fn proxy(members: &Value, binary: &[&str]) -> LambdaProxy {
    let method = method(members);
    let binary: Vec<String> = binary.iter().map(|kind| (*kind).to_owned()).collect();
    LambdaProxy::compile(method.method_integration.as_ref().unwrap(), &BinaryMediaTypes::new(&binary)).unwrap()
}

fn lambda(members: &Value) -> Lambda {
    let method = method(members);
    Lambda::compile(&method, method.method_integration.as_ref().unwrap(), &BinaryMediaTypes::default()).unwrap()
}

fn event(exchange: &Exchange<'_>, binary: &[&str]) -> Value {
    serde_json::from_slice(&proxy(&json!({}), binary).event(exchange, &TRACE)).unwrap()
}

#[test]
fn the_event_has_the_members_of_api_gateway_in_their_order() {
    let headers = [
        ("host", "a1b2c3d4e5.execute-api.eu-west-2.amazonaws.com"),
        ("user-agent", "curl/8.13.0"),
        ("accept", "*/*"),
        ("authorization", "eyJ"),
        ("content-length", "0"),
    ];
    with(&headers, None, b"", |exchange| {
        let claims = Claims::from_payload(br#"{"sub":"4f2hmhnhvjuj","exp":1782996167}"#);
        let context =
            Context { claims: Some(&claims), path: "/prod/user", resource_path: Some("/user"), ..exchange.context };
        let request = Request { path: "/user", path_parameters: &[], ..exchange.request };
        let exchange = Exchange { request, context, stage_variables: &BTreeMap::new() };
        let event = proxy(&json!({}), &[]).event(&exchange, &TRACE);
        let expected = concat!(
            r#"{"resource":"/user","path":"/user","httpMethod":"GET","#,
            r#""headers":{"Accept":"*/*","Authorization":"eyJ","Host":"a1b2c3d4e5.execute-api.eu-west-2.amazonaws.com","#,
            r#""User-Agent":"curl/8.13.0","X-Amzn-Trace-Id":"Root=1-6a464ef8-6ae629315d45f81e58ee5a15","#,
            r#""X-Forwarded-For":"192.0.2.10","X-Forwarded-Port":"443","X-Forwarded-Proto":"https"},"#,
            r#""multiValueHeaders":{"Accept":["*/*"],"Authorization":["eyJ"],"#,
            r#""Host":["a1b2c3d4e5.execute-api.eu-west-2.amazonaws.com"],"User-Agent":["curl/8.13.0"],"#,
            r#""X-Amzn-Trace-Id":["Root=1-6a464ef8-6ae629315d45f81e58ee5a15"],"#,
            r#""X-Forwarded-For":["192.0.2.10"],"X-Forwarded-Port":["443"],"X-Forwarded-Proto":["https"]},"#,
            r#""queryStringParameters":null,"multiValueQueryStringParameters":null,"pathParameters":null,"#,
            r#""stageVariables":null,"requestContext":{"resourceId":"eazplx","#,
            r#""authorizer":{"claims":{"sub":"4f2hmhnhvjuj","exp":"Thu Jul 02 12:42:47 UTC 2026"}},"#,
            r#""resourcePath":"/user","httpMethod":"GET","extendedRequestId":"f4FG6GoQvHcEtuQ=","#,
            r#""requestTime":"02/Jul/2026:11:43:52 +0000","path":"/prod/user","accountId":"000000000000","#,
            r#""protocol":"HTTP/1.1","stage":"prod","domainPrefix":"a1b2c3d4e5","requestTimeEpoch":1782992632627,"#,
            r#""requestId":"1be02043-9fd1-43a9-ace6-f4c6e4ec2603","identity":{"cognitoIdentityPoolId":null,"#,
            r#""accountId":null,"cognitoIdentityId":null,"caller":null,"sourceIp":"192.0.2.10","principalOrgId":null,"#,
            r#""accessKey":null,"cognitoAuthenticationType":null,"cognitoAuthenticationProvider":null,"#,
            r#""userArn":null,"userAgent":"curl/8.13.0","user":null},"#,
            r#""domainName":"a1b2c3d4e5.execute-api.eu-west-2.amazonaws.com","deploymentId":"p4kh99","#,
            r#""apiId":"a1b2c3d4e5"},"body":null,"isBase64Encoded":false}"#,
        );
        assert_eq!(std::str::from_utf8(&event).unwrap(), expected);
    });
}

#[test]
fn single_values_are_the_last_and_multi_values_are_all() {
    let headers = [("x-a", "1"), ("x-a", "2"), ("x-forwarded-for", "203.0.113.1"), ("x-forwarded-proto", "ftp")];
    with(&headers, Some("a=1&b=%20x&a=2"), b"", |exchange| {
        let event = event(exchange, &[]);
        assert_eq!((&event["headers"]["X-A"], &event["multiValueHeaders"]["X-A"]), (&json!("2"), &json!(["1", "2"])));
        assert_eq!(event["headers"]["X-Forwarded-For"], "203.0.113.1, 192.0.2.10");
        assert_eq!(event["multiValueHeaders"]["X-Forwarded-Proto"], json!(["https"]));
        assert_eq!(event["queryStringParameters"].to_string(), r#"{"a":"2","b":" x"}"#);
        assert_eq!(event["multiValueQueryStringParameters"].to_string(), r#"{"a":["1","2"],"b":[" x"]}"#);
        assert_eq!(
            (&event["pathParameters"], &event["stageVariables"]),
            (&json!({ "id": "7" }), &json!({ "color": "blue" }))
        );
        assert_eq!(event["requestContext"].get("authorizer"), None);
    });
}

#[test]
fn the_port_is_the_one_that_the_client_names() {
    let check = |host: &str, secure: bool, expected: &str| {
        with(&[("host", host)], None, b"", |exchange| {
            let exchange = Exchange { context: Context { secure, ..exchange.context }, ..*exchange };
            let headers = &event(&exchange, &[])["headers"];
            let told = format!(
                "{} {}",
                headers["X-Forwarded-Proto"].as_str().unwrap(),
                headers["X-Forwarded-Port"].as_str().unwrap()
            );
            assert_eq!(told, expected, "{host}");
        });
    };
    check("localhost:4566", false, "http 4566");
    check("localhost", false, "http 80");
    check("localhost", true, "https 443");
    check("[::1]:4566", true, "https 4566");
}

#[test]
fn http2_has_lower_case_names_but_for_those_the_gateway_writes() {
    with(&[("x-a", "1"), ("authorization", "eyJ"), ("user-agent", "curl")], None, b"", |exchange| {
        let exchange = Exchange { context: Context { protocol: "HTTP/2.0", ..exchange.context }, ..*exchange };
        let event = event(&exchange, &[]);
        let names: Vec<_> = event["headers"].as_object().unwrap().keys().cloned().collect();
        let expected = [
            "Authorization",
            "Host",
            "User-Agent",
            "x-a",
            "X-Amzn-Trace-Id",
            "X-Forwarded-For",
            "X-Forwarded-Port",
            "X-Forwarded-Proto",
        ];
        assert_eq!(names, expected);
        assert_eq!(event["headers"]["Host"], "a1b2c3d4e5.execute-api.eu-west-2.amazonaws.com");
    });
}

#[test]
fn the_path_keeps_its_encoding_and_loses_the_slashes_after_the_stage() {
    with(&[], None, b"", |exchange| {
        let request = Request { path: "//a%2Fb//c/", path_parameters: &[("proxy", "a%2Fb//c")], ..exchange.request };
        let event = event(&Exchange { request, ..*exchange }, &[]);
        assert_eq!((&event["path"], &event["pathParameters"]), (&json!("/a%2Fb//c/"), &json!({ "proxy": "a%2Fb//c" })));
    });
}

#[test]
fn a_body_that_is_no_text_is_encoded() {
    let check = |content_type: &str, body: &[u8], binary: &[&str], expected: Value| {
        with(&[("content-type", content_type)], None, body, |exchange| {
            let event = event(exchange, binary);
            assert_eq!(
                json!([event["body"], event["isBase64Encoded"]]),
                expected,
                "{content_type} {body:?} {binary:?}"
            );
        });
    };
    check("text/plain", b"", &[], json!([null, false]));
    check("text/plain", b"", &["*/*"], json!([null, false]));
    check("text/plain", b"hi", &[], json!(["hi", false]));
    check("text/plain", b"hi", &["image/png"], json!(["hi", false]));
    check("text/plain", b"hi", &["text/plain"], json!(["aGk=", true]));
    check("text/plain", b"hi", &["*/*"], json!(["aGk=", true]));
    check("image/png", b"\xff\xfe", &[], json!(["//4=", true]));
}

#[test]
fn what_a_lambda_authorizer_said_is_told_the_function() {
    with(&[], None, b"", |exchange| {
        let values = serde_json::Map::from_iter([("level".to_owned(), "123".into())]);
        let authorizer = Authorizer { principal_id: Some("ada".to_owned()), values, latency_milliseconds: 7 };
        let context = Context { authorizer: Some(&authorizer), ..exchange.context };
        let event = event(&Exchange { context, ..*exchange }, &[]);
        let told = event["requestContext"]["authorizer"].to_string();
        assert_eq!(told, r#"{"level":"123","principalId":"ada","integrationLatency":7}"#);
    });
}

#[test]
fn a_function_is_called_with_post_and_without_reserved_headers() {
    let check = |members: Value, expected: Result<&str, &str>| {
        with(&[], None, b"", |exchange| {
            let got = proxy(&members, &[]).call().function(exchange).map_err(|refusal| refusal.to_string());
            let prefix = "Execution failed due to configuration error: ";
            let expected = expected.map(str::to_owned).map_err(|reason| format!("{prefix}{reason}"));
            assert_eq!(got, expected, "{members}");
        });
    };
    check(json!({}), Ok(ARN));
    check(
        json!({ "httpMethod": "GET" }),
        Err("functions are called with POST, but the httpMethod of the integration is GET"),
    );
    check(
        json!({ "httpMethod": null }),
        Err("functions are called with POST, but the httpMethod of the integration is GET"),
    );
    let uri = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/a-${stageVariables.none}/invocations";
    check(json!({ "uri": uri }), Err("the URI of the integration names no function with the variables of this stage"));
    for name in
        ["Content-Length", "Transfer-Encoding", "x-amzn-trace-id", "Authorization", "Connection", "Expect", "TE"]
    {
        let mapping = json!({ "requestParameters": { format!("integration.request.header.{name}"): "'x'" } });
        check(mapping, Err(&format!("{} header already present", name.to_ascii_lowercase())));
    }
}

#[test]
fn a_template_makes_the_event_of_a_mapped_function() {
    let check = |members: Value, body: &str, expected: LambdaRequest| {
        with(&[], None, body.as_bytes(), |exchange| {
            let got = lambda(&members).request(&mut Rendering::new(exchange));
            assert_eq!(got, Ok(expected), "{members} {body}");
        });
    };
    let event = |text: &str| LambdaRequest::Answer(text.to_owned().into());
    check(json!({}), "", event("{}"));
    check(json!({}), r#"{"a":1}"#, event(r#"{"a":1}"#));
    check(
        json!({ "requestTemplates": { "application/json": r#"{"id":"$input.params('id')"}"# } }),
        "",
        event(r#"{"id":"7"}"#),
    );
    let refused =
        |message: &str| LambdaRequest::Unreadable(json!({ "Type": "User", "message": message }).to_string().into());
    check(
        json!({}),
        "{",
        refused("Could not parse request body into json: EOF while parsing an object at line 1 column 1"),
    );
    let typed =
        |value: &str| json!({ "requestParameters": { "integration.request.header.X-Amz-Invocation-Type": value } });
    check(typed("'RequestResponse'"), "", event("{}"));
    check(typed("'Event'"), "", LambdaRequest::Take("{}".into()));
    check(typed("'DryRun'"), "", LambdaRequest::Nothing);
    with(&[], None, b"", |exchange| {
        let never = lambda(&json!({ "passthroughBehavior": "NEVER" })).request(&mut Rendering::new(exchange));
        assert_eq!(never, Err(Refusal::UnsupportedMediaType));
        let other = lambda(&typed("'Later'")).request(&mut Rendering::new(exchange)).unwrap_err();
        assert_eq!(other.status(), 500);
    });
}

#[test]
fn the_error_message_selects_the_response() {
    let members = json!({ "integrationResponses": {
        "200": { "statusCode": "200", "responseTemplates": { "application/json": "fine: $input.body" } },
        "400": { "statusCode": "400", "selectionPattern": "Bad.*", "responseTemplates": { "application/json": "$input.path('$.errorMessage')" },
            "responseParameters": {} },
        "404": { "statusCode": "404", "selectionPattern": "(\\n|.)*Missing(\\n|.)*" },
        "422": { "statusCode": "422", "selectionPattern": "400" },
    } });
    let check = |members: &Value, outcome: Outcome<'_>, expected: &str| {
        with(&[], None, b"", |exchange| {
            let shown = match lambda(members).reply(&mut Rendering::new(exchange), outcome) {
                Ok(reply) => format!("{} {}", reply.status.as_u16(), String::from_utf8_lossy(&reply.body)),
                Err(refusal) => format!("{} {refusal}", refusal.status()),
            };
            assert_eq!(shown, expected, "{outcome:?}");
        });
    };
    let failed = |message: &'static str, error: &'static str| Outcome::Failed { message, error: error.as_bytes() };
    check(&members, Outcome::Answered(br#"{"a":1}"#), r#"200 fine: {"a":1}"#);
    check(&members, failed("Bad pet", r#"{"errorMessage":"Bad pet"}"#), "400 Bad pet");
    check(&members, failed("Bad\npet", r#"{"errorMessage":"Bad\npet"}"#), r#"200 fine: {"errorMessage":"Bad\npet"}"#);
    check(&members, failed("a\nMissing", "{}"), "404 {}");
    check(&members, failed("else", "{}"), "200 fine: {}");
    check(&members, Outcome::Taken, "200 fine: {}");
    check(&members, Outcome::Tried, "200 fine: {}");
    check(&members, Outcome::Refused(b"{}"), "422 {}");
    let none = json!({ "integrationResponses": { "400": { "statusCode": "400", "selectionPattern": "Bad.*" } } });
    check(
        &none,
        Outcome::Answered(b"{}"),
        "500 Execution failed due to configuration error: No match for output mapping and no default output mapping \
         configured. Endpoint Response Status Code: 200",
    );
    let everything = json!({ "integrationResponses": { "400": { "statusCode": "400", "selectionPattern": ".*" } } });
    check(&everything, Outcome::Answered(b"{}"), "400 {}");
}
