//! Access log settings of stages, by both versions of the control plane.

use serde_json::{Value, json};

use super::{answered, api, refused};
use crate::plane::Plane;

const GROUP: &str = "arn:aws:logs:us-east-1:000000000000:log-group:/aws/storms";
const BAD: &str = "BadRequestException";
const ARN: &str = "Invalid ARN specified in the request";
const LINES: &str = "Access Log format must be single line, new line character is allowed only at end of the format";
const NO_ID: &str = "Access Log format must contain $context.requestId or $context.extendedRequestId";

#[tokio::test]
async fn a_rest_stage_is_told_where_and_how_to_log() {
    let plane = Plane::new();
    let (api, root) = api(&plane).await;
    answered(&plane, 201, &format!("PUT {root}/methods/GET"), json!({"authorizationType": "NONE"})).await;
    answered(&plane, 201, &format!("PUT {root}/methods/GET/integration"), json!({"type": "MOCK"})).await;
    answered(&plane, 201, &format!("POST {api}/deployments"), json!({"stageName": "live"})).await;
    let stage = format!("PATCH {api}/stages/live");
    let patch = |member: &str, value: &str| json!({"patchOperations": [{"op": "replace", "path": format!("/accessLogSettings/{member}"), "value": value}]});
    for (member, value, message) in [
        ("destinationArn", "storms", ARN),
        ("destinationArn", "arn:aws:s3:::bucket", ARN),
        ("destinationArn", "arn:aws:logs:us-east-1:000000000000:log-group:", ARN),
        ("destinationArn", "", "Access Log value must not be empty"),
        ("format", "", "Access Log value must not be empty"),
        ("format", "$context.status", NO_ID),
        ("format", "$context.requestId\n$context.status", LINES),
        (
            "format",
            &format!("$context.requestId{}", " ".repeat(3072)),
            "Access Log format must be at most 3072 bytes long",
        ),
    ] {
        refused(&plane, &stage, patch(member, value), 400, BAD, message).await;
    }
    let firehose = "arn:aws:firehose:us-east-1:000000000000:deliverystream/amazon-apigateway-storms";
    answered(&plane, 200, &stage, patch("destinationArn", firehose)).await;
    answered(&plane, 200, &stage, patch("destinationArn", GROUP)).await;
    let shown = answered(&plane, 200, &stage, patch("format", "$context.extendedRequestId\n")).await;
    assert_eq!(shown["accessLogSettings"], json!({"destinationArn": GROUP, "format": "$context.extendedRequestId\n"}));
    let remove = json!({"patchOperations": [{"op": "remove", "path": "/accessLogSettings"}]});
    assert_eq!(answered(&plane, 200, &stage, remove).await.get("accessLogSettings"), None);
}

#[tokio::test]
async fn a_stage_of_an_http_api_is_told_where_and_how_to_log() {
    let plane = Plane::new();
    let made = answered(&plane, 201, "POST /v2/apis", json!({"name": "storms", "protocolType": "HTTP"})).await;
    let stages = format!("/v2/apis/{}/stages", made["apiId"].as_str().unwrap());
    let settings = |destination: &str, format: &str| json!({"stageName": "live", "accessLogSettings": {"destinationArn": destination, "format": format}});
    let create = format!("POST {stages}");
    refused(&plane, &create, settings("storms", "$context.requestId"), 400, BAD, ARN).await;
    refused(&plane, &create, settings(GROUP, "$context.status"), 400, BAD, NO_ID).await;
    let made = answered(&plane, 201, &create, settings(GROUP, "$context.requestId")).await;
    assert_eq!(made["accessLogSettings"], json!({"destinationArn": GROUP, "format": "$context.requestId"}));
    let update = format!("PATCH {stages}/live");
    let lines = json!({"accessLogSettings": {"destinationArn": GROUP, "format": "$context.requestId\n\n"}});
    refused(&plane, &update, lines, 400, BAD, LINES).await;
    answered(&plane, 204, &format!("DELETE {stages}/live/accesslogsettings"), Value::Null).await;
    assert_eq!(answered(&plane, 200, &format!("GET {stages}/live"), Value::Null).await.get("accessLogSettings"), None);
}
