//! Whose resources a caller sees: account and region come from the credentials, and unknown services are told apart.

use serde_json::{Value, json};

use crate::stack::{request, signed};
use crate::support::Server;

async fn pools(server: &Server, authorization: Option<&str>) -> Vec<String> {
    let reply = server.cognito_as(authorization, "ListUserPools", &json!({ "MaxResults": 10 })).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let name = |pool: &Value| pool["Name"].as_str().unwrap().to_owned();
    reply.json()["UserPools"].as_array().unwrap().iter().map(name).collect()
}

#[tokio::test]
async fn an_access_key_id_of_twelve_digits_is_its_account() {
    let server = Server::dev();
    let (first, second) =
        (signed("111111111111", "us-east-1", "cognito-idp"), signed("222222222222", "us-east-1", "cognito-idp"));
    let west = signed("111111111111", "eu-west-1", "cognito-idp");
    let made = server.cognito_as(Some(&first), "CreateUserPool", &json!({ "PoolName": "of-first" })).await.json();
    let arn = made["UserPool"]["Arn"].as_str().unwrap();
    assert!(arn.starts_with("arn:aws:cognito-idp:us-east-1:111111111111:userpool/us-east-1_"), "{arn}");
    let made = server.cognito_as(Some(&west), "CreateUserPool", &json!({ "PoolName": "of-west" })).await.json();
    let arn = made["UserPool"]["Arn"].as_str().unwrap();
    assert!(arn.starts_with("arn:aws:cognito-idp:eu-west-1:111111111111:userpool/eu-west-1_"), "{arn}");
    server.cognito("CreateUserPool", json!({ "PoolName": "of-nobody" })).await;

    let other_key = signed("AKIAIOSFODNN7EXAMPLE", "us-east-1", "cognito-idp");
    for (authorization, expected) in [
        (Some(&first), &["of-first"][..]),
        (Some(&west), &["of-west"]),
        (Some(&second), &[]),
        (Some(&other_key), &["of-nobody"]),
        (None, &["of-nobody"]),
    ] {
        assert_eq!(pools(&server, authorization.map(String::as_str)).await, expected, "{authorization:?}");
    }

    // Another account's pool is no pool, whatever is asked of it.
    let id = made["UserPool"]["Id"].as_str().unwrap();
    for operation in ["DescribeUserPool", "DeleteUserPool"] {
        let reply = server.cognito_as(Some(&second), operation, &json!({ "UserPoolId": id })).await;
        assert_eq!(reply.json()["__type"], "ResourceNotFoundException", "{operation}");
    }

    // APIs are kept apart in the same way.
    let (first, second) =
        (signed("111111111111", "us-east-1", "apigateway"), signed("222222222222", "us-east-1", "apigateway"));
    let create = request("POST", "/restapis", &[("Authorization", &first)], r#"{"name":"storms"}"#);
    assert_eq!(server.ask(create).await.status, 201);
    for (authorization, expected) in [(&first, 1), (&second, 0)] {
        let reply = server.ask(request("GET", "/restapis", &[("Authorization", authorization)], "")).await;
        assert_eq!(reply.json()["item"].as_array().map_or(0, Vec::len), expected, "{reply:?}");
    }
}

#[tokio::test]
async fn a_host_names_the_region_of_who_does_not_sign() {
    let server = Server::dev();
    let headers = [
        ("Host", "cognito-idp.eu-central-1.amazonaws.com"),
        ("X-Amz-Target", "AWSCognitoIdentityProviderService.CreateUserPool"),
        ("Content-Type", "application/x-amz-json-1.1"),
    ];
    let reply = server.ask(request("POST", "/", &headers, r#"{"PoolName":"central"}"#)).await;
    assert!(reply.json()["UserPool"]["Id"].as_str().unwrap().starts_with("eu-central-1_"), "{reply:?}");
}

#[tokio::test]
async fn services_refuse_in_their_own_protocol() {
    let server = Server::dev();
    let as_service = |service: &str| signed("test", "us-east-1", service);
    for (service, method, target, headers, expected_type, expected) in [
        (
            "dynamodb",
            "POST",
            "/",
            &[("X-Amz-Target", "DynamoDB_20120810.ListTables")][..],
            "application/x-amz-json-1.1",
            "Claviger does not serve dynamodb.",
        ),
        (
            "sts",
            "POST",
            "/",
            &[("Content-Type", "application/x-www-form-urlencoded")],
            "text/xml",
            "The request must contain the parameter Action",
        ),
        (
            "iam",
            "POST",
            "/",
            &[("Content-Type", "application/x-www-form-urlencoded")],
            "text/xml",
            "The request must contain the parameter Action",
        ),
        ("s3", "GET", "/bucket/key", &[], "application/xml", "The specified bucket does not exist"),
        ("lambda", "GET", "/2015-03-31/layers", &[], "application/json", "No operation of this service has GET"),
        (
            "apigateway",
            "GET",
            "/v2/vpclinks",
            &[],
            "application/json",
            "GetVpcLinks is an operation of Amazon API Gateway",
        ),
    ] {
        let authorization = as_service(service);
        let headers: Vec<_> = headers.iter().copied().chain([("Authorization", &*authorization)]).collect();
        let reply = server.ask(request(method, target, &headers, "")).await;
        assert!((400..500).contains(&reply.status.as_u16()), "{service}: {reply:?}");
        assert_eq!(reply.header("content-type"), Some(expected_type), "{service}: {reply:?}");
        assert!(reply.body.contains(expected), "{service}: {reply:?}");
    }
    // Unsigned forms tell their service by version.
    let headers = [("Content-Type", "application/x-www-form-urlencoded")];
    let form = "Action=GetCallerIdentity&Version=2011-06-15";
    let reply = server.ask(request("POST", "/", &headers, form)).await;
    assert!(reply.body.contains("<Arn>arn:aws:iam::000000000000:root</Arn>"), "{reply:?}");
    // An operation that Cognito does not have.
    let reply = server.cognito_as(None, "CreateStorm", &json!({})).await;
    assert_eq!((reply.status.as_u16(), &reply.json()["__type"]), (400, &json!("UnknownOperationException")));
}

#[tokio::test]
async fn cognitos_host_answers_calls_and_documents_and_says_so() {
    let server = Server::dev();
    let host = ("Host", "cognito-idp.us-east-1.amazonaws.com");
    let not_understood = r#"{"code":"BadRequest","message":"The server did not understand the operation that was requested.","type":"client"}"#;
    for (method, target) in [("GET", "/"), ("GET", "/oauth2/token"), ("POST", "/us-east-1_a"), ("PUT", "/")] {
        let reply = server.ask(request(method, target, &[host], "")).await;
        assert_eq!(reply.said(), (400, not_understood), "{method} {target}");
        assert_eq!(reply.header("content-type"), Some("application/json"), "{method} {target}");
    }
    let reply = server.ask(request("POST", "/", &[host], "{}")).await;
    assert_eq!((reply.status.as_u16(), &reply.json()["__type"]), (400, &json!("UnknownOperationException")));
}

#[tokio::test]
async fn calls_are_bounded() {
    let server = Server::dev();
    let large = "x".repeat(8 * 1024 * 1024);
    let reply = server.cognito_as(None, "CreateUserPool", &json!({ "PoolName": large })).await;
    assert_eq!((reply.status.as_u16(), &reply.json()["__type"]), (413, &json!("RequestEntityTooLargeException")));
    let headers = [("Content-Type", "application/json")];
    let reply = server.ask(request("POST", "/restapis", &headers, &format!(r#"{{"name":"{large}"}}"#))).await;
    assert_eq!(
        (reply.status.as_u16(), reply.header("x-amzn-errortype")),
        (413, Some("RequestEntityTooLargeException"))
    );
    let name = "x".repeat(129);
    let reply = server.cognito_as(None, "CreateUserPool", &json!({ "PoolName": name })).await;
    assert_eq!((reply.status.as_u16(), &reply.json()["__type"]), (400, &json!("InvalidParameterException")));
}
