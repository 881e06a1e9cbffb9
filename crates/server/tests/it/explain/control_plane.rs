//! The AWS APIs, in every protocol.

use serde_json::{Value, json};

use crate::stack::{FORM, request, signed};
use crate::support::Server;

#[tokio::test]
async fn refused_operations_are_explained() {
    let server = Server::dev();
    let machine = server.machine().await;
    let cognito = async |operation: &str, input: Value| server.cognito_as(None, operation, &input).await;
    let unknown = json!({ "UserPoolId": "us-east-1_unknown99", "ClientId": "x" });
    let describe = "DescribeUserPoolClient";
    for (operation, input, code, reason, setting) in [
        (
            describe,
            json!({}),
            "InvalidParameterException",
            "2 validation errors",
            "demands of the input of DescribeUserPoolClient",
        ),
        (
            describe,
            json!({ "UserPoolId": 1 }),
            "SerializationException",
            "can not be converted",
            "demands of the input of",
        ),
        (describe, unknown, "ResourceNotFoundException", "User pool us-east-1_unknown99 does not exist.", ""),
        ("Fly", json!({}), "UnknownOperationException", "has no operation Fly", ""),
        ("CreateUserImportJob", json!({}), "UnknownOperationException", "not served here", ""),
        (
            "CreateUserPoolClient",
            json!({ "UserPoolId": machine.pool, "ClientName": "c", "AllowedOAuthFlowsUserPoolClient": true,
                "AllowedOAuthFlows": ["client_credentials"], "AllowedOAuthScopes": ["weather-api/fly"], "GenerateSecret": true }),
            "ScopeDoesNotExistException",
            "weather-api/fly",
            "no resource server of the user pool defines weather-api/fly",
        ),
    ] {
        let reply = cognito(operation, input.clone()).await;
        assert_eq!(reply.json()["__type"], code, "{reply:?}");
        let found = server.check(&reply, "control plane", code, reason, setting).await;
        assert_eq!(found["about"]["operation"], operation);
        let pool = input["UserPoolId"].as_str();
        assert_eq!(found["about"]["userPool"].as_str(), pool, "{found}");
    }

    // Quotas: the second secret is the last.
    let add = json!({ "UserPoolId": machine.pool, "ClientId": machine.client_id });
    assert_eq!(cognito("AddUserPoolClientSecret", add.clone()).await.status, 200);
    let reply = cognito("AddUserPoolClientSecret", add).await;
    let quota = "the quota of active secrets per user pool client is 2";
    let found = server.check(&reply, "control plane", "LimitExceededException", "is used up", quota).await;
    assert_eq!(found["about"]["appClient"], *machine.client_id);
}

#[tokio::test]
async fn every_protocol_explains_its_refusals() {
    let server = Server::dev();
    let sts = signed("test", "us-east-1", "sts");
    let s3 = signed("test", "us-east-1", "s3");
    let large = "x".repeat(64);
    let form = [("Content-Type", FORM)];
    for (method, target, headers, body, status, code, reason, setting) in [
        ("GET", "/restapis/unknown999", &[][..], "", 404, "NotFoundException", "Invalid API identifier", ""),
        ("POST", "/restapis", &[], "[]", 400, "SerializationException", "Start of list", ""),
        (
            "POST",
            "/restapis",
            &[],
            "{}",
            400,
            "ValidationException",
            "createRestApiInput.name",
            "input of CreateRestApi",
        ),
        ("GET", "/vpclinks", &[], "", 400, "UnknownOperationException", "does not serve", ""),
        ("GET", "/v2/vpclinks", &[], "", 400, "UnknownOperationException", "does not serve", ""),
        ("POST", "/", &[("Authorization", &*sts)], "", 400, "MissingAction", "the parameter Action", ""),
        (
            "GET",
            "/bucket/key",
            &[("Authorization", &*s3)],
            "",
            404,
            "NoSuchBucket",
            "The specified bucket does not exist",
            "",
        ),
        (
            "POST",
            "/",
            &form,
            "Action=ListQueues&Version=2012-11-05",
            400,
            "UnknownOperationException",
            "does not serve sqs",
            "",
        ),
        (
            "POST",
            "/",
            &[("X-Amz-Target", "AmazonSQS.SendMessage")],
            "{}",
            400,
            "UnknownOperationException",
            "does not serve sqs",
            "",
        ),
        (
            "PUT",
            "/other",
            &[("Host", "cognito-idp.us-east-1.amazonaws.com")],
            &large,
            400,
            "BadRequest",
            "calls of cognito-idp are POST / with X-Amz-Target",
            "",
        ),
        (
            "POST",
            "/",
            &[("X-Amz-Target", "AWSCognitoIdentityProviderService.ListUserPools")],
            "{",
            400,
            "SerializationException",
            "is not JSON",
            "",
        ),
    ] {
        let reply = server.ask(request(method, target, headers, body)).await;
        assert_eq!(reply.status, status, "{method} {target}: {reply:?}");
        server.check(&reply, "control plane", code, reason, setting).await;
    }
    let reply = server.ask(request("GET", "/bucket/key", &[("Authorization", &s3)], "")).await;
    assert!(reply.header("x-amz-request-id").is_some() && reply.header("x-amzn-requestid").is_none(), "{reply:?}");

    let large = "x".repeat(7 * 1024 * 1024);
    let reply = server.ask(request("POST", "/restapis", &[], &large)).await;
    let (reason, setting) = ("the body is larger than", "the largest body of a call is");
    server.check(&reply, "control plane", "RequestEntityTooLargeException", reason, setting).await;
}
