//! Wait conditions, and the handles that are signalled at.

use serde_json::{Value, json};

use super::{call, create, events, ok, output, status};
use crate::plane::Plane;

fn template(count: u32, timeout: &str) -> Value {
    json!({
        "Resources": {
            "Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"},
            "Wait": {"Type": "AWS::CloudFormation::WaitCondition", "Properties": {
                "Handle": {"Ref": "Handle"}, "Count": count, "Timeout": timeout,
            }},
        },
        "Outputs": {"Handle": {"Value": {"Ref": "Handle"}}, "Said": {"Value": {"Fn::GetAtt": "Wait.Data"}}},
    })
}

/// The handle's URL, as soon as there is one.
async fn handle(plane: &Plane) -> String {
    let parameters = [("StackName", "weather"), ("LogicalResourceId", "Handle")];
    loop {
        if let Ok(described) = call(plane, "DescribeStackResource", &parameters).await {
            let of = |name: &str| described.text(&format!("DescribeStackResourceResult/StackResourceDetail/{name}"));
            if of("ResourceStatus") == "CREATE_COMPLETE" {
                return of("PhysicalResourceId");
            }
        }
        tokio::task::yield_now().await;
    }
}

/// Makes the stack while these signals come; answers its events.
async fn signalled(plane: &Plane, template: &Value, signals: &[Value]) -> Vec<(String, String, String)> {
    let told = async {
        // Without anything to say, the handle may be gone before it is seen.
        let handle = if signals.is_empty() { String::new() } else { handle(plane).await };
        for signal in signals {
            plane.signal(&handle, signal).await.unwrap();
        }
    };
    tokio::join!(create(plane, "weather", template), told);
    // The call does not wait for long.
    while status(plane, "weather").await.ends_with("IN_PROGRESS") {
        tokio::task::yield_now().await;
    }
    events(plane, "weather").await
}

fn signal(status: &str, id: &str, data: &str) -> Value {
    json!({"Status": status, "UniqueId": id, "Data": data, "Reason": "told"})
}

#[tokio::test]
async fn enough_signals_make_a_wait_condition() {
    let plane = Plane::new();
    let signals = [signal("SUCCESS", "a", "one"), signal("SUCCESS", "a", "again"), signal("SUCCESS", "b", "two")];
    let told = signalled(&plane, &template(2, "600"), &signals).await;
    assert_eq!(status(&plane, "weather").await, "CREATE_COMPLETE", "{told:#?}");
    assert_eq!(output(&plane, "weather", "Said").await, r#"{"a":"one","b":"two"}"#);

    let handle = output(&plane, "weather", "Handle").await;
    let (known, _) = handle.rsplit_once('/').unwrap();
    for wrong in [format!("{known}/"), format!("{known}/other"), known.to_owned(), handle.replace("Handle", "Wait")] {
        let refused = plane.signal(&wrong, &signal("SUCCESS", "c", "")).await;
        assert_eq!(
            refused.map_err(|error| error.to_string()),
            Err("nobody waits for this signal: there is no such handle".to_owned()),
            "{wrong}"
        );
    }
    let refused = plane.signal(&handle, &json!({"Status": "DONE", "UniqueId": "c"})).await;
    assert!(refused.is_err_and(|error| error.to_string().starts_with("Invalid signal: unknown variant")));
    let refused = plane.signal(&handle, &signal("SUCCESS", "c", &"x".repeat(200_000))).await;
    assert!(refused.is_err_and(|error| error.to_string().contains("131072 bytes")));
    ok(&plane, "DeleteStack", &[("StackName", "weather")]).await;
}

#[tokio::test]
async fn a_wait_condition_fails_when_told_so_or_when_nobody_tells_enough() {
    let check = async |template: Value, signals: &[Value], reason: &str| {
        let plane = Plane::new();
        let told = signalled(&plane, &template, signals).await;
        let failed = told.iter().find(|(id, status, _)| id == "Wait" && status == "CREATE_FAILED");
        assert_eq!(failed.map(|(_, _, reason)| reason.as_str()), Some(reason), "{told:#?}");
    };
    check(
        template(2, "600"),
        &[signal("FAILURE", "a", "")],
        "WaitCondition received failed message: 'told' for uniqueId: a",
    )
    .await;
    check(template(1, "0"), &[], "WaitCondition timed out. Received 0 conditions when expecting 1").await;
    check(template(1, "43201"), &[], "#/Timeout: 43201 is not less or equal to 43200").await;
}
