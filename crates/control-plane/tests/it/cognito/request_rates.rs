//! AWS's request rates at the JSON API.

use serde_json::{Value, json};

use crate::plane::{Plane, machine};

const RATE: &str = "TooManyRequestsException";

/// How many calls in a row are answered, well or not, before one is told to slow down.
async fn answered(plane: &Plane, operation: &str, input: Value) -> u32 {
    for answered in 0..100 {
        let response = plane.send(operation, input.to_string().as_bytes()).await;
        let body: Value = serde_json::from_slice(response.body()).unwrap_or_default();
        if body["__type"] == RATE {
            assert_eq!((response.status().as_u16(), &body["message"]), (400, &json!("Rate exceeded")));
            return answered;
        }
    }
    100
}

#[tokio::test]
async fn are_off_unless_asked_for() {
    let plane = Plane::new();
    assert_eq!(answered(&plane, "ListUserPools", json!({"MaxResults": 1})).await, 100);
}

#[tokio::test]
async fn bound_the_calls_of_a_category() {
    let plane = Plane::with_request_rates();
    assert_eq!(answered(&plane, "ListUserPools", json!({"MaxResults": 1})).await, 15);
    assert_eq!(answered(&plane, "DescribeUserPool", json!({"UserPoolId": "us-east-1_none"})).await, 0);
    // Malformed calls count as well.
    assert_eq!(answered(&plane, "CreateUserPool", json!({})).await, 15);
    plane.monotonic.advance_milliseconds(200);
    assert_eq!(answered(&plane, "ListUserPools", json!({"MaxResults": 1})).await, 3);
}

#[tokio::test]
async fn bound_an_operation_on_one_pool() {
    let plane = Plane::with_request_rates();
    let pool = plane.pool_with_scopes().await;
    let list = |pool: &str| json!({"UserPoolId": pool});
    assert_eq!(answered(&plane, "ListUserPoolClients", list(&pool)).await, 5);
    assert_eq!(answered(&plane, "ListUserPoolClients", list("us-east-1_other")).await, 5);
    assert_eq!(answered(&plane, "CreateUserPoolClient", machine(&pool)).await, 5);
    let arn = format!("arn:aws:cognito-idp:us-east-1:000000000000:userpool/{pool}");
    assert_eq!(answered(&plane, "TagResource", json!({"ResourceArn": arn, "Tags": {"a": ""}})).await, 5);
}

#[tokio::test]
async fn follow_what_an_account_sets() {
    let plane = Plane::with_request_rates();
    let limit = json!({
        "LimitDefinition": {"LimitClass": "API_CATEGORY", "Attributes": {"Category": "UserToken"}},
        "RequestedLimitValue": 121,
    });
    plane.ok("UpdateProvisionedLimit", limit).await;
    // The limit on limits itself: one a second.
    let ask = json!({"LimitDefinition": {"LimitClass": "API_CATEGORY", "Attributes": {"Category": "UserToken"}}});
    assert_eq!(answered(&plane, "GetProvisionedLimit", ask.clone()).await, 0);
    plane.monotonic.advance_milliseconds(1_000);
    assert_eq!(plane.ok("GetProvisionedLimit", ask).await["Limit"]["ProvisionedLimitValue"], 121);
}
