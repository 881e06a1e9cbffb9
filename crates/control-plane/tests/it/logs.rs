//! Groups, streams and events of CloudWatch Logs.

use serde_json::{Value, json};

use crate::plane::{Plane, with};

const NO_GROUP: &str = "The specified log group does not exist.";

async fn ok(plane: &Plane, operation: &str, input: Value) -> Value {
    let (status, body) = plane.call(&format!("Logs_20140328.{operation}"), input.clone()).await;
    assert_eq!(status, 200, "{operation} {input}: {body}");
    body
}

async fn refused(plane: &Plane, operation: &str, input: Value, exception: &str, message: &str) {
    let answer = plane.call(&format!("Logs_20140328.{operation}"), input.clone()).await;
    assert_eq!(answer, (400, json!({"__type": exception, "message": message})), "{operation} {input}");
}

fn stream(name: &str) -> Value {
    json!({"logGroupName": "storms", "logStreamName": name})
}

/// What the events of an answer say.
fn messages(answer: &Value) -> Vec<&str> {
    answer["events"].as_array().unwrap().iter().map(|event| event["message"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn groups_are_listed_by_prefix_pattern_and_page() {
    let plane = Plane::new();
    for name in ["/aws/lambda/b", "/aws/lambda/a", "storms"] {
        ok(&plane, "CreateLogGroup", json!({"logGroupName": name})).await;
    }
    let list = |input: Value| {
        let plane = &plane;
        async move {
            let page = ok(plane, "DescribeLogGroups", input).await;
            let groups = page["logGroups"].as_array().unwrap();
            let names: Vec<_> = groups.iter().map(|group| group["logGroupName"].as_str().unwrap()).collect();
            (names.join(" "), page["nextToken"].clone())
        }
    };
    for (input, expected) in [
        (json!({}), "/aws/lambda/a /aws/lambda/b storms"),
        (json!({"logGroupNamePrefix": "/aws/"}), "/aws/lambda/a /aws/lambda/b"),
        (json!({"logGroupNamePattern": "LAMBDA/b"}), "/aws/lambda/b"),
        (json!({"logGroupIdentifiers": ["arn:aws:logs:us-east-1:000000000000:log-group:storms"]}), "storms"),
        (json!({"logGroupClass": "INFREQUENT_ACCESS"}), ""),
    ] {
        assert_eq!(list(input.clone()).await, (expected.to_owned(), Value::Null), "{input}");
    }
    let (first, token) = list(json!({"limit": 2})).await;
    assert_eq!(first, "/aws/lambda/a /aws/lambda/b");
    assert_eq!(list(json!({"limit": 2, "nextToken": token})).await, ("storms".to_owned(), Value::Null));
    for (input, message) in [
        (json!({"kmsKeyId": "a"}), "Keys of log groups are not served here; leave kmsKeyId out."),
        (
            json!({"deletionProtectionEnabled": true}),
            "Deletion protection of log groups is not served here; leave deletionProtectionEnabled out.",
        ),
        (
            json!({"logGroupName": "a b"}),
            "1 validation error detected: Value 'a b' at 'logGroupName' failed to satisfy constraint: Member must satisfy \
             regular expression pattern: [\\.\\-_/#A-Za-z0-9]+",
        ),
    ] {
        let input = with(json!({"logGroupName": "new"}), input);
        refused(&plane, "CreateLogGroup", input, "InvalidParameterException", message).await;
    }
}

#[tokio::test]
async fn events_go_with_their_stream_and_streams_with_their_group() {
    let plane = Plane::new();
    ok(&plane, "CreateLogGroup", json!({"logGroupName": "storms"})).await;
    refused(
        &plane,
        "CreateLogStream",
        json!({"logGroupName": "none", "logStreamName": "a"}),
        "ResourceNotFoundException",
        NO_GROUP,
    )
    .await;
    let now = 1_893_456_000_250_i64;
    for (name, offset) in [("north", 5), ("south", 0)] {
        ok(&plane, "CreateLogStream", stream(name)).await;
        let events = json!([
            {"timestamp": now + offset, "message": format!("ERROR {name}")},
            {"timestamp": now + offset + 1, "message": format!("calm {name}")},
        ]);
        let put = ok(&plane, "PutLogEvents", with(stream(name), json!({"logEvents": events}))).await;
        assert_eq!(put.get("rejectedLogEventsInfo"), None);
    }
    let shown = ok(&plane, "GetLogEvents", stream("north")).await;
    let expected = json!({"timestamp": now + 5, "message": "ERROR north", "ingestionTime": now});
    assert_eq!((messages(&shown).len(), &shown["events"][0]), (2, &expected));
    let found = ok(&plane, "FilterLogEvents", json!({"logGroupName": "storms", "filterPattern": "ERROR"})).await;
    assert_eq!(messages(&found), ["ERROR south", "ERROR north"]);
    assert_eq!(found["events"][0]["logStreamName"], "south");
    let by_time = json!({"logGroupName": "storms", "orderBy": "LastEventTime", "descending": true, "limit": 1});
    let streams = ok(&plane, "DescribeLogStreams", by_time.clone()).await;
    let first = &streams["logStreams"][0];
    assert_eq!((&first["logStreamName"], &first["lastEventTimestamp"]), (&json!("north"), &json!(now + 6)));
    let next = with(by_time, json!({"nextToken": streams["nextToken"]}));
    assert_eq!(ok(&plane, "DescribeLogStreams", next).await["logStreams"][0]["logStreamName"], "south");
    ok(&plane, "DeleteLogStream", stream("north")).await;
    refused(
        &plane,
        "GetLogEvents",
        stream("north"),
        "ResourceNotFoundException",
        "The specified log stream does not exist.",
    )
    .await;
    ok(&plane, "DeleteLogGroup", json!({"logGroupName": "storms"})).await;
    ok(&plane, "CreateLogGroup", json!({"logGroupName": "storms"})).await;
    let left = ok(&plane, "DescribeLogStreams", json!({"logGroupName": "storms"})).await;
    assert_eq!(left, json!({"logStreams": []}), "nothing of the old one is left");
}

#[tokio::test]
async fn what_is_older_than_the_retention_is_not_shown() {
    let plane = Plane::new();
    ok(&plane, "CreateLogGroup", json!({"logGroupName": "storms"})).await;
    ok(&plane, "CreateLogStream", stream("north")).await;
    let events = json!([{"timestamp": 1_893_456_000_250_i64, "message": "wind"}]);
    ok(&plane, "PutLogEvents", with(stream("north"), json!({"logEvents": events}))).await;
    ok(&plane, "PutRetentionPolicy", json!({"logGroupName": "storms", "retentionInDays": 3})).await;
    plane.clock.advance_seconds(2 * 86_400);
    assert_eq!(messages(&ok(&plane, "GetLogEvents", stream("north")).await), ["wind"]);
    plane.clock.advance_seconds(2 * 86_400);
    assert_eq!(messages(&ok(&plane, "GetLogEvents", stream("north")).await), Vec::<&str>::new());
}
