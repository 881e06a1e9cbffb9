//! A stack is made, changed and deleted.

use serde_json::json;

use super::{call, create, events, everything_made, invalid, ok, output, status, update, weather};
use crate::plane::Plane;

#[tokio::test]
async fn a_stack_is_made_told_about_and_deleted() {
    let plane = Plane::new();
    let before = everything_made(&plane).await;
    create(&plane, "weather", &weather()).await;
    assert_eq!(status(&plane, "weather").await, "CREATE_COMPLETE");
    let told = events(&plane, "weather").await;
    let of = |logical_id: &str| -> Vec<(&str, &str)> {
        told.iter().filter(|it| it.0 == logical_id).map(|it| (it.1.as_str(), it.2.as_str())).collect()
    };
    assert_eq!(of("weather"), [("CREATE_IN_PROGRESS", "User Initiated"), ("CREATE_COMPLETE", "")]);
    assert_eq!(
        of("Pool"),
        [("CREATE_IN_PROGRESS", ""), ("CREATE_IN_PROGRESS", "Resource creation Initiated"), ("CREATE_COMPLETE", "")]
    );
    let position = |logical_id: &str| told.iter().rposition(|it| it.0 == logical_id).unwrap();
    for (first, then) in [("Pool", "Server"), ("Server", "Client"), ("Get", "Deployment"), ("Deployment", "Stage")] {
        assert!(position(first) < position(then), "{first} before {then}");
    }
    assert!(output(&plane, "weather", "Url").await.ends_with(".amazonaws.com/prod"));
    let resources = ok(&plane, "ListStackResources", &[("StackName", "weather")]).await;
    let summaries = "ListStackResourcesResult/StackResourceSummaries/member";
    assert_eq!(resources.all(summaries).count(), 9);
    let detail =
        ok(&plane, "DescribeStackResource", &[("StackName", "weather"), ("LogicalResourceId", "Client")]).await;
    let physical = detail.text("DescribeStackResourceResult/StackResourceDetail/PhysicalResourceId");
    assert_eq!(physical, output(&plane, "weather", "ClientId").await);

    let stacks = ok(&plane, "DescribeStacks", &[("StackName", "weather")]).await;
    let arn = stacks.text("DescribeStacksResult/Stacks/member/StackId");
    ok(&plane, "DeleteStack", &[("StackName", "weather")]).await;
    invalid(&plane, "DescribeStacks", &[("StackName", "weather")], "Stack with id weather does not exist").await;
    assert_eq!(status(&plane, &arn).await, "DELETE_COMPLETE");
    assert_eq!(everything_made(&plane).await, before);
    // The name is free, and deleting what is not there is no failure.
    ok(&plane, "DeleteStack", &[("StackName", "weather")]).await;
    create(&plane, "weather", &weather()).await;
}

#[tokio::test]
async fn times_of_events_are_strictly_increasing() {
    let plane = Plane::new();
    create(&plane, "weather", &weather()).await;
    let told = ok(&plane, "DescribeStackEvents", &[("StackName", "weather")]).await;
    let times: Vec<String> =
        told.all("DescribeStackEventsResult/StackEvents/member").map(|event| event.text("Timestamp")).collect();
    assert!(times.len() > 20 && times.is_sorted_by(|newer, older| newer > older), "{times:?}");
}

#[tokio::test]
async fn an_update_changes_in_place_replaces_adds_and_removes() {
    let plane = Plane::new();
    create(&plane, "weather", &weather()).await;
    let client = output(&plane, "weather", "ClientId").await;
    let mut changed = weather();
    let resources = changed["Resources"].as_object_mut().unwrap();
    resources["Server"]["Properties"]["Scopes"] = json!([
        {"ScopeName": "get", "ScopeDescription": "Read"},
        {"ScopeName": "post", "ScopeDescription": "Write"},
    ]);
    resources["Client"]["Properties"]["GenerateSecret"] = json!(false);
    resources["Client"]["Properties"]["AllowedOAuthFlows"] = json!(["code"]);
    resources["Client"]["Properties"]["CallbackURLs"] = json!(["https://example.com"]);
    resources["Stage"]["Properties"]["StageName"] = json!("live");
    resources.remove("Get");
    resources["Deployment"].as_object_mut().unwrap().remove("DependsOn");
    resources.insert(
        "Key".to_owned(),
        json!({"Type": "AWS::ApiGateway::ApiKey", "DependsOn": "Stage", "Properties": {"Enabled": "true"}}),
    );
    update(&plane, "weather", &changed).await;
    let told = events(&plane, "weather").await;
    assert_eq!(status(&plane, "weather").await, "UPDATE_COMPLETE", "{told:#?}");
    assert_ne!(output(&plane, "weather", "ClientId").await, client);
    assert!(output(&plane, "weather", "Url").await.ends_with("/live"));
    let after: Vec<&str> = told.iter().skip_while(|it| it.1 != "UPDATE_IN_PROGRESS").map(|it| it.0.as_str()).collect();
    for (logical_id, count) in [("Pool", 0), ("Server", 2), ("Client", 5), ("Stage", 5), ("Get", 2), ("Key", 3)] {
        assert_eq!(after.iter().filter(|it| **it == logical_id).count(), count, "{logical_id}: {told:#?}");
    }
    let body = changed.to_string();
    let template = ok(&plane, "GetTemplate", &[("StackName", "weather")]).await;
    assert_eq!(template.text("GetTemplateResult/TemplateBody"), body);
    invalid(
        &plane,
        "UpdateStack",
        &[("StackName", "weather"), ("TemplateBody", &body)],
        "No updates are to be performed.",
    )
    .await;
}

#[tokio::test]
async fn what_is_to_be_kept_stays() {
    let plane = Plane::new();
    let mut template = weather();
    template["Resources"]["Pool"]["DeletionPolicy"] = json!("Retain");
    template["Resources"]["Pool"]["UpdateReplacePolicy"] = json!("Retain");
    create(&plane, "weather", &template).await;
    let stacks = ok(&plane, "DescribeStacks", &[("StackName", "weather")]).await;
    let arn = stacks.text("DescribeStacksResult/Stacks/member/StackId");
    ok(&plane, "DeleteStack", &[("StackName", "weather")]).await;
    assert_eq!(status(&plane, &arn).await, "DELETE_COMPLETE");
    assert!(events(&plane, &arn).await.contains(&("Pool".into(), "DELETE_SKIPPED".into(), String::new())));
    let left = everything_made(&plane).await;
    assert_eq!(left.iter().map(|it| it.0.split(' ').next().unwrap()).collect::<Vec<_>>(), ["user_pool"]);
}

#[tokio::test]
async fn a_protected_stack_is_not_deleted() {
    let plane = Plane::new();
    create(&plane, "weather", &weather()).await;
    let protect = |on| [("StackName", "weather"), ("EnableTerminationProtection", on)];
    ok(&plane, "UpdateTerminationProtection", &protect("true")).await;
    invalid(
        &plane,
        "DeleteStack",
        &[("StackName", "weather")],
        "Stack [weather] cannot be deleted while TerminationProtection is enabled",
    )
    .await;
    ok(&plane, "UpdateTerminationProtection", &protect("false")).await;
    ok(&plane, "DeleteStack", &[("StackName", "weather")]).await;
}

#[tokio::test]
async fn what_cannot_be_begun_is_refused_before_anything_is_made() {
    let plane = Plane::new();
    let pool = |properties: serde_json::Value| {
        json!({"Resources": {"Pool": {"Type": "AWS::Cognito::UserPool", "Properties": properties}}}).to_string()
    };
    let plain = pool(json!({}));
    let check = async |parameters: &[(&str, &str)], code: &str, message: &str| {
        let refused = call(&plane, "CreateStack", parameters).await.err();
        assert_eq!(refused, Some((code.to_owned(), message.to_owned())));
    };
    let named = |template| [("StackName", "s"), ("TemplateBody", template)];
    check(&[("StackName", "s")], "ValidationError", "Either Template URL or Template Body must be specified.").await;
    check(&named("{"), "ValidationError", "Template format error: JSON not well-formed. (line 1, column 2)").await;
    check(
        &named(r#"{"Resources": {"X": {"Type": "AWS::EC2::Instance"}}}"#),
        "ValidationError",
        "Template format error: Unrecognized resource types: [AWS::EC2::Instance] (docs/cloudformation.md lists what \
         Claviger serves)",
    )
    .await;
    check(
        &named(r#"{"Resources": {"R": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "r"}}}}"#),
        "InsufficientCapabilitiesException",
        "Requires capabilities : [CAPABILITY_NAMED_IAM]",
    )
    .await;
    check(
        &[("StackName", "1"), ("TemplateBody", &plain)],
        "ValidationError",
        "1 validation error detected: Value '1' at 'stackName' failed to satisfy constraint: Member must satisfy \
         regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*",
    )
    .await;
    check(
        &[("StackName", "s"), ("TemplateBody", &plain), ("OnFailure", "DELETE"), ("DisableRollback", "true")],
        "ValidationError",
        "You can specify either DisableRollback or OnFailure, but not both.",
    )
    .await;
    assert!(everything_made(&plane).await.is_empty());
    create(&plane, "s", &serde_json::from_str(&plain).unwrap()).await;
    check(&named(&plain), "AlreadyExistsException", "Stack [s] already exists").await;
}
