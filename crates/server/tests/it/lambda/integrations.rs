//! `AWS_PROXY` and `AWS`.

use serde_json::{Value, json};

use super::{Pets, answers, arn, fails, integration};
use crate::claims_hook::Reaction;

const INTERNAL: &str = r#"{"message": "Internal server error"}"#;

#[tokio::test]
async fn a_proxy_function_sees_the_request_and_says_the_answer() {
    let pets = Pets::serve(&integration("aws_proxy", &json!({})), None, &json!({})).await;
    let answer = json!({
        "statusCode": 202, "headers": { "X-Own": "1", "Server": "mine", "Content-Type": "text/plain" },
        "multiValueHeaders": { "Set-Cookie": ["a=1", "b=2"] }, "body": "made",
    });
    pets.backend.reacts(answers(&answer));
    let headers = [("User-Agent", "curl/8.13.0"), ("X-Tenant", "north"), ("Connection", "keep-alive")];
    let reply = pets.ask("POST", "/pets/a%20b?x=1&x=2&y=%2F", &headers, "{\"name\":\"Rex\"}").await;
    assert_eq!(reply.said(), (202, "made"));
    let named: Vec<_> = reply.headers.keys().map(http::HeaderName::as_str).collect();
    let order = [
        "date",
        "content-type",
        "content-length",
        "connection",
        "x-amzn-requestid",
        "x-amz-apigw-id",
        "x-amzn-trace-id",
    ];
    assert_eq!(named[..order.len()], order);
    assert_eq!(reply.header("content-type"), Some("text/plain"));
    assert_eq!((reply.header("x-own"), reply.header("x-amzn-remapped-server")), (Some("1"), Some("mine")));
    assert_eq!(reply.headers.get_all("set-cookie").iter().count(), 2);
    let trace = reply.header("x-amzn-trace-id").unwrap();
    assert!(trace.starts_with("Root=1-") && trace.contains(";Parent=") && trace.ends_with(";Sampled=0"), "{trace}");

    let (events, _) = pets.seen();
    let [event] = &*events else { panic!("not called once: {events:?}") };
    let text = |pointer: &str| {
        event.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("{pointer} in {event}"))
    };
    assert_eq!((text("/resource"), text("/path"), text("/httpMethod")), ("/pets/{id}", "/pets/a%20b", "POST"));
    assert_eq!(event["pathParameters"], json!({ "id": "a%20b" }));
    assert_eq!(event["queryStringParameters"], json!({ "x": "2", "y": "/" }));
    assert_eq!(event["multiValueQueryStringParameters"], json!({ "x": ["1", "2"], "y": ["/"] }));
    assert_eq!(event["stageVariables"], json!({ "color": "blue" }));
    assert_eq!((text("/body"), &event["isBase64Encoded"]), ("{\"name\":\"Rex\"}", &json!(false)));
    assert_eq!((text("/headers/X-Tenant"), text("/headers/User-Agent")), ("north", "curl/8.13.0"));
    assert_eq!((text("/headers/X-Forwarded-For"), text("/headers/X-Forwarded-Proto")), ("127.0.0.1", "http"));
    assert_eq!(event["headers"].get("Connection"), None);
    let host = format!("{}.execute-api.us-east-1.amazonaws.com", pets.api);
    assert_eq!((text("/headers/Host"), text("/requestContext/domainName")), (&*host, &*host));
    let context = &event["requestContext"];
    assert_eq!((text("/requestContext/path"), text("/requestContext/stage")), ("/prod/pets/a%20b", "prod"));
    assert_eq!((context["accountId"].as_str(), context["apiId"].as_str()), (Some("000000000000"), Some(&*pets.api)));
    assert_eq!(context["requestId"].as_str(), reply.header("x-amzn-requestid"));
    assert_eq!(context["extendedRequestId"].as_str(), reply.header("x-amz-apigw-id"));
    assert!(trace.starts_with(text("/headers/X-Amzn-Trace-Id")));
    assert_eq!(context.get("authorizer"), None);
}

#[tokio::test]
async fn a_proxy_function_gets_a_packed_body_unpacked_and_is_told_how_it_was_packed() {
    let pets = Pets::serve(&integration("aws_proxy", &json!({})), None, &json!({})).await;
    pets.backend.reacts(answers(&json!({ "statusCode": 200 })));
    // An `a`, deflated without zlib's frame.
    let reply = pets.ask("POST", "/pets/a", &[("Content-Encoding", "deflate")], "K\u{4}\0").await;
    assert_eq!(reply.status, 200);
    let (events, _) = pets.seen();
    let event = &events[0];
    assert_eq!((&event["body"], &event["headers"]["Content-Encoding"]), (&json!("a"), &json!("deflate")));
}

#[tokio::test]
async fn the_claims_of_a_token_reach_the_function() {
    let pets = Pets::serve(&integration("aws_proxy", &json!({})), None, &json!({})).await;
    let machine = pets.server.machine().await;
    pets.guard_by_pool(&machine).await;
    let token = machine.token(&pets.server, "").await;
    assert_eq!(pets.pet("7", &token).await.status, 200);
    let (events, _) = pets.seen();
    let authorizer = &events[0]["requestContext"]["authorizer"];
    assert_eq!(authorizer.as_object().unwrap().len(), 1, "{authorizer}");
    assert_eq!(authorizer["claims"]["client_id"], *machine.client_id);
    assert!(authorizer["claims"]["exp"].as_str().unwrap().contains(" UTC "), "{authorizer}");
    assert!(authorizer["claims"].as_object().unwrap().values().all(Value::is_string), "{authorizer}");
}

#[tokio::test]
async fn what_goes_wrong_with_a_proxy_function_is_told_and_explained() {
    let pets = Pets::serve(&integration("aws_proxy", &json!({})), None, &json!({})).await;
    let malformed = "Malformed Lambda proxy response";
    for (reaction, status, body, reason) in [
        (fails("no such pet"), 502, INTERNAL, "customer function error: no such pet"),
        (answers(&json!("hello")), 502, INTERNAL, malformed),
        (answers(&json!({ "message": "hello" })), 502, INTERNAL, malformed),
        (answers(&json!({ "headers": { "x": "a\r\nb" } })), 502, INTERNAL, malformed),
        (Reaction::Fixed(200, "", "".into()), 502, INTERNAL, malformed),
        (Reaction::Fixed(200, "", vec![b'x'; 6 * 1024 * 1024 + 1].into()), 502, INTERNAL, "larger than 6291456 bytes"),
        (Reaction::Fixed(503, "", "".into()), 500, INTERNAL, "answered with status 503"),
        (Reaction::HangUp, 500, INTERNAL, "the function cannot be reached"),
    ] {
        pets.backend.reacts(reaction);
        let reply = pets.ask("GET", "/pets/7", &[], "").await;
        assert_eq!(
            (reply.said(), reply.header("x-amzn-errortype")),
            ((status, body), Some("InternalServerErrorException"))
        );
        assert_eq!(reply.header("x-amzn-trace-id"), None);
        pets.server.check(&reply, "gate", "InternalServerErrorException", reason, "which is AWS_PROXY").await;
    }
}

#[tokio::test]
async fn a_function_that_cannot_be_called_is_a_wrong_configuration() {
    let other = format!(
        "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{}/invocations",
        arn("${stageVariables.none}")
    );
    for (changes, reason) in [
        (
            json!({ "httpMethod": "GET" }),
            "functions are called with POST, but the httpMethod of the integration is GET",
        ),
        (json!({ "uri": super::uri("unknown") }), "Invalid permissions on Lambda function"),
        (json!({ "uri": other }), "names no function with the variables of this stage"),
    ] {
        let pets = Pets::serve(&integration("aws_proxy", &changes), None, &json!({})).await;
        let reply = pets.ask("GET", "/pets/7", &[], "").await;
        assert_eq!(reply.said(), (500, INTERNAL), "{changes}");
        pets.server.check(&reply, "gate", "InternalServerErrorException", reason, "which is AWS_PROXY").await;
        assert_eq!(pets.seen(), (vec![], vec![]));
    }
}

#[tokio::test]
async fn a_function_that_takes_too_long_times_out() {
    let pets = Pets::serve(&integration("aws_proxy", &json!({ "timeoutInMillis": 50 })), None, &json!({})).await;
    pets.backend.reacts(Reaction::Silence);
    let reply = pets.ask("GET", "/pets/7", &[], "").await;
    assert_eq!(reply.said(), (504, r#"{"message": "Endpoint request timed out"}"#));
    let setting = "timeoutInMillis of the integration is 50";
    pets.server.check(&reply, "gate", "InternalServerErrorException", "did not answer within 50 ms", setting).await;
}

#[tokio::test]
async fn bodies_of_binary_media_types_are_encoded_both_ways() {
    let api = json!({ "x-amazon-apigateway-binary-media-types": ["image/png"] });
    let pets = Pets::serve(&integration("aws_proxy", &json!({})), None, &api).await;
    let answer = json!({ "body": "aGk=", "isBase64Encoded": true, "headers": { "Content-Type": "image/png" } });
    pets.backend.reacts(answers(&answer));
    let ask = async |accept: &str| {
        pets.ask("POST", "/pets/7", &[("Content-Type", "image/png"), ("Accept", accept)], "hi").await
    };
    assert_eq!(ask("image/png").await.said(), (200, "hi"));
    assert_eq!(ask("text/html, image/png").await.said(), (200, "aGk="));
    let (events, _) = pets.seen();
    assert_eq!((&events[0]["body"], &events[0]["isBase64Encoded"]), (&json!("aGk="), &json!(true)));
}

#[tokio::test]
async fn templates_stand_between_a_method_and_its_function() {
    let pets = Pets::serve(
        &integration("aws", &json!({
            "requestTemplates": { "application/json": "{\"pet\": \"$input.params('id')\", \"stage\": \"$context.stage\"}" },
            "responses": {
                "default": { "statusCode": "200", "responseTemplates": { "application/json": "{\"name\": $input.json('$.name')}" } },
                "Bad.*": { "statusCode": "400", "responseTemplates": { "application/json": "{\"error\": $input.json('$.errorMessage')}" } },
            },
        })),
        None,
        &json!({}),
    )
    .await;
    pets.backend.reacts(answers(&json!({ "name": "Rex" })));
    let reply = pets.ask("GET", "/pets/7", &[], "").await;
    assert_eq!(reply.said(), (200, r#"{"name": "Rex"}"#));
    assert!(reply.header("x-amzn-trace-id").is_some());
    assert_eq!(pets.seen().0, [json!({ "pet": "7", "stage": "prod" })]);
    pets.backend.reacts(fails("Bad pet"));
    assert_eq!(pets.ask("GET", "/pets/7", &[], "").await.said(), (400, r#"{"error": "Bad pet"}"#));
    pets.backend.reacts(fails("Worse pet"));
    assert_eq!(pets.ask("GET", "/pets/7", &[], "").await.said(), (200, r#"{"name": ""}"#));
}

#[tokio::test]
async fn nobody_waits_for_a_function_that_is_given_an_event() {
    let pets = Pets::serve(
        &integration(
            "aws",
            &json!({
                "requestParameters": { "integration.request.header.X-Amz-Invocation-Type": "'Event'" },
                "responses": { "default": { "statusCode": "202" } },
            }),
        ),
        None,
        &json!({}),
    )
    .await;
    pets.backend.reacts(fails("nobody hears of this"));
    assert_eq!(pets.ask("POST", "/pets/7", &[], "{\"name\":\"Rex\"}").await.said(), (202, ""));
    loop {
        let (events, _) = pets.seen();
        if !events.is_empty() {
            assert_eq!(events, [json!({ "name": "Rex" })]);
            break;
        }
        tokio::task::yield_now().await;
    }
}
