//! What every operation has in common.

use serde_json::{Value, json};

use crate::plane::Plane;

fn header<'a>(response: &'a http::Response<bytes::Bytes>, name: &str) -> &'a str {
    response.headers()[name].to_str().unwrap()
}

#[tokio::test]
async fn a_success_is_a_json_object_with_a_request_id() {
    let plane = Plane::new();
    let response = plane.send("CreateUserPool", br#"{"PoolName":"weather"}"#).await;
    assert_eq!(response.status(), 200);
    assert_eq!(header(&response, "content-type"), "application/x-amz-json-1.1");
    assert_eq!(header(&response, "x-amzn-requestid"), "00000000-0000-4000-8000-000000000000");
    assert!(response.body().starts_with(b"{\"UserPool\":{"));
}

#[tokio::test]
async fn an_error_names_its_exception_in_body_and_headers() {
    let plane = Plane::new();
    let response = plane.send("DescribeUserPool", br#"{"UserPoolId":"us-east-1_none"}"#).await;
    assert_eq!(response.status(), 400);
    assert_eq!(header(&response, "x-amzn-errortype"), "ResourceNotFoundException");
    assert_eq!(header(&response, "x-amzn-errormessage"), "User pool us-east-1_none does not exist.");
    let body = r#"{"__type":"ResourceNotFoundException","message":"User pool us-east-1_none does not exist."}"#;
    assert_eq!(response.body(), body);
}

#[tokio::test]
async fn an_operation_without_output_answers_an_empty_body() {
    let plane = Plane::new();
    let pool = plane.pool().await;
    let response = plane.send("DeleteUserPool", json!({"UserPoolId": pool}).to_string().as_bytes()).await;
    assert_eq!((response.status().as_u16(), response.body().len()), (200, 0));
}

#[tokio::test]
async fn unknown_and_null_members_are_ignored() {
    let plane = Plane::new();
    let created = plane.ok("CreateUserPool", json!({
        "PoolName": "weather", "Unknown": {"a": 1}, "LambdaConfig": null, "Policies": {"PasswordPolicy": null, "Unknown": 1},
    })).await;
    let pool = &created["UserPool"];
    assert_eq!(
        (&pool["Unknown"], &pool["LambdaConfig"], &pool["Policies"]["Unknown"]),
        (&Value::Null, &json!({}), &Value::Null)
    );
}

#[tokio::test]
async fn broken_json_is_a_serialization_exception() {
    let plane = Plane::new();
    for body in ["{", "[]", "1", "\"a\"", "{\"PoolName\":1}", "{\"PoolName\":{}}", "\u{0}", "{\"a\":\"\\ud800\"}"] {
        let response = plane.send("CreateUserPool", body.as_bytes()).await;
        assert_eq!(
            (response.status().as_u16(), header(&response, "x-amzn-errortype")),
            (400, "SerializationException"),
            "{body}"
        );
    }
}

#[tokio::test]
async fn constraints_are_checked_before_the_store_is_asked_and_all_together() {
    let plane = Plane::new();
    let invalid = "InvalidParameterException";
    plane.refused(
        "DescribeUserPool",
        json!({"UserPoolId": "bad id"}),
        invalid,
        r"1 validation error detected: Value 'bad id' at 'userPoolId' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w-]+_[0-9a-zA-Z]+",
    ).await;
    plane.refused(
        "DescribeResourceServer",
        json!({"UserPoolId": "", "Identifier": null}),
        invalid,
        r"3 validation errors detected: Value '' at 'userPoolId' failed to satisfy constraint: Member must have length greater than or equal to 1; Value '' at 'userPoolId' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w-]+_[0-9a-zA-Z]+; Value null at 'identifier' failed to satisfy constraint: Member must not be null",
    ).await;
    plane.refused(
        "DescribeUserPoolClient",
        json!({"UserPoolId": "us-east-1_a", "ClientId": "not-an-id"}),
        invalid,
        r"1 validation error detected: Value at 'clientId' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+]+",
    ).await;
}

#[tokio::test]
async fn operations_of_the_service_that_are_not_served_say_so() {
    let plane = Plane::new();
    let exception = "UnknownOperationException";
    let known = "ListUserImportJobs is an operation of Amazon Cognito user pools that is not served here.";
    plane.refused("ListUserImportJobs", json!({}), exception, known).await;
    plane.refused("Fly", json!({}), exception, "Amazon Cognito user pools has no operation Fly.").await;
}

#[tokio::test]
async fn two_writes_at_once_both_succeed() {
    let plane = Plane::new();
    let pool = plane.pool().await;
    let server = |name: &str| json!({"UserPoolId": pool, "Identifier": name, "Name": "A"});
    let (one, other) = tokio::join!(
        plane.ok("CreateResourceServer", server("one")),
        plane.ok("CreateResourceServer", server("other"))
    );
    assert_ne!(one, other);
}
