//! What a stack could become, to be looked at first.

use serde_json::json;

use super::{call, create, invalid, ok, status, weather};
use crate::plane::Plane;

const CHANGES: &str = "DescribeChangeSetResult/Changes/member/ResourceChange";

#[tokio::test]
async fn a_stack_is_made_by_a_change_set() {
    let plane = Plane::new();
    let template = weather().to_string();
    let set = [
        ("StackName", "weather"),
        ("ChangeSetName", "first"),
        ("ChangeSetType", "CREATE"),
        ("TemplateBody", &*template),
        ("Parameters", ""),
        ("Tags", ""),
    ];
    ok(&plane, "CreateChangeSet", &set).await;
    assert_eq!(status(&plane, "weather").await, "REVIEW_IN_PROGRESS");
    let key = [("StackName", "weather"), ("ChangeSetName", "first")];
    let shown = ok(&plane, "DescribeChangeSet", &key).await;
    assert_eq!(shown.text("DescribeChangeSetResult/Status"), "CREATE_COMPLETE");
    assert_eq!(shown.text("DescribeChangeSetResult/ExecutionStatus"), "AVAILABLE");
    assert_eq!(shown.all(CHANGES).count(), 9);
    assert!(shown.all(CHANGES).all(|change| change.text("Action") == "Add"));
    assert_eq!(
        call(&plane, "CreateChangeSet", &set).await.err().map(|it| it.0).as_deref(),
        Some("AlreadyExistsException")
    );
    ok(&plane, "ExecuteChangeSet", &key).await;
    assert_eq!(status(&plane, "weather").await, "CREATE_COMPLETE");
    let again = call(&plane, "ExecuteChangeSet", &key).await.err().map(|it| it.0);
    assert_eq!(again.as_deref(), Some("InvalidChangeSetStatus"));
}

#[tokio::test]
async fn a_change_set_tells_what_would_change_and_what_would_be_replaced() {
    let plane = Plane::new();
    create(&plane, "weather", &weather()).await;
    let mut changed = weather();
    let resources = changed["Resources"].as_object_mut().unwrap();
    resources["Pool"]["Properties"]["UserPoolTags"] = json!({"team": "weather"});
    resources["Client"]["Properties"]["GenerateSecret"] = json!(false);
    resources.remove("Stage");
    changed["Outputs"].as_object_mut().unwrap().remove("Url");
    let set = [("StackName", "weather"), ("ChangeSetName", "next"), ("TemplateBody", &*changed.to_string())];
    ok(&plane, "CreateChangeSet", &set).await;
    let shown = ok(&plane, "DescribeChangeSet", &set[..2]).await;
    let rows: Vec<[String; 3]> = shown
        .all(CHANGES)
        .map(|it| [it.text("LogicalResourceId"), it.text("Action"), it.text("Replacement")])
        .collect();
    assert_eq!(rows, [["Pool", "Modify", "False"], ["Client", "Modify", "True"], ["Stage", "Remove", ""]]);
    let details = shown.all(CHANGES).nth(1).unwrap();
    assert_eq!(details.text("Details/member/Target/Name"), "GenerateSecret");
    assert_eq!(details.text("Details/member/Target/RequiresRecreation"), "Always");
    ok(&plane, "DeleteChangeSet", &set[..2]).await;
    let gone = call(&plane, "DescribeChangeSet", &set[..2]).await.err();
    assert_eq!(gone, Some(("ChangeSetNotFound".into(), "ChangeSet [next] does not exist".into())));
    // Deleting it again is no failure.
    ok(&plane, "DeleteChangeSet", &set[..2]).await;
}

#[tokio::test]
async fn a_change_set_without_changes_fails_in_the_words_that_tools_look_for() {
    let plane = Plane::new();
    create(&plane, "weather", &weather()).await;
    let set = [("StackName", "weather"), ("ChangeSetName", "same"), ("TemplateBody", &*weather().to_string())];
    ok(&plane, "CreateChangeSet", &set).await;
    let shown = ok(&plane, "DescribeChangeSet", &set[..2]).await;
    assert_eq!(shown.text("DescribeChangeSetResult/Status"), "FAILED");
    assert_eq!(shown.text("DescribeChangeSetResult/ExecutionStatus"), "UNAVAILABLE");
    assert_eq!(
        shown.text("DescribeChangeSetResult/StatusReason"),
        "The submitted information didn't contain changes. Submit different information to create a change set."
    );
    let list = ok(&plane, "ListChangeSets", &set[..1]).await;
    assert_eq!(list.text("ListChangeSetsResult/Summaries/member/ChangeSetName"), "same");
    let none = [("StackName", "none"), ("ChangeSetName", "same"), ("TemplateBody", &*weather().to_string())];
    invalid(&plane, "CreateChangeSet", &none, "Stack [none] does not exist").await;
}

#[tokio::test]
async fn values_are_shown_only_when_asked_for_and_secret_ones_never() {
    let plane = Plane::new();
    let template = json!({
        "Parameters": {"Secret": {"Type": "String", "NoEcho": true}},
        "Resources": {"Pool": {
            "Type": "AWS::Cognito::UserPool", "Properties": {"UserPoolTags": {"token": {"Ref": "Secret"}}},
        }},
    });
    let set = [
        ("StackName", "s"),
        ("ChangeSetName", "c"),
        ("ChangeSetType", "CREATE"),
        ("TemplateBody", &*template.to_string()),
        ("Parameters.member.1.ParameterKey", "Secret"),
        ("Parameters.member.1.ParameterValue", "opensesame"),
    ];
    ok(&plane, "CreateChangeSet", &set).await;
    let shown = ok(&plane, "DescribeChangeSet", &set[..2]).await;
    assert!(!shown.has(&format!("{CHANGES}/AfterContext")));
    let parameter = "DescribeChangeSetResult/Parameters/member/ParameterValue";
    assert_eq!(shown.text(parameter), "****");
    let shown = ok(&plane, "DescribeChangeSet", &[set[0], set[1], ("IncludePropertyValues", "true")]).await;
    let after = shown.text(&format!("{CHANGES}/AfterContext"));
    assert_eq!(after, "{\"Properties\":{\"UserPoolTags\":{\"token\":\"****\"}}}");
    ok(&plane, "ExecuteChangeSet", &set[..2]).await;
    let mut tx = plane.store.read().await.unwrap();
    for kind in claviger_store::Kind::ALL.iter().filter(|kind| kind.as_str() != "user_pool") {
        for row in tx.rows_of_kind(*kind, None, 1_000).await.unwrap() {
            assert!(!row.body.contains("opensesame"), "{kind} {}", row.key.id);
        }
    }
}
