//! Tags.

use serde_json::{Value, json};

use crate::plane::Plane;

const INVALID: &str = "InvalidParameterException";

async fn pool_arn(plane: &Plane) -> String {
    format!("arn:aws:cognito-idp:us-east-1:000000000000:userpool/{}", plane.pool().await)
}

#[tokio::test]
async fn tags_are_added_changed_listed_and_taken_away() {
    let plane = Plane::new();
    let arn = pool_arn(&plane).await;
    let list = || plane.ok("ListTagsForResource", json!({"ResourceArn": arn}));
    assert_eq!(list().await, json!({"Tags": {}}));
    let tags = json!({"team": "sky", "stage": ""});
    assert_eq!(plane.ok("TagResource", json!({"ResourceArn": arn, "Tags": tags})).await, json!({}));
    plane.ok("TagResource", json!({"ResourceArn": arn, "Tags": {"team": "sea"}})).await;
    assert_eq!(list().await, json!({"Tags": {"team": "sea", "stage": ""}}));
    let keys = json!(["stage", "unknown"]);
    assert_eq!(plane.ok("UntagResource", json!({"ResourceArn": arn, "TagKeys": keys})).await, json!({}));
    assert_eq!(list().await, json!({"Tags": {"team": "sea"}}));
}

#[tokio::test]
async fn a_pool_has_up_to_50_tags_and_none_of_those_of_aws() {
    let plane = Plane::new();
    let arn = pool_arn(&plane).await;
    let tags = |range: std::ops::Range<usize>| -> Value {
        let tags: serde_json::Map<String, Value> = range.map(|index| (format!("k{index}"), json!("v"))).collect();
        json!({"ResourceArn": arn, "Tags": tags})
    };
    plane.ok("TagResource", tags(0..50)).await;
    plane.ok("TagResource", tags(0..50)).await;
    plane.refused("TagResource", tags(50..51), INVALID, "A user pool can have up to 50 tags.").await;
    let reserved = json!({"ResourceArn": arn, "Tags": {"AWS:x": "y"}});
    let message = "aws: prefixed tag key names are not allowed for external use.";
    plane.refused("TagResource", reserved, INVALID, message).await;
}

#[tokio::test]
async fn only_pools_have_tags() {
    let plane = Plane::new();
    let lambda = "arn:aws:lambda:us-east-1:000000000000:function:x";
    let message = format!("Invalid resource ARN {lambda}: it must be the ARN of a user pool.");
    let unknown = "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_none";
    let gone = "User pool us-east-1_none does not exist.";
    for operation in ["TagResource", "UntagResource", "ListTagsForResource"] {
        let input = |arn| json!({"ResourceArn": arn, "Tags": {"a": "b"}, "TagKeys": ["a"]});
        plane.refused(operation, input(lambda), INVALID, &message).await;
        plane.refused(operation, input(unknown), "ResourceNotFoundException", gone).await;
    }
}
