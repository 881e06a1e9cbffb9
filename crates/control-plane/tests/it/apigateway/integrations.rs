//! Integrations: what they may say of TLS and of how their answers are transferred.

use serde_json::{Value, json};

use super::{answered, api, refused};
use crate::plane::Plane;

const BAD: &str = "BadRequestException";

fn replace(path: &str, value: &str) -> Value {
    json!({"op": "replace", "path": path, "value": value})
}

fn patches(operations: &[Value]) -> Value {
    json!({ "patchOperations": operations })
}

#[tokio::test]
async fn an_answer_that_streams_may_take_longer() {
    let plane = Plane::new();
    let (_, root) = api(&plane).await;
    let method = format!("{root}/methods/GET");
    answered(&plane, 201, &format!("PUT {method}"), json!({"authorizationType": "none"})).await;
    let (put, patch) = (format!("PUT {method}/integration"), format!("PATCH {method}/integration"));
    let input = |kind: &str, mode: &str, milliseconds: u32| {
        let function = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/f/invocations";
        let uri = if kind.starts_with("HTTP") { "https://b.example/" } else { function };
        json!({ "type": kind, "httpMethod": "POST", "uri": uri, "responseTransferMode": mode, "timeoutInMillis": milliseconds })
    };
    let made = answered(&plane, 201, &put, input("HTTP_PROXY", "STREAM", 900_000)).await;
    assert_eq!((&made["responseTransferMode"], &made["timeoutInMillis"]), (&json!("STREAM"), &json!(900_000)));
    let not_passed =
        "Response transfer mode STREAM is only supported for integrations of type HTTP_PROXY and AWS_PROXY";
    for (kind, mode, milliseconds, message) in [
        ("HTTP_PROXY", "STREAM", 900_001, "Timeout should be between 50 ms and 900000 ms"),
        ("HTTP_PROXY", "BUFFERED", 29_001, "Timeout should be between 50 ms and 29000 ms"),
        ("HTTP", "STREAM", 50, not_passed),
        ("AWS", "STREAM", 50, not_passed),
        (
            "AWS_PROXY",
            "STREAM",
            50,
            "Response streaming from Lambda functions is not provided: leave the response transfer mode at BUFFERED, or \
             put a streaming backend behind HTTP_PROXY",
        ),
    ] {
        refused(&plane, &put, input(kind, mode, milliseconds), 400, BAD, message).await;
    }
    // What is left must fit together, in whichever order it is said.
    let buffered = replace("/responseTransferMode", "BUFFERED");
    let message = "Timeout should be between 50 ms and 29000 ms";
    refused(&plane, &patch, patches(std::slice::from_ref(&buffered)), 400, BAD, message).await;
    let changed = patches(&[buffered, replace("/timeoutInMillis", "100")]);
    assert_eq!(answered(&plane, 200, &patch, changed).await["responseTransferMode"], "BUFFERED");
    let changed = patches(&[replace("/timeoutInMillis", "30000"), replace("/responseTransferMode", "STREAM")]);
    assert_eq!(answered(&plane, 200, &patch, changed).await["timeoutInMillis"], 30_000);
    let message = "Invalid response transfer mode specified. Valid options are BUFFERED, STREAM";
    refused(&plane, &patch, patches(&[replace("/responseTransferMode", "x")]), 400, BAD, message).await;
}

#[tokio::test]
async fn verification_is_changed_by_a_patch() {
    let plane = Plane::new();
    let (_, root) = api(&plane).await;
    let method = format!("{root}/methods/GET");
    answered(&plane, 201, &format!("PUT {method}"), json!({"authorizationType": "none"})).await;
    let input = json!({ "type": "HTTP_PROXY", "httpMethod": "GET", "uri": "https://b.example/" });
    answered(&plane, 201, &format!("PUT {method}/integration"), input).await;
    for (value, expected) in [("true", true), ("false", false)] {
        let patch = patches(&[replace("/tlsConfig/insecureSkipVerification", value)]);
        let changed = answered(&plane, 200, &format!("PATCH {method}/integration"), patch).await;
        assert_eq!(changed["tlsConfig"], json!({ "insecureSkipVerification": expected }));
    }
}
